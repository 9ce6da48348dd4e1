"""An HTTP/1.1 client that costs little: a fixed number of requests over kept connections."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Final, cast

import uvloop

_SECONDS: Final = 300.0
"""A measurement that takes longer is stuck."""


class LoadError(Exception):
    """A request was not answered as it should be, so nothing was measured."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it goes on the wire, and what its answer is recognized by."""

    request: bytes
    is_answered_by: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Load:
    """What the client saw."""

    seconds: float
    latencies_ms: list[float]


def send_all(port: int, exchanges: Iterator[Exchange], calls: int, connections: int) -> Load:
    """Send the next `calls` exchanges, as many at a time as there are connections.

    Raises:
        LoadError: One was not answered as it should be.
    """
    return uvloop.run(sending(port, exchanges, calls, connections))


async def sending(port: int, exchanges: Iterator[Exchange], calls: int, connections: int) -> Load:
    """The same in a loop that runs.

    Raises:
        LoadError: As `send_all`.
    """
    run = _Run(islice(exchanges, calls), calls)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port)
        for _ in range(connections)
    ]
    start = perf_counter()
    for _, connection in opened:
        connection.send_next()
    try:
        async with asyncio.timeout(_SECONDS):
            await run.done
    except TimeoutError:
        raise LoadError(f"{run.left} of {calls} calls unanswered after {_SECONDS} s") from None
    finally:
        seconds = perf_counter() - start
        for transport, _ in opened:
            transport.abort()
    return Load(seconds, run.latencies_ms)


class _Run:
    """What the connections share."""

    def __init__(self, exchanges: Iterator[Exchange], calls: int) -> None:
        self.exchanges = exchanges
        self.left = calls
        self.latencies_ms: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError(reason))

    def answered(self, latency_ms: float) -> None:
        self.latencies_ms.append(latency_ms)
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class _Connection(asyncio.Protocol):
    """Sends one request after the other."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail(f"the server closed a connection: {exc}")

    def send_next(self) -> None:
        self._exchange = next(self._run.exchanges, None)
        if self._exchange is not None:
            self._sent = perf_counter()
            self._transport.write(self._exchange.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        body = body_of(self._received)
        if body is None or self._exchange is None:
            return
        if not self._received.startswith(b"HTTP/1.1 200 ") or not self._exchange.is_answered_by(
            body
        ):
            self._run.fail(f"unexpected answer: {self._received[:1000]!r}")
            return
        self._run.answered((perf_counter() - self._sent) * 1000)
        self._received = b""
        self.send_next()


def body_of(received: bytes) -> bytes | None:
    """The body of a whole answer; None while there is more to come."""
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return None
    head = head.lower()
    if b"\r\ntransfer-encoding: chunked" in head:
        return body if body.endswith(b"0\r\n\r\n") else None
    length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
    return body if len(body) >= length else None
