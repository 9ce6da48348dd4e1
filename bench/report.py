"""The results as tables for people; each takes the measurements and gives lines."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from builds import Build, Start
from calls import CONNECTIONS, Leg
from clients import Cost
from contenders import EVERYBODY, PEER, PEER_REPAIRED, PEER_TUNED, TREENAIL
from mcp_wire import LEGACY, MODERN, Era
from profiling import Share
from sizes import Size

GOAL: Final = 5.0
"""Times less CPU per call than the peer: modern era, 32 connections."""

_SHOWN_SHARE: Final = 0.01
_TITLES: Final = {each.name: each.title for each in EVERYBODY}


def calls_table(legs: Sequence[Leg]) -> Iterator[str]:
    """CPU per call and requests per second, one table an era, then the verdict."""
    for era in (MODERN, LEGACY):
        for connections in CONNECTIONS:
            chosen = [leg for leg in legs if (leg.era, leg.connections) == (era, connections)]
            yield f"\n### tools/call, {era}, {plural(connections)}\n"
            yield from table(
                ("contender", "CPU ms per call", "peer / this", "calls/s", "p50 ms", "p99 ms"),
                _calls_rows(chosen),
            )
    yield ""
    yield from _verdict(legs)


def _calls_rows(legs: Sequence[Leg]) -> Iterator[tuple[str, ...]]:
    peer = statistics.median(leg.cpu_ms for leg in legs if leg.contender == PEER.name)
    for name in dict.fromkeys(leg.contender for leg in legs):
        own = [leg for leg in legs if leg.contender == name]
        cpu = [leg.cpu_ms for leg in own]
        yield (
            _TITLES[name],
            spread(cpu, 3),
            f"{peer / statistics.median(cpu):.1f}",
            f"{statistics.median(leg.per_second for leg in own):.0f}",
            f"{statistics.median(leg.p50_ms for leg in own):.2f}",
            f"{statistics.median(leg.p99_ms for leg in own):.1f}",
        )


def _verdict(legs: Sequence[Leg]) -> Iterator[str]:
    most = max(CONNECTIONS)
    ratio = ratio_to(legs, PEER.name, MODERN, most)
    verdict = "met" if ratio >= GOAL else "MISSED"
    yield (
        f"Goal, {GOAL:.0f} times less CPU than the peer in the modern era at {most} connections: "
        f"{verdict}, {ratio:.1f} times."
    )
    tuned = ratio_to(legs, PEER_TUNED.name, MODERN, most)
    repaired = ratio_to(legs, PEER_REPAIRED.name, MODERN, most)
    legacy = ratio_to(legs, PEER.name, LEGACY, most)
    yield (
        f"Against the peer with every switch that saves CPU: {tuned:.1f} times; patched not to "
        f"list its tools at every call as well: {repaired:.1f}; legacy era: {legacy:.1f}."
    )


def ratio_to(legs: Iterable[Leg], name: str, era: Era, connections: int) -> float:
    """How many times more CPU that contender uses for a call than we do, by medians."""
    found: dict[str, list[float]] = {name: [], TREENAIL.name: []}
    for leg in legs:
        if (leg.era, leg.connections) == (era, connections) and leg.contender in found:
            found[leg.contender].append(leg.cpu_ms)
    return statistics.median(found[name]) / statistics.median(found[TREENAIL.name])


def sizes_table(sizes: Sequence[Size]) -> Iterator[str]:
    """The list of tools, by what a client passes on."""
    yield "\n### tools/list\n"
    rows: list[tuple[str, ...]] = []
    for size in sizes:
        peer = next(each for each in sizes if (each.contender, each.view) == (PEER.name, size.view))
        rows.append(
            (
                _TITLES[size.contender],
                size.view,
                str(size.tools),
                f"{size.bytes:,}",
                f"{size.tokens:,}",
                f"{size.o200k:,}",
                f"{peer.o200k / size.o200k:.1f}",
            )
        )
    head = ("contender", "what", "tools", "bytes", "bytes / 4", "o200k tokens", "peer / this")
    yield from table(head, rows)


def builds_table(builds: Sequence[Build], starts: Sequence[Start]) -> Iterator[str]:
    """Build and start."""
    yield "\n### Build and start\n"
    rows = [
        (
            "gen build phorest",
            spread([each.wall_s for each in builds], 2),
            spread([each.cpu_s for each in builds], 2),
            "",
            "",
        )
    ]
    for name in (TREENAIL.name, PEER.name):
        own = [each for each in starts if each.contender == name]
        used = [each.used_rss_mib for each in own if each.used_rss_mib is not None]
        rows.append(
            (
                f"start: {_TITLES[name]}",
                spread([each.wall_s for each in own], 2),
                spread([each.cpu_s for each in own], 2),
                f"{statistics.median(each.idle_rss_mib for each in own):.0f}",
                f"{max(used):.0f}",
            )
        )
    yield from table(("what", "s", "CPU s", "RSS MiB idle", "RSS MiB after calls"), rows)


def clients_table(costs: Sequence[Cost]) -> Iterator[str]:
    """HTTP clients for upstream calls, one column for each number of connections."""
    yield "\n### One GET, by HTTP client: CPU us\n"
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys(cost.client for cost in costs):
        row = [name]
        for connections in CONNECTIONS:
            own = _cpu_us(costs, name, connections)
            times = statistics.median(_cpu_us(costs, "httpx", connections))
            row += [spread(own, 0), f"{times / statistics.median(own):.1f}"]
        rows.append(tuple(row))
    head = [cell for each in CONNECTIONS for cell in (plural(each), "httpx / this")]
    yield from table(("client", *head), rows)


def _cpu_us(costs: Iterable[Cost], client: str, connections: int) -> list[float]:
    wanted = (client, connections)
    return [cost.cpu_us for cost in costs if (cost.client, cost.connections) == wanted]


def profile_table(shares: Sequence[Share]) -> Iterator[str]:
    """Where the CPU goes, by package."""
    for name in dict.fromkeys(share.contender for share in shares):
        own = [share for share in shares if share.contender == name]
        yield f"\n### Where the CPU goes: {_TITLES[name]}\n"
        rows = [(each.owner, f"{each.share:.1%}") for each in own if each.share >= _SHOWN_SHARE]
        yield from table(("package", "share"), rows)


def spread(values: Sequence[float], digits: int) -> str:
    """Median, and the least and the most."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def plural(connections: int) -> str:
    """How many connections, in words."""
    return f"{connections} connection{'s' if connections > 1 else ''}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows under a head, aligned, as Markdown."""
    lines = [head, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"| {' | '.join('-' * width for width in widths)} |"
