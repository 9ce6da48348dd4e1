"""The first layer: whatever two parsers could read differently is refused before anyone reads it.

HTTP servers accept more than they should. Hypercorn 0.18 serves a request smuggled behind
`Content-Length` plus `Transfer-Encoding` (pgjones/hypercorn#279), passes on repeated headers and
2,000 of them, and unescapes paths before anyone compares them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from .asgi import AsgiApp, Receive, Scope, Send, replayed
from .bodies import BODY_SECONDS, BodyTooLargeError, DisconnectedError, read_body
from .cors import Origins, adding, cors_headers, preflight
from .hosts import HostRules
from .refusals import Refusal, refuse
from .routing import Route, Routes

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_HEADERS: Final = 100
LARGEST_HEADERS: Final = 32 * 1024

_ONCE: Final = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        # RFC 6265 5.4: one at most; one reader takes the first, another joins them.
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that decide something, so that two readers must find the same one; `mcp-*` as well.

Not `x-forwarded-for` and `forwarded`: they are lists, and proxies do append lines of their own."""

_SHOWN: Final = 100
_DIGITS: Final = 18
"""Of a length that is worth reading; Python refuses to read thousands."""


class Guard:
    """ASGI: lets well-formed requests for known routes through, with their bodies read."""

    def __init__(
        self,
        app: AsgiApp,
        routes: Mapping[str, Route],
        hosts: HostRules,
        *,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """Guard `app`.

        Args:
            app: Gets the whole body in one message.
            routes: By path, as it stands in the request line.
            hosts: The names under which the server answers, and the origins it answers to.
            body_seconds: How long a body may take to arrive.
        """
        self._app = app
        self._routes = Routes(routes)
        self._hosts = hosts
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.find(_raw_path(scope).decode("latin-1"))
        headers = _deciding(scope["headers"])
        if isinstance(headers, Refusal):
            await self._refuse(headers, scope, receive, send, unread=True)
            return
        app = self._app
        if route is not None and self._speaks_cors(route):
            cors = self._hosts.cors
            if scope["method"] == "OPTIONS":
                app = preflight(route.origins, route.methods, cors)
            else:
                send = adding(cors_headers(route.origins, _origin(headers), cors), send)
        refusal = self._refusal(scope, route, headers)
        body = b""
        if refusal is None and route is not None:
            try:
                body = await read_body(receive, route.max_body, self._body_seconds)
            except BodyTooLargeError:
                refusal = _TOO_LARGE
            except TimeoutError:
                refusal = _TOO_SLOW
            except DisconnectedError:
                return
        if refusal is not None:
            unread = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
            await self._refuse(refusal, scope, receive, send, unread=unread)
        else:
            await app(scope, replayed(body, receive), send)

    async def _refuse(
        self, refusal: Refusal, scope: Scope, receive: Receive, send: Send, *, unread: bool
    ) -> None:
        path = _raw_path(scope).decode("latin-1")
        route = self._routes.find(path)
        log.info(
            "guard.refused",
            reason=refusal.reason,
            status=refusal.status,
            path=ascii(path[:_SHOWN]),
        )
        json_rpc = route is not None and route.json_rpc
        await refuse(refusal, receive, send, json_rpc=json_rpc, unread=unread)

    def _refusal(
        self, scope: Scope, route: Route | None, headers: Mapping[bytes, bytes]
    ) -> Refusal | None:
        """Why this request is not served, as far as its head tells."""
        if route is None:
            refusal = self._host_refusal(headers, "listed")
            return refusal or (_NOT_FOUND if _raw_path(scope)[:1] == b"/" else _BAD_TARGET)
        if not route.any_host:
            refusal = self._host_refusal(headers, route.origins)
            if refusal is not None:
                return refusal
        methods = self._methods(route)
        if scope["method"] not in methods:
            return _not_allowed(methods)
        if b"content-encoding" in headers:
            return _ENCODED
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > _DIGITS or int(length) > route.max_body:
            return _TOO_LARGE
        return None

    def _speaks_cors(self, route: Route) -> bool:
        return route.origins == "cors" and not self._hosts.cors.is_off

    def _methods(self, route: Route) -> tuple[str, ...]:
        return (*route.methods, "OPTIONS") if self._speaks_cors(route) else route.methods

    def _host_refusal(self, headers: Mapping[bytes, bytes], kind: Origins) -> Refusal | None:
        verdict = self._hosts.host(headers.get(b"host", b"").decode("latin-1"))
        if verdict != "allowed":
            return _BAD_HOST if verdict == "malformed" else _OTHER_HOST
        origin = _origin(headers)
        if origin is None:
            return None
        fetch_site = headers.get(b"sec-fetch-site", b"").decode("latin-1")
        return None if self._hosts.admits_origin(origin, kind, fetch_site) else _OTHER_ORIGIN


def _deciding(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes] | Refusal:
    """The deciding headers by name, each there once."""
    found: dict[bytes, bytes] = {}
    count = size = 0
    for name, value in headers:
        count += 1
        size += len(name) + len(value) + 4
        is_mcp = name.startswith(b"mcp-")
        if not is_mcp and name not in _ONCE:
            continue
        if name in found:
            return _repeated(name.decode("latin-1"), mismatch=is_mcp)
        found[name] = value
    if count > MOST_HEADERS or size > LARGEST_HEADERS:
        return _TOO_MANY
    if b"transfer-encoding" in found and (
        b"content-length" in found or found[b"transfer-encoding"].lower() != b"chunked"
    ):
        return _AMBIGUOUS
    return _UPGRADE if b"upgrade" in found else found


def _origin(headers: Mapping[bytes, bytes]) -> str | None:
    origin = headers.get(b"origin")
    return None if origin is None else origin.decode("latin-1")


def _raw_path(scope: Scope) -> bytes:
    raw: bytes | None = scope.get("raw_path")
    return scope["path"].encode() if raw is None else raw


def _repeated(name: str, *, mismatch: bool) -> Refusal:
    return Refusal(
        status=400,
        reason="repeated header",
        message=f"{name} header appears more than once",
        mismatch=mismatch,
        closes=True,
    )


def _not_allowed(methods: tuple[str, ...]) -> Refusal:
    return Refusal(
        status=405,
        reason="method",
        message="Method Not Allowed",
        headers=((b"allow", ", ".join(methods).encode()),),
    )


_AMBIGUOUS: Final = Refusal(
    status=400, reason="ambiguous length", message="Ambiguous message length", closes=True
)
_UPGRADE: Final = Refusal(status=400, reason="upgrade", message="Upgrade refused", closes=True)
_TOO_MANY: Final = Refusal(
    status=431, reason="headers", message="Request header fields too large", closes=True
)
_BAD_HOST: Final = Refusal(status=400, reason="malformed host", message="Invalid Host header")
_OTHER_HOST: Final = Refusal(status=421, reason="unknown host", message="Invalid Host header")
_OTHER_ORIGIN: Final = Refusal(status=403, reason="origin", message="Invalid Origin header")
_BAD_TARGET: Final = Refusal(status=400, reason="target", message="Invalid request target")
_NOT_FOUND: Final = Refusal(status=404, reason="no such path", message="Not Found")
_ENCODED: Final = Refusal(
    status=415, reason="content-encoding", message="Content-Encoding is not supported"
)
_TOO_LARGE: Final = Refusal(
    status=413, reason="body size", message="Request body too large", closes=True
)
_TOO_SLOW: Final = Refusal(
    status=408, reason="slow body", message="The request body took too long", closes=True
)
