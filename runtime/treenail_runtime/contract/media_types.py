"""Media types and ranges as documents write them (RFC 9110 8.3 and 12.5.1)."""

import codecs
import re
from typing import Final

from .errors import InvalidArguments

OCTETS: Final = "application/octet-stream"

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

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE: Final = re.compile(
    rf"""{_WORD}/{_WORD}(?:[ ]*;[ ]*{_WORD}=(?:{_WORD}|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*"""
)
_CHARSET: Final = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]+)""", re.IGNORECASE)


def essence(content_type: str) -> str:
    """`Text/Plain; charset=utf-8` -> `text/plain`."""
    return content_type.partition(";")[0].strip().lower()


def is_media_type(text: str) -> bool:
    """Whether `text` is one media type, with or without parameters, and no range."""
    return _MEDIA_TYPE.fullmatch(text) is not None and "*" not in essence(text)


def is_json(content_type: str) -> bool:
    """Whether the type's text is JSON (RFC 6839 3.1)."""
    kind = essence(content_type)
    return kind.endswith(("/json", "+json"))


def is_lines(content_type: str) -> bool:
    """Whether a body of the type holds items as JSON texts (RFC 8091 2 for `+json-seq`)."""
    kind = essence(content_type)
    return kind in LINES or kind.endswith("+json-seq")


def charset_of(content_type: str) -> str | None:
    """The charset parameter in lower case, when Python knows it."""
    found = _CHARSET.search(content_type)
    if found is None:
        return None
    try:
        return codecs.lookup(found[1]).name
    except LookupError:
        return None


def matches(content_type: str, accepted: str) -> bool:
    """Whether a media type is one of a comma-separated list of types and ranges."""
    kind = essence(content_type)
    family = kind.partition("/")[0]
    ranges = {essence(each) for each in accepted.split(",")}
    return not ranges.isdisjoint({"*/*", f"{family}/*", kind})


def first_type(accepted: str) -> str | None:
    """The first type of such a list; None when it holds ranges only."""
    return next((each.strip() for each in accepted.split(",") if "*" not in essence(each)), None)


def concrete_type(accepted: str, given: str | None, name: str) -> str:
    """The type in which a file is sent, where the document asks for `accepted`.

    Raises:
        InvalidArguments: The file is of another type, or its type is needed and not said.
    """
    only = accepted.strip() if "," not in accepted and "*" not in accepted else None
    if only is not None and (given is None or essence(only) == OCTETS):
        return only
    if given is None:
        # A choice among types is the caller's (OpenAPI 3.2.1 "Handling Multiple contentType Values").
        if "*/*" in accepted or "application/*" in accepted:
            return OCTETS
        raise InvalidArguments([f"{name}: say its type, one of {accepted}"])
    if not matches(given, accepted):
        raise InvalidArguments([f"{name}: is {given}, not {accepted}"])
    return only or given
