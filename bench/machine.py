"""The machine that measures, and what a process has used of it (Linux: /proc)."""

import os
import platform
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_PROC: Final = Path("/proc")
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PACKAGES: Final = ("mcp", "hypercorn", "uvloop", "aiohttp", "httpx", "pydantic")


@dataclass(frozen=True, slots=True)
class Cores:
    """Where processes run: the measured one alone, everything else beside it.

    With a single core both are the same, and requests per second mean nothing.
    """

    server: frozenset[int]
    load: frozenset[int]


@cache
def cores() -> Cores:
    """The first core that we may use is the server's, the others are for the load.

    As it was when first asked: this process gives up the first core itself.
    """
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores(frozenset({first}), frozenset(others or {first}))


@contextmanager
def running_on(chosen: frozenset[int]) -> Generator[None]:
    """Processes that are started within run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads and its children; 10 ms at a time."""
    return sum(_own_cpu_seconds(each) for each in _family(pid))


def rss_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    pages = sum(int(_read(each, "statm").split()[1]) for each in _family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pss_mib(pid: int) -> float:
    """The same with what processes share counted in parts, so that it can be added up."""
    shares = (_read(each, "smaps_rollup") for each in _family(pid))
    lines = (line for share in shares for line in share.splitlines() if line.startswith("Pss:"))
    return sum(int(line.split()[1]) for line in lines) / 2**10


def _own_cpu_seconds(pid: int) -> float:
    # proc(5): the name, field 2, may hold spaces; utime to cstime are fields 14 to 17.
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_PER_SECOND


def _family(pid: int) -> list[int]:
    family = [pid]
    for parent in family:
        for thread in (_PROC / str(parent) / "task").iterdir():
            family.extend(map(int, (thread / "children").read_text().split()))
    return family


def _read(pid: int, name: str) -> str:
    return (_PROC / str(pid) / name).read_text()


def described() -> dict[str, Any]:
    """What somebody else needs in order to compare."""
    info = (_PROC / "cpuinfo").read_text()
    models = {line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line}
    return {
        "cpu": sorted(models),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "versions": {name: version(name) for name in _PACKAGES},
    }
