"""Judgements as tables of Markdown."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from judging import OURS, PEER, Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """What we use on a document for each unit that the peer uses; both build it.

    Attributes:
        tokens: Of the list for each tool; `bare_tokens` without output schemas.
    """

    name: str
    tokens: float
    bare_tokens: float
    cpu: float


def ratios(judgements: Sequence[Judgement]) -> list[Ratio]:
    """One for each document that both contenders make tools of."""
    known = {(each.name, each.contender): each for each in judgements if each.tools}
    pairs = ((own, known.get((name, PEER))) for (name, one), own in known.items() if one == OURS)
    return [_ratio(own, peer) for own, peer in pairs if peer is not None]


def _ratio(own: Judgement, peer: Judgement) -> Ratio:
    tools = peer.tools / own.tools
    return Ratio(
        name=own.name,
        tokens=own.bytes / peer.bytes * tools,
        bare_tokens=own.bare_bytes / peer.bare_bytes * tools,
        cpu=own.cpu_s / peer.cpu_s,
    )


_MOST_OF_DOCUMENT: Final = 2


def tables(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Totals side by side, then what was refused and what was not clean."""
    contenders = list(dict.fromkeys(each.contender for each in judgements))
    columns = [[each for each in judgements if each.contender == one] for one in contenders]
    yield f"| | {' | '.join(contenders)} |"
    yield f"| --- |{' --- |' * len(contenders)}"
    for title, told in _ROWS:
        yield f"| {title} | {' | '.join(told(column) for column in columns)} |"
    yield from _beside(ratios(judgements))
    for contender, column in zip(contenders, columns, strict=True):
        yield from _failures(contender, column)


def details(judgements: Sequence[Judgement]) -> Iterator[str]:
    """One row a document."""
    yield "| document | contender | ops | tools | CPU s | MiB | list kB | without outputs kB | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for each in judgements:
        state = "clean" if each.is_clean else each.why or ", ".join([*each.refused, *each.flaws])
        yield (
            f"| {each.name} | {each.contender} | {each.operations} | {each.tools} | {each.cpu_s:.2f} "
            f"| {each.rss_mib:.0f} | {each.bytes / 1000:,.0f} | {each.bare_bytes / 1000:,.0f} | {state} |"
        )


def _beside(found: Sequence[Ratio]) -> Iterator[str]:
    """Documents one by one, since few large ones would outweigh all others."""
    if not found:
        return
    yield ""
    yield f"| of the peer's, on {len(found)} documents that both build | p10 | median | p90 |"
    yield "| --- | --- | --- | --- |"
    columns: dict[str, list[float]] = {
        "tokens a tool": [each.tokens for each in found],
        "tokens a tool, without output schemas": [each.bare_tokens for each in found],
        "CPU s": [each.cpu for each in found],
    }
    for title, values in columns.items():
        tenths = quantiles(values, n=10, method="inclusive") if len(values) > 1 else values * 9
        yield f"| {title} | {tenths[0]:.2f} | {median(values):.2f} | {tenths[8]:.2f} |"


def _failures(contender: str, column: Sequence[Judgement]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in column:
        for why in [each.why] if each.why else [*each.refused, *each.flaws, *_excess(each)]:
            reasons.setdefault(why, []).append(each.name)
    if reasons:
        yield ""
        yield f"{contender}, to look at:"
        yield ""
    for why, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""  # noqa: PLR2004  # enough
        yield f"- {why} ({len(names)}): {', '.join(names[:8])}{more}"


def _excess(judgement: Judgement) -> list[str]:
    is_long = judgement.bytes > _MOST_OF_DOCUMENT * judgement.document_bytes
    return ["list above twice its document"] if is_long else []


def _share(is_so: Callable[[Judgement], bool]) -> Callable[[Sequence[Judgement]], str]:
    return lambda column: (
        f"{sum(map(is_so, column))} of {len(column)} "
        f"({sum(map(is_so, column)) / max(1, len(column)):.1%})"
    )


def _spread(value: Callable[[Judgement], float], form: str) -> Callable[[Sequence[Judgement]], str]:
    def told(column: Sequence[Judgement]) -> str:
        values = sorted(value(each) for each in column if each.built)
        if not values:
            return "-"
        ninth = quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]
        return " / ".join(format(each, form) for each in (median(values), ninth, values[-1]))

    return told


def _operations(column: Sequence[Judgement]) -> str:
    every = sum(each.operations for each in column)
    tools = sum(each.tools for each in column)
    return f"{tools:,} of {every:,} ({tools / max(1, every):.2%})"


def _codes(told: Callable[[Judgement], dict[str, int]]) -> Callable[[Sequence[Judgement]], str]:
    def summed(column: Sequence[Judgement]) -> str:
        counted: Counter[str] = Counter()
        for each in column:
            counted.update(told(each))
        return ", ".join(f"{code} {count}" for code, count in counted.most_common()) or "none"

    return summed


_ROWS: Sequence[tuple[str, Callable[[Sequence[Judgement]], str]]] = (
    ("built", _share(lambda each: each.built)),
    ("fully clean", _share(lambda each: each.is_clean)),
    ("operations that are tools", _operations),
    ("operations refused by name", _codes(lambda each: each.refused)),
    ("optional inputs left out by name", _codes(lambda each: each.hidden)),
    (
        "no list above twice its document",
        _share(lambda each: each.built and not _excess(each)),
    ),
    ("CPU s, median / p90 / max", _spread(lambda each: each.cpu_s, ".2f")),
    ("wall s", _spread(lambda each: each.wall_s, ".2f")),
    ("peak RSS, MiB", _spread(lambda each: each.rss_mib, ".0f")),
    ("list, tokens", _spread(lambda each: each.bytes / 4, ",.0f")),
    ("tokens a tool", _spread(lambda each: each.bytes / 4 / max(1, each.tools), ",.0f")),
    (
        "tokens a tool, without output schemas",
        _spread(lambda each: each.bare_bytes / 4 / max(1, each.tools), ",.0f"),
    ),
)
