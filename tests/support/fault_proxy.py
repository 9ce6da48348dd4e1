"""Stands between a server and its PostgreSQL, and lets a COMMIT get lost.

It reads as much of the protocol as it needs: which statements a transaction has executed, where it
commits, and what PostgreSQL answers to that (PostgreSQL documentation, 54.7 Message Formats).
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Moment: TypeAlias = Literal["before commit", "after commit"]


@dataclass
class Fault:
    """Silences one connection, both ways, when a transaction with `statement` commits.

    Attributes:
        moment: Whether PostgreSQL gets the COMMIT. The server hears nothing in either case.
        reached: Set once, when it has come to that.
        cut: Set by the test to end that connection.
    """

    moment: Moment
    statement: bytes
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class PostgresProxy:
    """The running proxy.

    Attributes:
        port: Where it listens on 127.0.0.1.
        fault: What is to happen; each happens once.
    """

    upstream_port: int
    port: int = 0
    fault: Fault | None = None
    connections: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    def plan(self, moment: Moment, statement: str) -> Fault:
        """Lose the next COMMIT behind a statement that begins with `statement`."""
        self.fault = Fault(moment, statement.encode())
        return self.fault

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)
        with suppress(OSError, asyncio.IncompleteReadError):
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            await _Connection(self, (reader, writer), upstream).run()


_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    def __init__(self, proxy: PostgresProxy, server: _Streams, database: _Streams) -> None:
        self._proxy = proxy
        self._from_server, self._to_server = server
        self._from_database, self._to_database = database
        self._prepared: dict[bytes, bytes] = {}
        self._executed: list[bytes] = []
        self._lost: Fault | None = None
        self._cutting: asyncio.Task[None] | None = None

    async def run(self) -> None:
        ways = [
            asyncio.create_task(self._ask()),
            asyncio.create_task(self._answer()),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._to_server.close()
            self._to_database.close()
            running = [*ways, *([self._cutting] if self._cutting else [])]
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _ask(self) -> None:
        # The first message has no type. It is no request for TLS: tests ask for `sslmode=disable`.
        self._to_database.write(await _message(self._from_server, typed=False))
        while True:
            message = await _message(self._from_server)
            self._note(message)
            if message[:1] == b"Q" and b"COMMIT" in message:
                self._lose("before commit")
            if self._lost is None or self._lost.moment == "after commit":
                self._to_database.write(message)

    async def _answer(self) -> None:
        while True:
            message = await _message(self._from_database)
            if message[:1] == b"C" and b"COMMIT" in message:
                self._lose("after commit")
            if self._lost is None:
                self._to_server.write(message)

    def _lose(self, moment: Moment) -> None:
        fault = self._proxy.fault
        if fault is None or fault.moment != moment:
            return
        if any(each.startswith(fault.statement) for each in self._executed):
            self._proxy.fault = None
            self._lost = fault
            self._cutting = asyncio.create_task(self._cut(fault))
            fault.reached.set()

    async def _cut(self, fault: Fault) -> None:
        await fault.cut.wait()
        self._to_server.close()
        self._to_database.close()

    def _note(self, message: bytes) -> None:
        kind, content = message[:1], message[5:]
        if kind == b"Q" and content.startswith(b"BEGIN"):
            self._executed.clear()
        elif kind == b"P":
            name, text, _ = content.split(b"\0", 2)
            self._prepared[name] = text
        elif kind == b"B":
            _, name, _ = content.split(b"\0", 2)
            self._executed.append(self._prepared[name])


async def _message(reader: asyncio.StreamReader, *, typed: bool = True) -> bytes:
    head = await reader.readexactly(5 if typed else 4)
    length = int.from_bytes(head[-4:], "big")
    return head + await reader.readexactly(length - 4)


@asynccontextmanager
async def postgres_proxy(port: int) -> AsyncGenerator[PostgresProxy]:
    """A proxy in front of the PostgreSQL at `port`."""
    proxy = PostgresProxy(port)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(proxy.connections):
            task.cancel()
        await asyncio.gather(*proxy.connections, return_exceptions=True)
