"""From an endpoint and its values to the HTTP request, without sending it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from pydantic import MISSING

from .answer import Answer
from .bodies import Body, Content
from .encoding import encoded
from .segments import refuse_delimiter
from .wire import cookie_text, header_text, path_text, query_text, querystring_text

_PATH_KEPT: Final = "/%:@!$&'()*+,;="
"""What stays raw in a path that may be percent-encoded already."""

_KEPT: Final = frozenset({"GET", "HEAD"})
"""Methods whose answers may be kept (RFC 9110 9.3.1, 9.3.2)."""

_NOTHING: Final[Mapping[str, object]] = {}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One upstream operation as a tool uses it.

    Attributes:
        method: HTTP method, upper case.
        path: Path template behind the server's URL, percent-encoded apart from its `{names}`.
        answer: How the upstream's answer becomes the tool's.
        reads: Whether it changes nothing upstream, whatever the method says.
        repeatable: Whether sending it twice is as good as once (RFC 9110 9.2.2), so that a failed
            attempt may be tried again.
        may_be_empty: Whether a read may succeed without a body; otherwise that is a fault.
        body: What its body is; None when it takes none.
        accept: What is sent as `Accept`.
        server: Takes the place of the URL of the connection's server: an absolute URL without a slash
            at the end, or a path at that server's origin; empty for none.
        timeout_s: Seconds for the whole call, retries included.
        max_bytes: Largest answer accepted, decompressed.
        cache_s: Seconds for which an answer may be given again to the connection that got it; 0 for
            never. Only of a GET or HEAD that reads.
    """

    method: str
    path: str
    answer: Answer = field(default_factory=Answer)
    reads: bool = False
    repeatable: bool = False
    may_be_empty: bool = False
    body: Body | None = None
    accept: str = "application/json"
    server: str = ""
    timeout_s: float = 20.0
    max_bytes: int = 1_000_000
    cache_s: float = 0.0
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            # It stands right behind a host, which it would change (RFC 3986 3.2).
            raise ValueError(f"{self.method} {self.path}: the path has to begin with a slash")
        if self.cache_s and not (self.reads and self.method in _KEPT):
            raise ValueError(f"{self.method} {self.path}: only of a GET or HEAD that reads is kept")
        # Literal text and names in turn: ("/staff/", "staffId", "").
        parts = re.split(r"\{([^{}]+)\}", self.path)
        parts[::2] = [quote(text, safe=_PATH_KEPT) for text in parts[::2]]
        object.__setattr__(self, "_parts", tuple(parts))

    def request(
        self,
        *,
        path: Mapping[str, object] = _NOTHING,
        query: Mapping[str, object] = _NOTHING,
        headers: Mapping[str, object] = _NOTHING,
        cookies: Mapping[str, object] = _NOTHING,
        querystring: object = MISSING,
        body: object = MISSING,
    ) -> "Request":
        """The request that carries these values; `MISSING` values are left out.

        Args:
            path: By the names in the template.
            query: In the order in which they are sent.
            headers: Header parameters.
            cookies: Cookie parameters.
            querystring: The whole query in one value (OpenAPI 3.2 `in: querystring`); goes with no
                `query`.
            body: The whole body, or an object of its fields.

        Raises:
            InvalidArguments: When a value cannot be carried faithfully.
            TypeError: For a body that is not declared.
        """
        parts = list(self._parts)
        for index in range(1, len(parts), 2):
            parts[index] = path_text(parts[index], path[parts[index]])
            # Behind a name of the same segment, what parts them may not stand in either.
            for near in (index - 1, index + 1):
                if 0 < near < len(parts) - 1 and "/" not in parts[near]:
                    refuse_delimiter(self._parts[index], parts[index], parts[near])
        return Request(
            endpoint=self,
            path="".join(parts),
            query=query_text(query) if query else querystring_text(querystring),
            headers=_header_fields(headers) if headers else (),
            cookie=cookie_text(cookies) if cookies else "",
            content=self._content(body) if body is not MISSING else None,
        )

    def _content(self, value: object) -> Content | None:
        if self.body is None:
            raise TypeError(f"{self.method} {self.path} is declared without a body")
        return encoded(self.body, value)


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent to whichever server the connection names.

    Attributes:
        path: Percent-encoded, starts with "/", relative to the server's URL.
        query: Percent-encoded, without "?"; empty when there is none.
        headers: The tool's own header fields; credentials are added by the upstream client.
        cookie: The cookie parameters as one `Cookie` field has them; empty when there are none.
        content: The body with its media type; None for no body.
    """

    endpoint: Endpoint
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    cookie: str = ""
    content: Content | None = None

    @property
    def body(self) -> bytes | None:
        """The bytes of the body; None for no body."""
        return self.content.body if self.content is not None else None


def _header_fields(headers: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, header_text(name, value))
        for name, value in headers.items()
        if getattr(value, "value", value) is not MISSING
    )
