"""Measure treenail beside a peer, in one run, on one machine: `make bench`.

Linux only. Takes half an hour; `--quick` eight minutes. Everything listens on the loopback address.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import bearers
import builds
import calls
import clients
import counters
import instances
import load
import logins
import machine
import peer
import profiling
import report
import report_authorization
import report_instances
import servers
import sizes
import streams

_PARTS: Final = (
    "calls",
    "bearers",
    "logins",
    "counters",
    "sizes",
    "build",
    "clients",
    "instances",
    "streams",
)
_CORPUS: Final = "corpus"
_LATEST: Final = Path(__file__).parent / "results" / "latest.json"
_CALLS: Final = 2000
_QUICK_CALLS: Final = 1000
_ROUNDS: Final = 5
_QUICK_ROUNDS: Final = 2
_LOGINS: Final = 200
_QUICK_LOGINS: Final = 100
_CALLS_BEFORE_RSS: Final = 5000
_CALLS_TO_PROFILE: Final = 20_000


def main() -> None:
    """Do it, or say in one line why it cannot be done."""
    if sys.platform != "linux":
        sys.exit("The benchmark reads /proc and pins processes to cores: it needs Linux.")
    chosen = _arguments()
    try:
        if _CORPUS in (chosen.only or ()):
            script = Path(__file__).parent / "corpus/run.py"
            subprocess.run([sys.executable, str(script)], check=True)
            chosen.only.remove(_CORPUS)
        if chosen.only != []:
            _measure(chosen)
    except (load.LoadError, servers.StartError, subprocess.CalledProcessError) as error:
        sys.exit(f"Nothing was measured: {error}")


def _measure(chosen: argparse.Namespace) -> None:
    """Measure what was asked for, print tables, write JSON."""
    rounds = chosen.rounds or (_QUICK_ROUNDS if chosen.quick else _ROUNDS)
    count = _QUICK_CALLS if chosen.quick else _CALLS
    parts: Sequence[str] = chosen.only or _PARTS
    peer.ensure()
    results: dict[str, Any] = {"machine": machine.described(), "rounds": rounds, "calls": count}
    # This process makes the load; servers are started on their own core.
    os.sched_setaffinity(0, machine.cores().load)
    if "calls" in parts:
        legs = calls.measure(rounds, count)
        results["legs"] = _plain(legs)
        _print(report.calls_table(legs))
    if "bearers" in parts:
        guarded = bearers.measure(rounds, count)
        results["bearers"] = _plain(guarded)
        _print(report_authorization.bearers_table(guarded))
    if "logins" in parts:
        errands = logins.measure(rounds, _QUICK_LOGINS if chosen.quick else _LOGINS)
        results["logins"] = _plain(errands)
        _print(report_authorization.logins_table(errands))
    if "counters" in parts:
        counted = counters.measure(rounds, count)
        results["counters"] = _plain(counted)
        _print(report_authorization.counters_table(counted))
    if "sizes" in parts:
        listed = sizes.measure()
        results["sizes"] = _plain(listed)
        _print(report.sizes_table(listed))
    if "build" in parts:
        built = builds.measure_builds(rounds)
        started = builds.measure_starts(rounds, _CALLS_BEFORE_RSS)
        results |= {"builds": _plain(built), "starts": _plain(started)}
        _print(report.builds_table(built, started))
    if "clients" in parts:
        costs = clients.measure(rounds, count)
        results["clients"] = _plain(costs)
        _print(report.clients_table(costs))
    results |= _measure_crowds(parts, rounds, count)
    if chosen.profile:
        shares = profiling.measure(_CALLS_TO_PROFILE)
        results["profile"] = _plain(shares)
        _print(report.profile_table(shares))
    _write(results, [_LATEST, *([chosen.json] if chosen.json else [])])


def _measure_crowds(parts: Sequence[str], rounds: int, count: int) -> dict[str, Any]:
    """Many instances, and many clients that listen."""
    results: dict[str, Any] = {}
    if "instances" in parts:
        crowded = instances.measure(rounds, count)
        results["instances"] = dataclasses.asdict(crowded)
        _print(report_instances.tables(crowded))
    if "streams" in parts:
        held_open = streams.measure(rounds)
        results["streams"] = _plain(held_open)
        _print(report_instances.streams_table(held_open))
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure treenail beside a peer.")
    parser.add_argument("--quick", action="store_true", help="fewer calls and rounds: a first look")
    parser.add_argument(
        "--only", action="append", choices=(*_PARTS, _CORPUS), help="a part; may be repeated"
    )
    parser.add_argument("--rounds", type=int, help=f"{_ROUNDS}, or {_QUICK_ROUNDS} with --quick")
    parser.add_argument("--profile", action="store_true", help="also say where the CPU goes")
    parser.add_argument("--json", type=Path, help=f"write here as well as to {_LATEST.name}")
    return parser.parse_args()


def _plain(measured: Iterable[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(each) for each in measured]


def _print(lines: Iterable[str]) -> None:
    print("\n".join(lines), flush=True)


def _write(results: dict[str, Any], places: Iterable[Path]) -> None:
    text = json.dumps(results, indent=2) + "\n"
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        print(f"Written: {place}", file=sys.stderr)


if __name__ == "__main__":
    main()
