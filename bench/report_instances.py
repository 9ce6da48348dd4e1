"""Instances and streams as tables for people."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from calls import CONNECTIONS
from instances import Called, Held, Measured
from neighbours import Beside
from report import plural, spread, table
from streams import Opened

_Row = TypeVar("_Row")


def tables(measured: Measured) -> Iterator[str]:
    """Start and memory, calls, neighbours."""
    yield from _held(measured.held)
    yield from _called(measured.called)
    yield from _beside(measured.beside)


def _held(held: Sequence[Held]) -> Iterator[str]:
    yield "\n### Instances: start and memory, one worker\n"
    rows = [
        (
            own[0].what,
            own[0].database,
            spread([each.start_s for each in own], 2),
            _median(own, lambda each: each.start_cpu_s, 2),
            _median(own, lambda each: each.idle_rss_mib, 0),
            _median(own, lambda each: each.called_rss_mib, 0),
            _median(own, lambda each: each.shared_mib, 0),
        )
        for own in _groups(held, lambda each: (each.what, each.database))
    ]
    head = ("what", "database", "start s", "CPU s", "RSS MiB", "after calls", "PSS MiB")
    yield from table(head, rows)


def _called(called: Sequence[Called]) -> Iterator[str]:
    for connections in CONNECTIONS:
        yield f"\n### Instances: tools/call, 2026-07-28, {plural(connections)}\n"
        chosen = [each for each in called if each.connections == connections]
        rows = [
            (
                f"{own[0].instances:,}",
                own[0].target,
                own[0].database,
                spread([each.cpu_ms for each in own], 3),
                _median(own, lambda each: each.database_ms, 3),
                _median(own, lambda each: each.per_second, 0),
                _median(own, lambda each: each.p50_ms, 2),
                _median(own, lambda each: each.p99_ms, 1),
            )
            for own in _groups(chosen, lambda each: (each.database, each.instances, each.target))
        ]
        head = (
            *("instances", "logins", "database", "CPU ms", "database CPU ms"),
            *("calls/s", "p50 ms", "p99 ms"),
        )
        yield from table(head, rows)


def _beside(beside: Sequence[Beside]) -> Iterator[str]:
    yield "\n### An instance, one connection, beside another one\n"
    rows = [
        (
            own[0].noise,
            own[0].database,
            _median(own, lambda each: each.served_per_s, 0),
            _median(own, lambda each: each.refused_per_s, 0),
            spread([each.p50_ms for each in own], 2),
            spread([each.p99_ms for each in own], 1),
            f"{statistics.median(each.busy for each in own):.0%}",
        )
        for own in _groups(beside, lambda each: (each.database, each.noise))
    ]
    head = ("the other one's calls", "database", "200/s", "429/s", "p50 ms", "p99 ms", "core")
    yield from table(head, rows)


def streams_table(opened: Sequence[Opened]) -> Iterator[str]:
    """What connections cost that stay open."""
    yield "\n### Connections that stay open, one worker\n"
    rows = [
        (
            own[0].what,
            own[0].database,
            f"{own[0].count:,}",
            spread([each.kib for each in own], 1),
            spread([each.open_cpu_ms for each in own], 2),
            spread([each.idle_cpu_percent for each in own], 1),
        )
        for own in _groups(opened, lambda each: (each.what, each.database, each.count))
    ]
    head = ("what", "database", "open", "KiB each", "CPU ms to open", "% of a core while open")
    yield from table(head, rows)


def _groups(rows: Sequence[_Row], key: Callable[[_Row], Any]) -> list[list[_Row]]:
    """Rows with the same key together, in the order in which keys come first."""
    found: dict[Any, list[_Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return list(found.values())


def _median(rows: Sequence[_Row], of: Callable[[_Row], float], digits: int) -> str:
    return f"{statistics.median(map(of, rows)):.{digits}f}"
