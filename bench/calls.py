"""What one `tools/call` costs: rounds in which every contender takes its turn."""

import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import load
import machine
import mcp_wire
import servers
from contenders import EVERYBODY, MARKER, Contender
from mcp_wire import MODERN, Era

CONNECTIONS = (1, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One measurement: a contender, in one round, one era, with so many connections."""

    contender: str
    round: int
    era: Era
    connections: int
    calls: int
    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float


def measure(rounds: int, calls: int, everybody: Sequence[Contender] = EVERYBODY) -> list[Leg]:
    """Call everybody in turn, each round in fresh processes."""
    legs: list[Leg] = []
    with servers.upstream() as upstream_url:
        for number in range(1, rounds + 1):
            for contender in everybody:
                print(f"round {number} of {rounds}: {contender.name}", file=sys.stderr)
                with servers.serving(contender, upstream_url) as server:
                    legs.extend(_legs(contender, server, number, calls))
    return legs


def _legs(contender: Contender, server: servers.Running, number: int, most: int) -> Iterator[Leg]:
    for era in contender.eras:
        calls = round(most * contender.modern_share) if era == MODERN else most
        if contender.validates:
            refused = mcp_wire.invalid_call(era, contender.tool)
            load.send_all(server.port, iter([refused]), calls=1, connections=1)
        for connections in CONNECTIONS:
            exchanges = mcp_wire.calls(era, contender.tool, contender.arguments, MARKER)
            warm_up = max(calls // 5, connections)
            load.send_all(server.port, exchanges, warm_up, connections)
            before = machine.cpu_seconds(server.pid)
            seen = load.send_all(server.port, exchanges, calls, connections)
            cpu_seconds = machine.cpu_seconds(server.pid) - before
            percentiles = statistics.quantiles(seen.latencies_ms, n=100)
            yield Leg(
                contender=contender.name,
                round=number,
                era=era,
                connections=connections,
                calls=calls,
                cpu_ms=cpu_seconds / calls * 1000,
                per_second=calls / seen.seconds,
                p50_ms=percentiles[49],
                p99_ms=percentiles[98],
            )
