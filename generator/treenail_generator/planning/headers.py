"""Which header fields a connector may set, and which media types are JSON."""

import re
from typing import Final

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONNECTION_HEADERS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-encoding",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_JSON: Final = frozenset({"application/json", "application/x-json", "text/json", "text/x-json"})


def is_json(content_type: str) -> bool:
    """Whether a media type, parameters included, is JSON (RFC 6839 3.1)."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _JSON or (kind.endswith("+json") and "/" in kind)


def is_set_by_connection(name: str) -> bool:
    """Whether the transport, or the connection, decides about the header field `name`."""
    return name.lower() in _CONNECTION_HEADERS


def is_header_name(name: str) -> bool:
    """Whether `name` is a token, as names of header fields and cookies are (RFC 9110 5.6.2)."""
    return _HEADER_NAME.fullmatch(name) is not None


def why_no_header(name: str) -> str | None:
    """Why no request may carry a header field called `name`; None when it may."""
    if not is_header_name(name):
        return "not a header name"
    if is_set_by_connection(name):
        return "this header belongs to the connection"
    return None
