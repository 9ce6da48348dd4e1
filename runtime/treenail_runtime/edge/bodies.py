"""Read a request's body within limits of size and time."""

import asyncio
from typing import Final

from .asgi import Receive

BODY_SECONDS: Final = 20.0
"""For a whole body: 1 MiB at 52 KiB/s. A slower sender only keeps a connection busy."""


class BodyTooLargeError(Exception):
    """More bytes came than the route takes."""


class DisconnectedError(Exception):
    """The client went away before its request was complete."""


async def read_body(receive: Receive, limit: int, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body.

    Raises:
        BodyTooLargeError: It is longer than `limit`; the rest has not been read.
        DisconnectedError: It did not arrive whole.
        TimeoutError: It took too long.
    """
    chunks: list[bytes] = []
    size = 0
    async with asyncio.timeout(seconds):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise DisconnectedError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyTooLargeError
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)
