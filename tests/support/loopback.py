"""An HTTP server on the loopback interface that records raw requests and plays back raw answers."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to send, and what becomes of the connection after them.

    Attributes:
        after: They are held back until it is set.
    """

    data: bytes = b""
    then: Literal["keep", "close", "reset", "hang"] = "keep"
    after: asyncio.Event | None = None


def reply(status: int = 200, body: bytes = b"{}", *fields: str) -> Reply:
    """A well-formed answer with its length and further header `fields`."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *fields]
    return Reply("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@dataclass
class Received:
    """One request as it arrived."""

    line: str
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.fields}

    def value(self, name: str) -> str:
        (value,) = [value for field_name, value in self.fields if field_name == name.lower()]
        return value


@dataclass
class Loopback:
    """The running server.

    Attributes:
        requests: In the order of their arrival, over all connections.
        asked: Set when the first request has arrived.
        dropped: Set when the client gave up on a reply that hangs.
    """

    replies: list[Reply]
    url: str = ""
    requests: list[Received] = field(default_factory=list[Received])
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def reaches(self, count: int) -> None:
        """Wait until so many requests have arrived."""
        async with self._grown:
            await self._grown.wait_for(lambda: len(self.requests) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(await _read_request(reader))
        self.asked.set()
        async with self._grown:
            self._grown.notify_all()
        answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if answer.after is not None:
            await answer.after.wait()
        writer.write(answer.data)
        if answer.then == "hang":
            await reader.read()
            self.dropped.set()
        if answer.then == "reset":
            await writer.drain()
            # A reset discards what the client has not read. It reads in this same loop, in a few
            # rounds; time alone would not do on a busy machine.
            await asyncio.sleep(0.01)
            for _ in range(20):
                await asyncio.sleep(0)
            writer.transport.abort()
        return answer.then == "keep"


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.strip().split("\r\n")
    pairs = [text.split(": ", 1) for text in rest]
    length = re.search(r"(?im)^content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return Received(line, [(name.lower(), value) for name, value in pairs], body)


@asynccontextmanager
async def loopback(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Loopback]:
    """A server that answers with `replies` in turn, the last one again and again."""
    site = Loopback(list(replies) or [reply()])
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        tasks.add(asyncio.create_task(site.serve(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    site.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield site
    finally:
        server.close()
        # What the kernel has accepted already is told in the loop's next round.
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A task that is cancelled before it began closes nothing.
        for writer in writers:
            writer.close()
