"""How the guard says no: one JSON answer, and an end to connections that cannot be trusted."""

import asyncio
from dataclasses import dataclass
from typing import Final

from mcp_types import HEADER_MISMATCH, INVALID_REQUEST

from treenail_runtime.dispatch.envelope import error_reply
from treenail_runtime.dispatch.strict_json import write_json

from .asgi import Header, Receive, Send, send_json, send_start

_LINGER_SECONDS: Final = 1.0
_CLOSE: Final[Header] = (b"connection", b"close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not served.

    Attributes:
        reason: For the log.
        message: For the client.
        mismatch: It is about an MCP header, which has an error code of its own.
        closes: The connection must not carry another request.
        headers: Further header fields of the answer.
    """

    status: int
    reason: str
    message: str
    mismatch: bool = False
    closes: bool = False
    headers: tuple[Header, ...] = ()


async def refuse(
    refusal: Refusal, receive: Receive, send: Send, *, json_rpc: bool, unread: bool
) -> None:
    """Answer with the refusal.

    Args:
        refusal: What to say.
        receive: To take what is still coming.
        send: To answer.
        json_rpc: Say it as a JSON-RPC error, as MCP clients expect.
        unread: A body may still be coming.
    """
    body = _body(refusal, json_rpc=json_rpc)
    headers = (*refusal.headers, _CLOSE) if refusal.closes or unread else refusal.headers
    if not unread:
        await send_json(send, refusal.status, body, headers)
        return
    await send_start(send, refusal.status, body, headers)
    await send({"type": "http.response.body", "body": body, "more_body": True})
    # The answer is out. What still comes is thrown away for a moment: closing at once would reset
    # the connection and the client might never see the answer. The drain goes on while we finish,
    # since Hypercorn's queue of 10 messages would otherwise block both sides for ever (0.18).
    drain = asyncio.create_task(_drain(receive))
    try:
        await asyncio.wait({drain}, timeout=_LINGER_SECONDS)
        await send({"type": "http.response.body", "body": b""})
    finally:
        drain.cancel()


def _body(refusal: Refusal, *, json_rpc: bool) -> bytes:
    if not json_rpc:
        return write_json({"error": refusal.message})
    code = HEADER_MISMATCH if refusal.mismatch else INVALID_REQUEST
    return error_reply(None, code, refusal.message).body


async def _drain(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
