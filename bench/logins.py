"""What it costs to connect and to stay connected: pages, logins, refreshes."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import databases
import doors
import machine
import servers
from visitor import Page, Tokens, Visitor

What: TypeAlias = Literal["authorize", "login", "refresh", "refresh-8"]

_AT_ONCE: Final = 8
_PAGES_PER_ADDRESS: Final = 10
"""The server lets one address open 20 at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One kind of request, repeated, with one worker.

    Attributes:
        cpu_ms: Of the server's process, for each.
        database_ms: Of PostgreSQL's own processes, for each.
        p50_ms: As the client saw it, waiting for nobody else unless several are sent at once.
    """

    what: What
    database: databases.Kind
    round: int
    count: int
    cpu_ms: float
    database_ms: float
    per_second: float
    p50_ms: float


def measure(rounds: int, count: int) -> list[Errand]:
    """Run every errand on both databases in turn."""
    errands: list[Errand] = []
    with servers.upstream() as upstream_url:
        for number in range(1, rounds + 1):
            for kind in databases.KINDS:
                print(f"round {number} of {rounds}: logins on {kind}", file=sys.stderr)
                with doors.guarded(kind, upstream_url) as opened:
                    errands.extend(_errands(opened, kind, number, count))
    return errands


def _errands(
    opened: doors.Opened, kind: databases.Kind, number: int, count: int
) -> Iterator[Errand]:
    def timed(what: What, work: Callable[[], list[float]]) -> Errand:
        server, store = opened.server, opened.store
        database_seconds = (lambda: 0.0) if store is None else store.cpu_seconds
        before, asked, start = (
            machine.cpu_seconds(server.pid),
            database_seconds(),
            time.perf_counter(),
        )
        latencies = work()
        done = len(latencies)
        return Errand(
            what=what,
            database=kind,
            round=number,
            count=done,
            per_second=done / (time.perf_counter() - start),
            cpu_ms=(machine.cpu_seconds(server.pid) - before) / done * 1000,
            database_ms=(database_seconds() - asked) / done * 1000,
            p50_ms=statistics.median(latencies),
        )

    visitors = [
        Visitor(opened.server.port, f"127.0.1.{number}")
        for number in range(1, count // _PAGES_PER_ADDRESS + 1)
    ]
    turns = visitors * _PAGES_PER_ADDRESS
    for each in visitors:
        each.connect()
    pages: list[Page] = []
    asking, signing_in = iter(turns), iter(turns)
    yield timed("authorize", lambda: _each(len(turns), lambda: pages.append(next(asking).page())))
    opened_pages = iter(pages)
    yield timed(
        "login", lambda: _each(len(turns), lambda: next(signing_in).login(next(opened_pages)))
    )
    for each in visitors:
        each.close()
    clients = [Visitor(opened.server.port) for _ in range(_AT_ONCE)]
    families = [(each, each.connect()) for each in clients]
    yield timed("refresh", lambda: _refreshing(*families[0], count * 2))
    families[0] = (clients[0], clients[0].connect())
    yield timed("refresh-8", lambda: _together(families, count // 2))
    for each in clients:
        each.close()


def _each(count: int, work: Callable[[], object]) -> list[float]:
    latencies: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        latencies.append((time.perf_counter() - start) * 1000)
    return latencies


def _refreshing(client: Visitor, tokens: Tokens, count: int) -> list[float]:
    """Refresh after refresh; every token is of the answer before."""
    held = [tokens]
    return _each(count, lambda: held.append(client.refresh(held.pop())))


def _together(families: Sequence[tuple[Visitor, Tokens]], count: int) -> list[float]:
    with ThreadPoolExecutor(len(families)) as threads:
        work = [threads.submit(_refreshing, *family, count) for family in families]
        return [latency for each in work for latency in each.result()]
