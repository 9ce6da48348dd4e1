"""ASGI's types (asgi.readthedocs.io, HTTP 2.x), and a whole answer in one call."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]

NO_STORE: Final[Header] = (b"cache-control", b"no-store")
NO_SNIFF: Final[Header] = (b"x-content-type-options", b"nosniff")
JSON: Final[Header] = (b"content-type", b"application/json")


async def send_start(send: Send, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Send the head of an answer whose body will be `body`, JSON or nothing."""
    head = [(b"content-length", b"%d" % len(body)), NO_STORE, NO_SNIFF, *headers]
    if body:
        head.append(JSON)
    await send({"type": "http.response.start", "status": status, "headers": head})


async def send_json(send: Send, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Send a whole answer: JSON, or no body."""
    await send_start(send, status, body, headers)
    await send({"type": "http.response.body", "body": body})


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` in one piece, and whatever follows after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
