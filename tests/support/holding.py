"""A connector's module whose loading takes as long as the test says."""

import asyncio
import os
from pathlib import Path

_WAIT = """
import pathlib
if pathlib.Path({gate!r}).exists():
    pathlib.Path({gate!r}).read_text()
"""


class Hold:
    """The sample of a folder waits, the next time it is loaded, until it is let go."""

    def __init__(self, folder: Path) -> None:
        self._gate = folder.parent / "gate"
        os.mkfifo(self._gate)
        with (folder / "sample.py").open("a", encoding="utf-8") as module:
            module.write(_WAIT.format(gate=str(self._gate)))

    async def reached(self) -> None:
        """Wait until the module is being loaded."""
        # It can be opened for writing once it is open for reading.
        self._writer = await asyncio.to_thread(os.open, self._gate, os.O_WRONLY)

    def let_go(self) -> None:
        """Have it loaded to its end."""
        self._gate.unlink()
        os.close(self._writer)
