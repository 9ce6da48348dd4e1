"""A transaction pooler before PostgreSQL: each transaction runs on another server connection."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_SSL_REQUEST = 80_877_103

Server = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _startup(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!I", head := await reader.readexactly(4))
    return head + await reader.readexactly(length - 4)


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head + await reader.readexactly(length - 4)


@dataclass
class Pooler:
    """What PgBouncer does in transaction mode, for a server that trusts everyone.

    Attributes:
        server_port: Of PostgreSQL on loopback.
        asked: Names of all parameters in startup messages; real poolers refuse most.
        transactions: How many were handed out.
    """

    server_port: int
    port: int = 0
    asked: set[str] = field(default_factory=set[str])
    transactions: int = 0
    _free: asyncio.Queue[Server] = field(default_factory=asyncio.Queue[Server])
    _writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        self._writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._open(reader, writer)
            await self._relay(reader, writer)
        writer.close()

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await _startup(reader)
        if struct.unpack("!I", startup[4:8])[0] == _SSL_REQUEST:
            writer.write(b"N")
            startup = await _startup(reader)
        self.asked |= {name.decode() for name in startup[8:].split(b"\0")[:-2:2]}
        server = await asyncio.open_connection("127.0.0.1", self.server_port)
        self._writers.append(server[1])
        server[1].write(startup)
        await self._answer(server[0], writer)
        self._free.put_nowait(server)

    async def _answer(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Pass on what the server says until it is ready; its transaction state."""
        while True:
            message = await _message(server)
            writer.write(message)
            if message[:1] == b"Z":
                return message[5:6]

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message = await _message(reader)
        while message[:1] != b"X":
            server = await self._free.get()
            self.transactions += 1
            await self._transaction(message, server, reader, writer)
            self._free.put_nowait(server)
            message = await _message(reader)

    async def _transaction(
        self,
        message: bytes,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Pass messages both ways until the server is idle again."""
        answering = asyncio.create_task(self._answer(server[0], writer))
        while True:
            server[1].write(message)
            if message[:1] in {b"S", b"Q"}:
                if await answering == b"I":
                    return
                answering = asyncio.create_task(self._answer(server[0], writer))
            message = await _message(reader)

    def close(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def transaction_pooler(server_port: int) -> AsyncGenerator[Pooler]:
    """A listening pooler before the PostgreSQL at that port."""
    pooler = Pooler(server_port)
    listening = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = listening.sockets[0].getsockname()[1]
    try:
        yield pooler
    finally:
        listening.close()
        pooler.close()
        await asyncio.sleep(0)
