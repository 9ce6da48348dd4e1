"""Runs a module as `python -m` does, but no longer than standard input lasts.

The parent holds the other end and never writes. However the parent ends, `kill -9` included, the
process that was started here ends too. Started by its path, so that nothing else is imported.
"""

import os
import runpy
import signal
import sys
import threading
from typing import Final

_STDIN: Final = 0


def _end_with_stdin() -> None:
    # Not sys.stdin, whose lock this thread would still hold when the interpreter ends.
    os.read(_STDIN, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
