"""Ends the running calls of instances that were deleted elsewhere."""

import asyncio
from typing import Final

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.edge.running import RunningCalls

from .directory import Directory

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

EVERY_S: Final = 1.0
"""Between two looks; what the directory knows may be older."""


class CallEnder:
    """Looks whether the instances that are being called still exist.

    Another worker, or the command line, may have deleted them.
    """

    def __init__(
        self, calls: RunningCalls, directory: Directory, *, every_s: float = EVERY_S
    ) -> None:
        self._calls = calls
        self._directory = directory
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except StoreUnavailableError:
                log.info("calls.not_looked_at")

    async def look(self) -> None:
        """Look once.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        for instance_id in self._calls.busy():
            if await self._directory.by_id(instance_id) is None:
                ended = self._calls.end(instance_id)
                log.info("calls.ended", instance=instance_id, count=ended)
