"""Refreshes tokens before they are over, also of connections that nobody uses just then."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import DueRefresh

from .keeper import TokenKeeper
from .outcomes import UpkeepError
from .rules import EARLY_S

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST: Final = 100
_AT_ONCE: Final = 8


class DueTokens(Protocol):
    """Knows what has to be refreshed."""

    async def due(self, within_s: int, limit: int) -> Sequence[DueRefresh]:
        """Tokens that are over within so many seconds and may be refreshed now."""
        ...


class RefreshRounds:
    """Looks again and again for what is due.

    Args:
        due: Where it is known.
        keeper: Refreshes.
        every_s: Seconds between two rounds; jittered, so that workers do not look together.
        chance: Where chance comes from, 0 to 1.
    """

    def __init__(
        self,
        due: DueTokens,
        keeper: TokenKeeper,
        every_s: float,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._due = due
        self._keeper = keeper
        self._every_s = every_s
        self._chance = chance
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; what is being refreshed is left to the keeper."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def once(self) -> int:
        """Refresh what is due; how much that was.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        due = await self._due.due(int(EARLY_S), _MOST)
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def refresh(each: DueRefresh) -> None:
            async with at_once:
                try:
                    await self._keeper.renewed(each.connection_id, each.version)
                except (UpkeepError, StoreUnavailableError):
                    # The keeper has told the log and noted the attempt.
                    return

        await asyncio.gather(*map(refresh, due))
        return len(due)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s * (0.5 + self._chance()))
            try:
                await self.once()
            except StoreUnavailableError as error:
                log.warning("tokens.round_failed", reason=str(error))
            except Exception:
                # The boundary: a round that fails must not be the last one.
                log.exception("tokens.round_crashed")
