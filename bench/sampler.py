"""Run a program and, between two signals, note where it spends its CPU time.

Usage: sampler.py OUTPUT SCRIPT [ARGUMENT...]. SIGUSR2 starts the sampling; the next one ends it and
writes JSON: samples by owner. A timer of CPU time does it, not of real time as profilers from
outside use: on a busy machine those mostly find where the process was interrupted.
"""

import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

_EVERY_SECONDS: Final = 0.001
_PACKAGES: Final = "/site-packages/"
_OURS: Final = "/treenail_runtime/"
_GENERATED: Final = "/connectors/"
_LOOP: Final = "event loop"


def owner(frame: FrameType | None) -> str:
    """Whose code runs: a package, or a part of ours; the standard library works for its caller."""
    while frame is not None:
        path = frame.f_code.co_filename
        if _OURS in path:
            part = path.rpartition(_OURS)[2].partition("/")[0]
            # There the loop was started: nobody else's code is running.
            return _LOOP if part == "app" else f"treenail {part}"
        if _PACKAGES in path:
            return path.rpartition(_PACKAGES)[2].partition("/")[0].removesuffix(".py")
        if _GENERATED in path:
            return "treenail connector"
        frame = frame.f_back
    return _LOOP


class Sampler:
    """Counts samples by owner."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._samples: Counter[str] = Counter()
        self._is_on = False

    def install(self) -> None:
        """Listen to the two signals."""
        signal.signal(signal.SIGPROF, self._sample)
        # A system call that is interrupted must go on.
        signal.siginterrupt(signal.SIGPROF, False)
        signal.signal(signal.SIGUSR2, self._switch)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        self._samples[owner(frame)] += 1

    def _switch(self, _: int, frame: FrameType | None) -> None:  # noqa: ARG002  # signal's interface
        self._is_on = not self._is_on
        every = _EVERY_SECONDS if self._is_on else 0
        signal.setitimer(signal.ITIMER_PROF, every, every)
        if not self._is_on:
            unfinished = self._output.with_suffix(".part")
            unfinished.write_text(json.dumps(self._samples))
            unfinished.rename(self._output)


if __name__ == "__main__":
    Sampler(Path(sys.argv[1])).install()
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
