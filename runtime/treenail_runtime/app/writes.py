"""Counts what connections write: what was answered before is then given again by no worker.

The answer to a write may be lost, and whoever lost it looks elsewhere for what became of it. So a
count outlasts its call, and one that fails is made up for.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.parting import part
from treenail_runtime.storage.connections import ConnectionStore

ROUND_S: Final = 2.0
"""Between two attempts to count what could not be counted."""

_FAREWELL_S: Final = 2.0

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Writes:
    """Those of one worker.

    Args:
        connections: Where they are counted.
    """

    def __init__(self, connections: ConnectionStore) -> None:
        self._connections = connections
        self._running: set[asyncio.Task[bool]] = set()
        self._uncounted: set[str] = set()

    async def note(self, connection_id: str) -> None:
        """Count that a connection wrote; never fails, and goes on when the caller is cancelled."""
        await self._counted(connection_id)

    async def work_off(self) -> int:
        """Count what could not be counted before; how much that was."""
        count = 0
        # Once for each at most: one that fails again waits for the next round.
        for connection_id in [*self._uncounted]:
            self._uncounted.discard(connection_id)
            if not await self._counted(connection_id):
                break
            count += 1
        return count

    async def aclose(self) -> None:
        """Have everything counted that can be soon."""
        if self._running:
            await asyncio.wait(self._running, timeout=_FAREWELL_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self.work_off()
        left = await part(self._running, patience_s=0)
        if left or self._uncounted:
            log.error("connection.writes_lost", count=left + len(self._uncounted))

    async def _counted(self, connection_id: str) -> bool:
        task = asyncio.create_task(self._count(connection_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _count(self, connection_id: str) -> bool:
        try:
            await self._connections.note_write(connection_id)
        except StoreUnavailableError as error:
            log.warning("connection.write_not_counted", reason=str(error))
        except Exception:
            # The boundary: what was written must not be told as a failure.
            log.exception("connection.write_not_counted")
        else:
            return True
        self._uncounted.add(connection_id)
        return False
