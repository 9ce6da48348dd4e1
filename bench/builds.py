"""How long a build takes, how long a start, and how much memory a server holds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import load
import machine
import mcp_wire
import servers
from contenders import MARKER, PEER, ROOT, TREENAIL, Contender

_GEN: Final = Path(sys.executable).with_name("gen")
_INPUTS: Final = ("connectors/phorest.yaml", "specs/phorest.yaml", "specs/PINNED.yaml")
_CONNECTIONS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One run of `gen build phorest` in a fresh process."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start of a server, until it had answered `tools/list`.

    Attributes:
        used_rss_mib: After as many calls as were asked for; None when there were none.
    """

    contender: str
    wall_s: float
    cpu_s: float
    idle_rss_mib: float
    used_rss_mib: float | None


def measure_builds(runs: int) -> list[Build]:
    """Build the connector again and again, in a copy of the project."""
    with tempfile.TemporaryDirectory() as folder:
        for name in _INPUTS:
            target = Path(folder) / name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, target)
        with machine.running_on(machine.cores().server):
            return [_build(folder) for _ in range(runs)]


def _build(folder: str) -> Build:
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        [str(_GEN), "build", "phorest", "--project", folder],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    after = os.times()
    cpu_s = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return Build(wall_s=time.perf_counter() - start, cpu_s=cpu_s)


def measure_starts(runs: int, calls: int) -> list[Start]:
    """Start both servers in turn; the last time they also get calls."""
    with servers.upstream() as upstream_url:
        return [
            _start(contender, upstream_url, calls if run == runs - 1 else 0)
            for run in range(runs)
            for contender in (TREENAIL, PEER)
        ]


def _start(contender: Contender, upstream_url: str, calls: int) -> Start:
    with servers.serving(contender, upstream_url) as server:
        cpu_s, idle = machine.cpu_seconds(server.pid), machine.rss_mib(server.pid)
        if calls:
            # The era in which the peer is quick.
            exchanges = mcp_wire.calls(mcp_wire.LEGACY, contender.tool, contender.arguments, MARKER)
            load.send_all(server.port, exchanges, calls, _CONNECTIONS)
        return Start(
            contender=contender.name,
            wall_s=server.start_s,
            cpu_s=cpu_s,
            idle_rss_mib=idle,
            used_rss_mib=machine.rss_mib(server.pid) if calls else None,
        )
