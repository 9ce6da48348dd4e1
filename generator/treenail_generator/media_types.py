"""Media types whose bodies are texts, or JSON texts one after another, as the runtime knows them."""

import codecs
import re
from functools import lru_cache
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

BINARIES: Final = frozenset(
    {
        "application/avro",
        "application/bson",
        "application/cbor",
        "application/cbor-seq",
        "application/grpc",
        "application/gzip",
        "application/msgpack",
        "application/pdf",
        "application/protobuf",
        "application/thrift",
        "application/vnd.apache.avro",
        "application/vnd.apache.parquet",
        "application/vnd.apache.thrift.binary",
        "application/vnd.google.protobuf",
        "application/vnd.msgpack",
        "application/x-avro",
        "application/x-bson",
        "application/x-cbor",
        "application/x-gzip",
        "application/x-msgpack",
        "application/x-protobuf",
        "application/x-protocol-buffers",
        "application/x-tar",
        "application/x-thrift",
        "application/x-zip-compressed",
        "application/zip",
        "avro/binary",
    }
)
"""Bytes that no JSON text is, beside images, sounds, films, fonts and the suffixes of such bytes."""

_BINARY_FAMILIES: Final = frozenset({"audio", "font", "image", "video"})
_BINARY_SUFFIXES: Final = (
    "+avro",
    "+ber",
    "+cbor",
    "+cbor-seq",
    "+der",
    "+fastinfoset",
    "+gzip",
    "+msgpack",
    "+protobuf",
    "+proto",
    "+sqlite3",
    "+wbxml",
    "+zip",
    "+zstd",
)
_RANGE: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHARSET: Final = re.compile(r""";\s*charset\s*=\s*("[^"]*"|[^\s;"]*)""", re.IGNORECASE)


def essence(content_type: str) -> str:
    """A media type without parameters, in lower case (RFC 9110 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def is_lines(content_type: str) -> bool:
    """Whether a body of the type holds items as JSON texts (RFC 8091 2 for `+json-seq`)."""
    kind = essence(content_type)
    return kind in LINES or kind.endswith("+json-seq")


def is_binary(content_type: str) -> bool:
    """Whether a body of the type is known to be bytes that are neither a text nor JSON."""
    kind = essence(content_type)
    is_text = kind.endswith(("+xml", "+json"))
    known = kind in BINARIES or kind.partition("/")[0] in _BINARY_FAMILIES
    return kind.endswith(_BINARY_SUFFIXES) or (known and not is_text)


@lru_cache(maxsize=2**10)
def is_media_range(content_type: str) -> bool:
    """Whether a field line can say it: one type or range, and perhaps parameters (RFC 9110 12.5.1)."""
    readable = content_type.isascii() and content_type.strip().isprintable()
    return readable and _RANGE.fullmatch(essence(content_type)) is not None


def charset_of(content_type: str) -> str | None:
    """The codec of Python for the charset parameter; empty for an unknown one, None without one."""
    found = _CHARSET.search(content_type)
    if found is None:
        return None
    try:
        codec = codecs.lookup(found[1].strip('"'))
    except (LookupError, ValueError):
        return ""
    return codec.name


def without_charset(content_type: str) -> str:
    """The media type with its other parameters only."""
    return _CHARSET.sub("", content_type).strip()
