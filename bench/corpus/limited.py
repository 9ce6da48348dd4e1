"""A command in a fresh process, with limits, and what it used."""

import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MIB: Final = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a command ended.

    Attributes:
        status: Its exit status; negative for a signal, None when its time was up.
        cpu_s: User and system time, its children included.
        rss_mib: The most memory that was resident at once.
        error: The end of what it wrote to stderr.
    """

    status: int | None
    wall_s: float
    cpu_s: float
    rss_mib: float
    output: str
    error: str


def run(command: Sequence[str], *, seconds: float, mib: int) -> Run:
    """Run it; its address space, and that of each process it starts, is at most `mib`."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (mib * _MIB, mib * _MIB))

    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        began = time.perf_counter()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdout=stdout,
                stderr=stderr,
                preexec_fn=limit,  # noqa: PLW1509  # no threads here
                start_new_session=True,
            )
            status, usage = _wait(process.pid, began + seconds)
            # So that Popen does not look for what was waited for here.
            process.returncode = 0 if status is None else status
        return Run(
            status=status,
            wall_s=time.perf_counter() - began,
            cpu_s=usage.ru_utime + usage.ru_stime,
            rss_mib=usage.ru_maxrss / 1024,
            output=out.read_text("utf-8", "replace"),
            error=err.read_text("utf-8", "replace")[-2000:],
        )


def _wait(pid: int, until: float) -> tuple[int | None, resource.struct_rusage]:
    while time.perf_counter() < until:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), usage
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    return None, os.wait4(pid, 0)[2]
