"""The two ways from an HTTP request to an MCP server."""

from typing import Protocol

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.dispatch.envelope import RequestHeaders, legacy_refused, parse_error
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.strict_json import read_json

from .asgi import NO_SNIFF, NO_STORE, Message, Receive, Scope, Send, replayed, send_json


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
        """Answer one POST, whose body the SDK would read in ways that we do not."""
        try:
            message = read_json(body)
        except ValueError as error:
            reply = parse_error(error)
            await send_json(send, reply.status, reply.body)
            return
        if not self._legacy and not headers.is_modern:
            reply = legacy_refused(message, headers.version)
            await send_json(send, reply.status, reply.body)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], NO_STORE, NO_SNIFF]
            await send(message)

        await self._manager.handle_request(scope, replayed(body, receive), send_hardened)
