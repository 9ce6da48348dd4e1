"""The two ways from an HTTP request to an MCP server."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Final, Protocol

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.dispatch.envelope import Reply, RequestHeaders, legacy_refused, parse_error
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.listening import Listening, unfit
from treenail_runtime.dispatch.strict_json import read_json

from .asgi import (
    NO_SNIFF,
    NO_STORE,
    Header,
    Message,
    Receive,
    Scope,
    Send,
    replayed,
    send_json,
)

_STREAM: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    # nginx would otherwise hold back what it gets until it has a page of it.
    (b"x-accel-buffering", b"no"),
    NO_SNIFF,
)


class Framing(Protocol):
    """One way from an HTTP request to an MCP server."""

    async def serve(
        self, headers: RequestHeaders, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one POST."""
        ...


class KernelFraming:
    """The fast path: the kernel gets bytes and gives bytes."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def serve(
        self,
        headers: RequestHeaders,
        body: bytes,
        scope: Scope,  # noqa: ARG002  # the other framing's
        receive: Receive,  # noqa: ARG002  # as above
        send: Send,
    ) -> None:
        """Answer one POST."""
        reply = await self._kernel.answer(headers, body)
        if isinstance(reply, Reply):
            await send_json(send, reply.status, reply.body)
        else:
            await _send_stream(send, reply)


async def _send_stream(send: Send, listening: Listening) -> None:
    # A generator that has not begun closes nothing, and the head may not get through.
    with listening:
        await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM]})
        await _send_frames(send, listening)


async def _send_frames(send: Send, listening: Listening) -> None:
    async with aclosing(listening.frames()) as frames:
        async for frame in frames:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class SdkFraming:
    """The reference path: the SDK's own HTTP entry, stateless, in JSON mode."""

    def __init__(self, manager: StreamableHTTPSessionManager, *, legacy: bool) -> None:
        self._manager = manager
        self._legacy = legacy
        self._running = 0
        self._successor: Framing | None = None
        self._ended: Callable[[], None] = lambda: None

    def retire(self, successor: Framing, ended: Callable[[], None]) -> None:
        """Leave new requests to `successor`; `ended` is called once none is running here."""
        self._successor, self._ended = successor, ended
        self._end_if_idle()

    async def serve(
        self, headers: RequestHeaders, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one POST."""
        if self._successor is not None:
            await self._successor.serve(headers, body, scope, receive, send)
            return
        self._running += 1
        try:
            await self._serve(headers, body, scope, receive, send)
        finally:
            self._running -= 1
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._successor is not None and not self._running:
            self._ended()

    async def _serve(
        self, headers: RequestHeaders, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one POST, whose body the SDK would read in ways that we do not."""
        try:
            message = read_json(body)
        except ValueError as error:
            reply = parse_error(error)
            await send_json(send, reply.status, reply.body)
            return
        refused = unfit(message, body) if headers.is_modern else None
        if not self._legacy and not headers.is_modern:
            refused = legacy_refused(message, headers.version)
        if refused is not None:
            await send_json(send, refused.status, refused.body)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], NO_STORE, NO_SNIFF]
            await send(message)

        await self._manager.handle_request(scope, replayed(body, receive), send_hardened)
