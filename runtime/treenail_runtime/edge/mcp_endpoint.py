"""The MCP endpoints, at ASGI level: a Quart route would cost 0.11 to 0.15 ms more per call."""

from collections.abc import Mapping
from typing import Protocol

import structlog
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.dispatch.envelope import RequestHeaders, legacy_refused, read_headers
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.strict_json import read_json
from treenail_runtime.telemetry import bind_request

from .asgi import (
    NO_SNIFF,
    NO_STORE,
    AsgiApp,
    Message,
    Receive,
    Scope,
    Send,
    replayed,
    send_json,
)
from .disconnects import CancelledWhenGone

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


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
        await send_json(send, reply.status, reply.body)


class SdkFraming:
    """The reference path: the SDK's own HTTP entry, stateless, in JSON mode."""

    def __init__(self, manager: StreamableHTTPSessionManager, *, legacy: bool) -> None:
        self._manager = manager
        self._legacy = legacy

    async def serve(
        self, headers: RequestHeaders, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one POST."""
        if not self._legacy and not headers.is_modern:
            reply = legacy_refused(_read(body), headers.version)
            await send_json(send, reply.status, reply.body)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], NO_STORE, NO_SNIFF]
            await send(message)

        await self._manager.handle_request(scope, replayed(body, receive), send_hardened)


def _read(body: bytes) -> object:
    try:
        return read_json(body)
    except ValueError:
        return None


class McpEndpoints:
    """ASGI behind the guard: MCP paths to their framing, everything else to the pages."""

    def __init__(self, pages: AsgiApp, framings: Mapping[str, tuple[str, Framing]]) -> None:
        """Serve MCP beside `pages`.

        Args:
            pages: Gets what is not MCP, and the lifespan.
            framings: Connector name and framing by path.
        """
        self._pages = pages
        self._framings = framings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        found = self._framings.get(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._pages(scope, receive, send)
            return
        connector, framing = found
        bind_request(connector=connector)
        # The guard has read it, and gives it in one piece.
        body: bytes = (await receive())["body"]
        headers = read_headers(scope["headers"])
        if not headers.is_modern:
            await framing.serve(headers, body, scope, receive, send)
            return
        with CancelledWhenGone(receive):
            await framing.serve(headers, body, scope, receive, send)
            return
        log.info("mcp.client_gone")
