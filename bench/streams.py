"""Streams of `subscriptions/listen` that stay open, beside connections that have merely asked once."""

import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import databases
import instances
import machine
import mcp_wire
import servers

COUNTS: Final = (200, 800)
_WATCHED_S: Final = 20.0
_SECONDS: Final = 30.0

What: TypeAlias = Literal["kept alive", "stream"]
_REQUESTS: Final[dict[What, Callable[[mcp_wire.Place], bytes]]] = {
    # The 30 seconds after which the server ends idle connections are longer than the watch.
    "kept alive": mcp_wire.listing,
    "stream": mcp_wire.listening,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """So many connections of as many logins.

    Attributes:
        kib: By which the server's resident memory has grown, for each.
        idle_cpu_percent: Of a core, as long as they are open: pings, and looks at their tokens.
    """

    what: What
    database: databases.Kind
    count: int
    round: int
    kib: float
    open_cpu_ms: float
    idle_cpu_percent: float


def measure(rounds: int) -> Sequence[Opened]:
    """On both databases, each count with a server of its own."""
    return list(_measured(rounds))


def _measured(rounds: int) -> Iterator[Opened]:
    with servers.upstream() as upstream_url:
        for number in range(1, rounds + 1):
            for kind in databases.KINDS:
                print(f"round {number} of {rounds}: streams, {kind}", file=sys.stderr)
                for what in _REQUESTS:
                    for count in COUNTS:
                        with instances.settled(kind, 1, upstream_url) as town:
                            yield _opened(town, what, kind, count, number)


def _opened(
    town: instances.Town, what: What, kind: databases.Kind, count: int, number: int
) -> Opened:
    pid = town.server.pid
    # What the first requests of a process bring is nobody's own.
    with ExitStack() as first:
        for place in town.places[-20:]:
            _open(first, town.server.port, _REQUESTS[what](place))
    before_mib, before_s = machine.rss_mib(pid), machine.cpu_seconds(pid)
    with ExitStack() as stack:
        for place in town.places[:count]:
            _open(stack, town.server.port, _REQUESTS[what](place))
        grown_mib, opened_s = machine.rss_mib(pid) - before_mib, machine.cpu_seconds(pid)
        time.sleep(_WATCHED_S)
        idle_s = machine.cpu_seconds(pid) - opened_s
    return Opened(
        what=what,
        database=kind,
        count=count,
        round=number,
        kib=grown_mib * 1024 / count,
        open_cpu_ms=(opened_s - before_s) / count * 1000,
        idle_cpu_percent=idle_s / _WATCHED_S * 100,
    )


def _open(stack: ExitStack, port: int, request: bytes) -> None:
    """A connection that has got the beginning of its answer."""
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_SECONDS))
    sock.sendall(request)
    if not sock.recv(1 << 16).startswith(b"HTTP/1.1 200"):
        raise ConnectionError("no good answer")
