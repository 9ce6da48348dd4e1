"""What one `tools/call` costs with a bearer token: looked up, opened and compared every time."""

import http.client
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import load
import machine
import mcp_wire
import servers
from calls import CONNECTIONS
from contenders import MARKER
from doors import DOORS, Door, Opened
from mcp_wire import MODERN

_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """One measurement, in the modern era.

    Attributes:
        cpu_ms: Of the server's process, for a call.
        database_ms: Of PostgreSQL's own processes, for a call; 0 elsewhere.
    """

    door: str
    round: int
    connections: int
    calls: int
    cpu_ms: float
    database_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float


def measure(rounds: int, calls: int, doors: Sequence[Door] = DOORS) -> list[Guarded]:
    """Call everybody in turn, each round in fresh processes with fresh databases."""
    legs: list[Guarded] = []
    with servers.upstream() as upstream_url:
        for number in range(1, rounds + 1):
            for door in doors:
                print(f"round {number} of {rounds}: {door.title}", file=sys.stderr)
                with door.opening(upstream_url) as opened:
                    legs.extend(_legs(door, opened, number, calls))
    return legs


def _legs(door: Door, opened: Opened, number: int, most: int) -> Iterator[Guarded]:
    server, contender = opened.server, door.contender
    if opened.bearer is not None:
        _refuses(server.port)
    calls = round(most * contender.modern_share)
    for connections in CONNECTIONS:
        exchanges = mcp_wire.calls(
            MODERN, contender.tool, contender.arguments, MARKER, opened.bearer
        )
        load.send_all(server.port, exchanges, max(calls // 5, connections), connections)
        before, asked = machine.cpu_seconds(server.pid), _database_seconds(opened)
        seen = load.send_all(server.port, exchanges, calls, connections)
        cpu_seconds = machine.cpu_seconds(server.pid) - before
        percentiles = statistics.quantiles(seen.latencies_ms, n=100)
        yield Guarded(
            door=door.name,
            round=number,
            connections=connections,
            calls=calls,
            cpu_ms=cpu_seconds / calls * 1000,
            database_ms=(_database_seconds(opened) - asked) / calls * 1000,
            per_second=calls / seen.seconds,
            p50_ms=percentiles[49],
            p99_ms=percentiles[98],
        )


def _database_seconds(opened: Opened) -> float:
    return 0.0 if opened.store is None else opened.store.cpu_seconds()


def _refuses(port: int) -> None:
    """A door that lets everybody pass would be cheap."""
    http_connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": "Bearer of-nothing", "Content-Type": "application/json"}
    http_connection.request("POST", "/mcp", "{}", headers)
    status = http_connection.getresponse().status
    http_connection.close()
    if status != _UNAUTHORIZED:
        raise load.LoadError(f"a bad token was answered with {status}")
