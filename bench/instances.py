"""A thousand instances on one worker beside one: start, memory, calls, and neighbours."""

import base64
import secrets
import statistics
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import crowd
import databases
import load
import machine
import mcp_wire
import neighbours
import servers
from calls import CONNECTIONS
from contenders import MARKER, PEER, TREENAIL, mounted
from doors import UNREACHED, with_authorization
from mcp_wire import Place
from neighbours import Beside

MANY: Final = 1000
PEERS: Final = 10
"""Processes of the peer; a thousand would not fit."""

MOUNTED: Final = 20
"""Servers of the peer in one process."""

_LIMITED: Final = 1
"""The instance that has a limit of its own."""

Target: TypeAlias = Literal["one", "all in turn"]
"""Logins: their number is the same, with one instance and with many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a server takes before anybody calls much.

    Attributes:
        what: Who, with how many instances.
        start_s: Until the first answer; of all processes, one after the other.
        idle_rss_mib: After it.
        called_rss_mib: After a call as each login, or at each server of the peer.
        shared_mib: The same with memory that processes share counted once.
    """

    what: str
    database: str
    round: int
    start_s: float
    start_cpu_s: float
    idle_rss_mib: float
    called_rss_mib: float
    shared_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """Calls with bearer tokens, modern era.

    Attributes:
        instances: How many there are.
        target: As whom the calls are made.
    """

    instances: int
    target: Target
    database: databases.Kind
    round: int
    connections: int
    cpu_ms: float
    database_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it."""

    held: Sequence[Held]
    called: Sequence[Called]
    beside: Sequence[Beside]


@dataclass(frozen=True, slots=True)
class Town:
    """A server, its instances, and the place of each login."""

    server: servers.Running
    store: databases.Store
    instances: int
    places: Sequence[Place]


def measure(rounds: int, calls: int) -> Measured:
    """One instance and a thousand in turn, on both databases, then the peer."""
    held: list[Held] = []
    called: list[Called] = []
    beside: list[Beside] = []
    with servers.upstream() as upstream_url:
        for number in range(1, rounds + 1):
            for kind in databases.KINDS:
                for count in (1, MANY):
                    print(f"round {number} of {rounds}: {count} on {kind}", file=sys.stderr)
                    with settled(kind, count, upstream_url) as town:
                        held.append(_held(town, kind, number))
                        called.extend(_called(town, kind, number, calls))
                        if count == MANY:
                            beside.extend(_beside(town, kind, number, calls))
            print(f"round {number} of {rounds}: the peer", file=sys.stderr)
            held.extend(_peers(number, upstream_url))
    return Measured(held, called, beside)


@contextmanager
def settled(kind: databases.Kind, count: int, upstream_url: str) -> Generator[Town]:
    """A server with `count` instances, at which a thousand people are logged in."""
    keys = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    limits: Mapping[int, Mapping[str, str]] = {_LIMITED: {"mcp_instance": "1/7d"}}
    with databases.database(kind, servers.free_port()) as store:
        places = crowd.settle(store.url, keys, count, MANY, limits)
        contender = replace(
            TREENAIL,
            command=with_authorization,
            environment={
                "DATABASE_URL": store.url,
                "AUTH_SECRETS": keys,
                "TREENAIL_BASE_URL": crowd.BASE_URL,
                "TREENAIL_RATE_LIMITS": f"mcp_grant={UNREACHED},mcp_instance={UNREACHED}",
            },
        )
        with servers.serving(contender, upstream_url) as server:
            yield Town(server, store, count, places)


def _held(town: Town, kind: databases.Kind, number: int) -> Held:
    pid, places = town.server.pid, town.places
    start_cpu_s, idle = machine.cpu_seconds(pid), machine.rss_mib(pid)
    exchanges = mcp_wire.calls_around(places, TREENAIL.tool, TREENAIL.arguments, MARKER)
    load.send_all(town.server.port, exchanges, len(places), 1)
    return Held(
        what=f"treenail, {town.instances:,} instance{'s' if town.instances > 1 else ''}",
        database=kind,
        round=number,
        start_s=town.server.start_s,
        start_cpu_s=start_cpu_s,
        idle_rss_mib=idle,
        called_rss_mib=machine.rss_mib(pid),
        shared_mib=machine.pss_mib(pid),
    )


def _called(town: Town, kind: databases.Kind, number: int, calls: int) -> Iterator[Called]:
    # With one instance, that with the limit is not there.
    free = [each for each in town.places if each.path != f"/i{_LIMITED}/mcp"]
    targets: dict[Target, Sequence[Place]] = {"one": free[:1], "all in turn": free}
    pid, port = town.server.pid, town.server.port
    for target, places in targets.items():
        for connections in CONNECTIONS:
            exchanges = mcp_wire.calls_around(places, TREENAIL.tool, TREENAIL.arguments, MARKER)
            load.send_all(port, exchanges, max(calls // 5, connections), connections)
            before, asked = machine.cpu_seconds(pid), town.store.cpu_seconds()
            seen = load.send_all(port, exchanges, calls, connections)
            cpu_s = machine.cpu_seconds(pid) - before
            percentiles = statistics.quantiles(seen.latencies_ms, n=100)
            yield Called(
                instances=town.instances,
                target=target,
                database=kind,
                round=number,
                connections=connections,
                cpu_ms=cpu_s / calls * 1000,
                database_ms=(town.store.cpu_seconds() - asked) / calls * 1000,
                per_second=calls / seen.seconds,
                p50_ms=percentiles[49],
                p99_ms=percentiles[98],
            )


def _beside(town: Town, kind: databases.Kind, number: int, calls: int) -> Iterator[Beside]:
    ours, limited, free = town.places[0], town.places[_LIMITED], town.places[2]
    return neighbours.measure(town.server, ours, limited, free, kind, number, calls)


def _peers(number: int, upstream_url: str) -> Iterator[Held]:
    """The peer, an instance for each process, and several in one."""
    for count in (1, PEERS):
        with ExitStack() as stack:
            started = [
                stack.enter_context(servers.serving(PEER, upstream_url)) for _ in range(count)
            ]
            title = f"FastMCP, {count} process{'es' if count > 1 else ''}"
            yield _peer(title, started, ["/mcp"], number)
    with servers.serving(mounted(MOUNTED), upstream_url) as server:
        paths = ["/mcp", *(f"/i{each}/mcp" for each in range(1, MOUNTED))]
        yield _peer(f"FastMCP, {MOUNTED} servers in one process", [server], paths, number)


def _peer(
    title: str, started: Sequence[servers.Running], paths: Sequence[str], number: int
) -> Held:
    pids = [each.pid for each in started]
    start_cpu_s = sum(map(machine.cpu_seconds, pids))
    idle = sum(map(machine.rss_mib, pids))
    places = [Place(path, "none") for path in paths]
    for each in started:
        exchanges = mcp_wire.calls_around(places, PEER.tool, PEER.arguments, MARKER)
        load.send_all(each.port, exchanges, len(places), 1)
    return Held(
        what=title,
        database="",
        round=number,
        start_s=sum(each.start_s for each in started),
        start_cpu_s=start_cpu_s,
        idle_rss_mib=idle,
        called_rss_mib=sum(map(machine.rss_mib, pids)),
        shared_mib=sum(map(machine.pss_mib, pids)),
    )
