"""What an instance notices of another one that calls more than it may."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import databases
import load
import machine
import mcp_wire
import servers
import uvloop
from contenders import MARKER, TREENAIL
from mcp_wire import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What the neighbour does.

    Attributes:
        connections: How many calls it has under way at most.
        pause_s: Between an answer and the next call of a connection.
        is_limited: Whether it is over its limit.
    """

    title: str
    connections: int = 0
    pause_s: float = 0.0
    is_limited: bool = False


NOISES: Final = (
    Noise(title="nothing"),
    Noise(title="100 calls/s, within its limit", connections=10, pause_s=0.1),
    Noise(title="100 calls/s, over its limit", connections=10, pause_s=0.1, is_limited=True),
    Noise(title="8 connections without pause, within its limit", connections=8),
    Noise(title="8 connections without pause, over its limit", connections=8, is_limited=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Calls of one connection at an instance, while its neighbour makes a noise.

    Attributes:
        served_per_s: Calls of the neighbour that were answered with 200.
        refused_per_s: With 429.
        busy: Of the server's core: 1 for all of it.
    """

    noise: str
    database: databases.Kind
    round: int
    p50_ms: float
    p99_ms: float
    served_per_s: float
    refused_per_s: float
    busy: float


def measure(
    server: servers.Running,
    ours: Place,
    limited: Place,
    free: Place,
    kind: databases.Kind,
    number: int,
    calls: int,
) -> Iterator[Beside]:
    """Call at `ours` beside every noise."""
    for noise in NOISES:
        place = limited if noise.is_limited else free
        answers: Counter[int] = Counter()
        before, start = machine.cpu_seconds(server.pid), time.perf_counter()
        seen = uvloop.run(_calls(server.port, ours, calls, noise, place, answers))
        took_s = time.perf_counter() - start
        percentiles = statistics.quantiles(seen.latencies_ms, n=100)
        yield Beside(
            noise=noise.title,
            database=kind,
            round=number,
            p50_ms=percentiles[49],
            p99_ms=percentiles[98],
            served_per_s=answers[200] / took_s,
            refused_per_s=answers[429] / took_s,
            busy=(machine.cpu_seconds(server.pid) - before) / took_s,
        )


async def _calls(
    port: int, ours: Place, calls: int, noise: Noise, place: Place, answers: "Counter[int]"
) -> load.Load:
    """Ours, over one connection; the neighbour's over its own."""
    request = next(_called(place)).request
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda: _Insistent(request, noise.pause_s, answers), "127.0.0.1", port
        )
        for _ in range(noise.connections)
    ]
    try:
        return await load.sending(port, _called(ours), calls, 1)
    finally:
        for transport, _ in opened:
            transport.abort()


def _called(place: Place) -> Iterator[load.Exchange]:
    return mcp_wire.calls_around([place], TREENAIL.tool, TREENAIL.arguments, MARKER)


class _Insistent(asyncio.Protocol):
    """One connection that calls again, whatever it is answered."""

    def __init__(self, request: bytes, pause_s: float, answers: "Counter[int]") -> None:
        self._request = request
        self._pause_s = pause_s
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if load.body_of(self._received) is None:
            return
        self._answers[int(self._received[9:12])] += 1
        self._received = b""
        asyncio.get_running_loop().call_later(self._pause_s, self._again)

    def _again(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._request)
