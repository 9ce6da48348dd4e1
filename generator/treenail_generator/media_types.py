"""Media types whose bodies are texts, or JSON texts one after another, as the runtime knows them."""

from typing import Final

LINES: Final = frozenset(
    {
        "application/jsonl",
        "application/ndjson",
        "application/x-jsonlines",
        "application/x-ndjson",
        "application/json-seq",
        "application/json-lines",
        "application/stream+json",
        "text/x-ndjson",
    }
)
"""Items as JSON texts, one per line or (RFC 7464) each behind a record separator."""

TEXTS: Final = frozenset(
    {
        "application/csv",
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/soap",
        "application/sql",
        "application/toml",
        "application/x-pem-file",
        "application/x-sh",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
"""Texts beside `text/*`, `+xml` and `+yaml`."""


def essence(content_type: str) -> str:
    """A media type without parameters, in lower case (RFC 9110 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def is_lines(content_type: str) -> bool:
    """Whether a body of the type holds items as JSON texts (RFC 8091 2 for `+json-seq`)."""
    kind = essence(content_type)
    return kind in LINES or kind.endswith("+json-seq")
