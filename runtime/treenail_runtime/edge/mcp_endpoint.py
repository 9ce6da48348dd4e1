"""The MCP endpoints, at ASGI level: a Quart route would cost 0.11 to 0.15 ms more per call."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import structlog
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.records import Principal
from treenail_runtime.dispatch.callers import serve_as
from treenail_runtime.dispatch.envelope import (
    Reply,
    RequestHeaders,
    error_reply,
    parse_error,
    read_headers,
)
from treenail_runtime.dispatch.strict_json import is_object, read_json, write_json
from treenail_runtime.telemetry import bind_request, request_id
from treenail_runtime.tracing import UNTRACED, Span, Traces

from .asgi import AsgiApp, Header, Message, Receive, Scope, Send, send_json
from .disconnects import CancelledWhenGone
from .framings import Framing
from .gates import Barred, Gate, unavailable
from .running import RunningCalls
from .scopes import ToolScopes, called_tool, insufficient
from .sessions import MISSING, NOT_FOUND, SESSION_HEADER, BoundSessions

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_SESSION: Final = SESSION_HEADER.decode()
_METHOD_NOT_ALLOWED: Final = (
    error_reply(None, INVALID_REQUEST, "Method Not Allowed", status=405),
    ((b"allow", b"POST"),),
)

MCP_PATH: Final = "/mcp"
"""Of the default instance; behind their name, of all others."""

_NAMED_ROUTE: Final = f"/{{instance}}{MCP_PATH}"
_CALL: Final = b"tools/call"
"""Stands in each call. One that is written with escapes gets its token a little later."""

_WELL_KNOWN: Final = "/.well-known/"
_NO_INSTANCE: Final = write_json({"error": "Not Found"})

Answer: TypeAlias = tuple[Reply, Sequence[Header]]
Checked: TypeAlias = tuple[Answer | None, tuple[Header, ...]]
"""An answer, when the request goes no further; else headers that its answer carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpEndpoint:
    """One path: who may use it, and how it answers.

    Attributes:
        scopes: None where there is no authorization.
        sessions: How `Mcp-Session-Id` is meant; None where there are no sessions.
        instance_id: Of the instance; empty where there is no authorization.
        calls: Ends requests of an instance that is deleted; None where none can be.
        traces: Told of each request.
    """

    connector: str
    framing: Framing
    gate: Gate
    scopes: ToolScopes | None = None
    sessions: BoundSessions | None = None
    instance_id: str = ""
    calls: RunningCalls | None = None
    traces: Traces = UNTRACED

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose body the guard has read and gives in one piece."""
        method, headers = scope["method"], scope["headers"]
        route = MCP_PATH if scope["path"] == MCP_PATH else _NAMED_ROUTE
        with self.traces.request(self.connector, method, route, headers) as span:
            bind_request(connector=self.connector, **span.facts)
            await self._watched(scope, receive, send, span)

    async def _watched(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if not begun:
                span.answered(message["status"])
            begun = True
            await send(message)

        try:
            if self.calls is None:
                await self._answer(scope, receive, watched)
                return
            with self.calls.of(self.instance_id) as call:
                await self._answer(scope, receive, watched)
            if call.is_ended and not begun:
                await send_json(watched, 404, _NO_INSTANCE)
        except Exception:
            # The boundary: whatever a tool or the kernel does not answer itself.
            reference = request_id()
            log.exception("mcp.crashed", reference=reference)
            if begun:
                raise
            message = f"The server failed unexpectedly (reference {reference})"
            reply = error_reply(None, INTERNAL_ERROR, message, status=500)
            await send_json(watched, reply.status, reply.body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        admitted = await self.gate.admit(scope)
        if isinstance(admitted, Barred):
            await send_json(send, admitted.reply.status, admitted.reply.body, admitted.headers)
            return
        serve_as(admitted.caller)
        body: bytes = (await receive())["body"]
        headers = read_headers(scope["headers"])
        answer: Answer | None = None
        extra: tuple[Header, ...] = ()
        if admitted.principal is not None:
            try:
                answer, extra = await self._checked(
                    admitted.principal, scope["method"], headers, body
                )
            except StoreUnavailableError as error:
                barred = unavailable(error.retry_after_s)
                answer = barred.reply, barred.headers
            if answer is None and admitted.prepare is not None and _CALL in body:
                barred = await _prepared(admitted.prepare)
                answer = None if barred is None else (barred.reply, barred.headers)
        if answer is not None:
            reply, more = answer
            await send_json(send, reply.status, reply.body, more)
            return
        # It holds opened credentials, and a stream lasts.
        del admitted
        await self._serve(headers, body, scope, receive, _adding(send, extra))

    async def _checked(
        self, principal: Principal, method: str, headers: RequestHeaders, body: bytes
    ) -> Checked:
        """An answer, when the request goes no further; else headers that its answer carries."""
        message: Any = None
        sessions = None if headers.is_modern else self.sessions
        if method == "DELETE":
            return await _ended(sessions, principal, headers)
        bare = sessions is not None and _SESSION not in headers.values
        if bare or (self.scopes is not None and not self.scopes.covered(principal.scopes)):
            try:
                message = read_json(body)
            except ValueError as error:
                # What cannot be read in one way only could be another call further on.
                return (parse_error(error), ()), ()
        missing = self.scopes and self.scopes.missing(principal.scopes, called_tool(message))
        if self.scopes is not None and missing:
            log.info("scope.missing", missing=missing, client=principal.client_id)
            header = self.scopes.challenge(missing, principal.scopes)
            return (insufficient(missing), (header,)), ()
        if sessions is None:
            return None, ()
        return await _in_session(sessions, principal, headers, message)

    async def _serve(
        self, headers: RequestHeaders, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not headers.is_modern:
            await self.framing.serve(headers, body, scope, receive, send)
            return
        with CancelledWhenGone(receive):
            await self.framing.serve(headers, body, scope, receive, send)
            return
        log.info("mcp.client_gone")


async def _prepared(prepare: Callable[[], Awaitable[Barred | None]]) -> Barred | None:
    try:
        return await prepare()
    except StoreUnavailableError as error:
        return unavailable(error.retry_after_s)


async def _ended(
    sessions: BoundSessions | None, principal: Principal, headers: RequestHeaders
) -> Checked:
    """The answer to DELETE, which ends a session where there are any."""
    if sessions is None:
        return _METHOD_NOT_ALLOWED, ()
    shown = headers.values.get(_SESSION)
    return (MISSING if shown is None else await sessions.ended(shown, principal), ()), ()


async def _in_session(
    sessions: BoundSessions, principal: Principal, headers: RequestHeaders, message: Any
) -> Checked:
    shown = headers.values.get(_SESSION)
    if shown is not None:
        refusal = await sessions.refusal(shown, principal)
        return (None if refusal is None else (refusal, ())), ()
    if is_object(message) and message.get("method") == "initialize":
        header = await sessions.opened(principal)
        return ((NOT_FOUND, ()), ()) if header is None else (None, (header,))
    return (MISSING, ()), ()


def _adding(send: Send, headers: tuple[Header, ...]) -> Send:
    """A `send` whose successful answers carry `headers`."""
    if not headers:
        return send

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004  # OK
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_more


EndpointFinder: TypeAlias = Callable[[str], Awaitable["McpEndpoint | None"]]
"""The endpoint of an instance by its name in paths; None when there is none."""


class McpEndpoints:
    """ASGI behind the guard: MCP paths to their endpoint, everything else to the pages."""

    def __init__(
        self, pages: AsgiApp, default: Callable[[], McpEndpoint], find: EndpointFinder
    ) -> None:
        """Serve MCP beside `pages`.

        Args:
            pages: Gets what is not MCP, and the lifespan.
            default: Gives the one that answers at `/mcp`.
            find: Finds those that answer at `/<name>/mcp`.
        """
        self._pages = pages
        self._default = default
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        if path == MCP_PATH:
            await self._default().serve(scope, receive, send)
        elif path.endswith(MCP_PATH) and not path.startswith(_WELL_KNOWN):
            await self._serve_named(path[1 : -len(MCP_PATH)], scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _serve_named(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            endpoint = await self._find(name)
        except StoreUnavailableError as error:
            barred = unavailable(error.retry_after_s)
            await send_json(send, barred.reply.status, barred.reply.body, barred.headers)
            return
        if endpoint is None:
            await send_json(send, 404, _NO_INSTANCE)
        else:
            await endpoint.serve(scope, receive, send)
