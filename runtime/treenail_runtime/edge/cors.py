"""What a browser is told about pages of other origins (Fetch standard, CORS protocol).

No answer ever allows credentials, so neither cookies nor logins of a browser come along; and pages
for people (`/authorize`, `/login`, decisions) have no CORS at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from .asgi import AsgiApp, Header, Message, Receive, Scope, Send

Origins = Literal["listed", "cors", "own"]
"""Which web pages may call a route.

`listed`: those of `allowed_origins`, as far as browsers let them without CORS.
`cors`: those and the ones of `cors_origins`, which get CORS answers: metadata, /token, /register,
/revoke, and the MCP endpoints.
`own`: only our own pages: /authorize, /login, the decision.
"""

_MAX_AGE_S: Final = 7200
"""The longest that Chromium keeps."""

_REQUEST_HEADERS: Final = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
)
_PARAMETERS: Final = "mcp-param-"
_MOST_PARAMETERS: Final = 32
_LONGEST_NAME: Final = 64
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_EXPOSED: Final = b"WWW-Authenticate, Mcp-Session-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"


@dataclass(frozen=True, slots=True)
class CorsRules:
    """The origins to which CORS is spoken.

    Attributes:
        origins: As browsers write them: `https://agent.example`.
        any_origin: The operator wrote `*`. Told as `*`, which browsers never combine with cookies.
    """

    origins: frozenset[str] = frozenset()
    any_origin: bool = False

    @classmethod
    def of(cls, origins: Iterable[str]) -> "CorsRules":
        """The rules that a list of origins or `*` means."""
        listed = frozenset(origins)
        return cls(listed - {"*"}, "*" in listed)

    @property
    def is_off(self) -> bool:
        """Whether no origin at all is told anything."""
        return not (self.origins or self.any_origin)

    def admits(self, origin: str) -> bool:
        """Whether pages of `origin` may read answers; never those without one (`null`)."""
        return origin in self.origins or (self.any_origin and origin not in {"", "null"})


NO_CORS: Final = CorsRules()


def cors_headers(kind: Origins, origin: str | None, rules: CorsRules) -> list[Header]:
    """The fields of an answer to a page of `origin`; empty where CORS does not apply.

    They depend on the origin only where `Vary` says so, also when the request names none: caches
    would mix the answers up.
    """
    if kind != "cors" or rules.is_off:
        return []
    exposed = (b"access-control-expose-headers", _EXPOSED)
    if rules.any_origin:
        return [(b"access-control-allow-origin", b"*"), exposed]
    vary = (b"vary", b"Origin")
    if origin is None or not rules.admits(origin):
        return [vary]
    return [(b"access-control-allow-origin", origin.encode("latin-1")), exposed, vary]


def preflight_headers(
    kind: Origins, origin: str, methods: Iterable[str], asked: str, rules: CorsRules
) -> list[Header] | None:
    """The fields of the answer to a preflight request; None when there is to be no CORS.

    Args:
        kind: Of the route.
        origin: The page's.
        methods: That the route takes.
        asked: `Access-Control-Request-Headers`, to learn the names of `Mcp-Param-*`.
        rules: The operator's.
    """
    if kind != "cors" or not rules.admits(origin):
        return None
    headers = ", ".join((*_REQUEST_HEADERS, *_parameters(asked)))
    return [
        (b"access-control-allow-origin", b"*" if rules.any_origin else origin.encode("latin-1")),
        (b"access-control-allow-methods", ", ".join(methods).encode()),
        (b"access-control-allow-headers", headers.encode()),
        (b"access-control-max-age", str(_MAX_AGE_S).encode()),
        (b"vary", b"Origin, Access-Control-Request-Headers"),
    ]


def adding(headers: list[Header], send: Send) -> Send:
    """A `send` that puts `headers` on the answer."""

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_more


def preflight(kind: Origins, methods: tuple[str, ...], rules: CorsRules) -> AsgiApp:
    """ASGI: answers OPTIONS with 204, for a preflight request and for whoever asks what is allowed."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # ASGI
        asked = dict[bytes, bytes](scope["headers"])
        headers: list[Header] | None = None
        if b"access-control-request-method" in asked:
            names = asked.get(b"access-control-request-headers", b"").decode("latin-1")
            origin = asked.get(b"origin", b"").decode("latin-1")
            headers = preflight_headers(kind, origin, methods, names, rules)
        allow = (b"allow", ", ".join((*methods, "OPTIONS")).encode())
        head = [allow, (b"cache-control", b"no-store"), *(headers or ())]
        await send({"type": "http.response.start", "status": 204, "headers": head})
        await send({"type": "http.response.body", "body": b""})

    return answer


def _parameters(asked: str) -> list[str]:
    """The `Mcp-Param-*` names among those asked for: their set is open, so they are told back."""
    names = (name.strip().lower() for name in asked.split(","))
    fitting = [
        name
        for name in names
        if name.startswith(_PARAMETERS) and len(name) <= _LONGEST_NAME and _NAME.issuperset(name)
    ]
    return fitting[:_MOST_PARAMETERS]
