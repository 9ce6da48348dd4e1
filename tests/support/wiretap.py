"""A connection that somebody listens to: what both ends say, byte by byte."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

_HOST: Final = "127.0.0.1"
_MOST: Final = 1 << 16


@dataclass
class Wiretap:
    """Hands on what comes to `url`, and keeps it.

    Attributes:
        target: The port it is handed on to.
        heard: All bytes of both directions, in the order of their arrival.
    """

    port: int
    target: int
    heard: bytes = b""

    @property
    def url(self) -> str:
        """Where to speak to whoever is behind it."""
        return f"http://{_HOST}:{self.port}"

    def told(self, member: str) -> set[bytes]:
        """The values of a member in all JSON that was said."""
        return set(re.findall(rb'"%s": ?"([^"]+)"' % member.encode(), self.heard))

    def shown(self) -> set[bytes]:
        """The bearer tokens in all requests."""
        return set(re.findall(rb"(?i)\r\nauthorization: bearer (\S+)\r\n", self.heard))

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until both ends have ended it."""
        with suppress(ConnectionError):
            answers, behind = await asyncio.open_connection(_HOST, self.target)
            await asyncio.gather(self._hand_on(reader, behind), self._hand_on(answers, writer))

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(_MOST):
                self.heard += chunk
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def tapped(target: int) -> AsyncGenerator[Wiretap]:
    """A place from which connections lead to the port `target`."""
    tap = Wiretap(0, target)
    connections: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.create_task(tap.accept(reader, writer)))

    server = await asyncio.start_server(accepted, _HOST, 0)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
