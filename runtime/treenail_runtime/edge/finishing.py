"""Work that is finished although its client has gone away."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from treenail_runtime.parting import part

_Result = TypeVar("_Result")

_FAREWELL_S: Final = 10.0
"""So long the end of the server waits for it."""


class Finishing:
    """Runs what must not stop halfway: done here, for example, and told to nobody."""

    def __init__(self, *, farewell_s: float = _FAREWELL_S) -> None:
        self._farewell_s = farewell_s
        self._running: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What comes of `work`, which goes on when whoever waits for it is cancelled."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Wait for what is running, and leave what takes long."""
        await part(self._running, patience_s=self._farewell_s)
