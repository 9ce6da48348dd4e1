"""An upstream whose `/slow` answers only when the test says so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"late":true}'


@dataclass
class Gate:
    """`reached` is set by a request for `/slow`, `dropped` when its connection ends unanswered."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list[bytes])
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head)
                if b"/slow" in head:
                    self.reached.set()
                    await self._wait(reader)
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _wait(self, reader: asyncio.StreamReader) -> None:
        opened = asyncio.create_task(self.opened.wait())
        gone = asyncio.create_task(reader.read(1))
        await asyncio.wait({opened, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self.dropped.set()
        for task in (opened, gone):
            task.cancel()
        await asyncio.gather(opened, gone, return_exceptions=True)


@asynccontextmanager
async def gated() -> AsyncGenerator[Gate]:
    """The running upstream."""
    gate = Gate()
    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(gate.serve(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    gate.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield gate
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
