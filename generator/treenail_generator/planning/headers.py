"""Which header fields a connector may set."""

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


def why_no_header(name: str) -> str | None:
    """Why no request may carry a header field called `name`; None when it may."""
    if not _HEADER_NAME.fullmatch(name):
        return "not a header name"
    if name.lower() in _CONNECTION_HEADERS:
        return "this header belongs to the connection"
    return None
