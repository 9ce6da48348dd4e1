"""Which header fields a connector may set, and which media types are JSON."""

import re
from typing import Final

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONNECTION_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-encoding",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)


def is_json(content_type: str) -> bool:
    """Whether a media type, parameters included, is JSON (RFC 6839 3.1)."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.endswith("+json") and "/" in kind)


def why_no_header(name: str) -> str | None:
    """Why no request may carry a header field called `name`; None when it may."""
    if not _HEADER_NAME.fullmatch(name):
        return "not a header name"
    if name.lower() in _CONNECTION_HEADERS:
        return "this header belongs to the connection"
    return None
