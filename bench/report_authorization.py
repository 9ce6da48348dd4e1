"""Authorization and its limits as tables for people."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bearers import Guarded
from calls import CONNECTIONS
from counters import KEYS, Count
from doors import (
    DOORS,
    OPEN,
    PEER_JWT,
    POSTGRESQL,
    REPAIRED_JWT,
    REPAIRED_STATIC,
    SQLITE,
    TUNED_JWT,
)
from logins import Errand, What
from report import plural, spread, table

GOAL: Final = 4.0
"""Times less CPU per call than the peer, both with bearer tokens: modern era, 32 connections."""

_TITLES: Final = {door.name: door.title for door in DOORS}
_ERRANDS: Final[dict[What, str]] = {
    "authorize": "`GET /authorize`: the login page",
    "login": "`POST /login`, with the call to the upstream",
    "refresh": "refresh, one at a time",
    "refresh-8": "refresh, 8 clients at a time",
}


def bearers_table(legs: Sequence[Guarded]) -> Iterator[str]:
    """CPU per call with a bearer token, then the verdict."""
    for connections in CONNECTIONS:
        yield f"\n### tools/call with a bearer token, 2026-07-28, {plural(connections)}\n"
        yield from table(
            (
                *("contender", "CPU ms per call", "peer / this", "this / no-auth"),
                *("database CPU ms", "calls/s", "p99 ms"),
            ),
            _bearers_rows([leg for leg in legs if leg.connections == connections]),
        )
    yield ""
    yield from _verdict([leg for leg in legs if leg.connections == max(CONNECTIONS)])


def _bearers_rows(legs: Sequence[Guarded]) -> Iterator[tuple[str, ...]]:
    peer, bare = _cpu_ms(legs, PEER_JWT.name), _cpu_ms(legs, OPEN.name)
    for name in dict.fromkeys(leg.door for leg in legs):
        own = [leg for leg in legs if leg.door == name]
        cpu = _cpu_ms(legs, name)
        yield (
            _TITLES[name],
            spread([leg.cpu_ms for leg in own], 3),
            f"{peer / cpu:.1f}",
            f"{cpu / bare:.2f}",
            _median(own, lambda leg: leg.database_ms, 3),
            _median(own, lambda leg: leg.per_second, 0),
            _median(own, lambda leg: leg.p99_ms, 1),
        )


def _verdict(legs: Sequence[Guarded]) -> Iterator[str]:
    for ours in (SQLITE, POSTGRESQL):
        own = _cpu_ms(legs, ours.name)
        ratio = _cpu_ms(legs, PEER_JWT.name) / own
        told = ", ".join(
            f"{each.title} {_cpu_ms(legs, each.name) / own:.1f}"
            for each in (TUNED_JWT, REPAIRED_JWT, REPAIRED_STATIC)
        )
        yield (
            f"Goal, {GOAL:.0f} times less CPU than the peer, both with bearer tokens, at "
            f"{max(CONNECTIONS)} connections: {'met' if ratio >= GOAL else 'MISSED'} by "
            f"{ours.title}, {ratio:.1f} times; {told}."
        )


def _cpu_ms(legs: Iterable[Guarded], door: str) -> float:
    return statistics.median(leg.cpu_ms for leg in legs if leg.door == door)


def _median(legs: Iterable[Guarded], of: Callable[[Guarded], float], digits: int) -> str:
    return f"{statistics.median(map(of, legs)):.{digits}f}"


def logins_table(errands: Sequence[Errand]) -> Iterator[str]:
    """Connecting and refreshing."""
    yield "\n### Connecting and refreshing, one worker\n"
    rows: list[tuple[str, ...]] = []
    for first in {(each.what, each.database): each for each in errands}.values():
        what, database = first.what, first.database
        own = [each for each in errands if (each.what, each.database) == (what, database)]
        rows.append(
            (
                _ERRANDS[what],
                database,
                spread([each.cpu_ms for each in own], 2),
                f"{statistics.median(each.database_ms for each in own):.2f}",
                f"{statistics.median(each.p50_ms for each in own):.1f}",
                f"{statistics.median(each.per_second for each in own):.0f}",
            )
        )
    yield from table(
        ("what", "database", "CPU ms each", "database CPU ms", "p50 ms", "per second"), rows
    )


def counters_table(counts: Sequence[Count]) -> Iterator[str]:
    """Rate limiters."""
    yield "\n### One hit of a rate limit: CPU us\n"
    rows: list[tuple[str, ...]] = []
    for counter in dict.fromkeys(each.counter for each in counts):
        own = [each for each in counts if each.counter == counter]
        memory = [[each.cpu_us for each in own if _is(each, "memory", keys)] for keys in KEYS]
        shared = [each for each in own if each.store == "redis"]
        rows.append(
            (
                counter,
                *(spread(found, 1) for found in memory),
                spread([each.cpu_us for each in shared], 0),
                spread([each.wall_us for each in shared], 0),
            )
        )
    heads = [f"memory, {keys:,} keys" for keys in KEYS]
    yield from table(("counter", *heads, "Redis", "Redis, wall us"), rows)


def _is(count: Count, store: str, keys: int) -> bool:
    return (count.store, count.keys) == (store, keys)
