"""What is done again and again, such as refreshing tokens that are over soon."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import DueRefresh, Served

from .keeper import TokenKeeper
from .outcomes import ReauthNeeded, UpkeepError
from .rules import EARLY_S

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST: Final = 100
_AT_ONCE: Final = 8
_UNREADABLE_S: Final = 300


class TokenRows(Protocol):
    """Knows what is to be done about tokens."""

    async def due(
        self, within_s: int, limit: int, served: Sequence[Served]
    ) -> Sequence[DueRefresh]:
        """Tokens of `served` that are over within so many seconds and may be refreshed now."""
        ...

    async def put_off(self, connection_id: str, version: int, seconds: int) -> bool:
        """Leave tokens out of `due` for so many seconds."""
        ...


async def refresh_due(
    rows: TokenRows, keeper: TokenKeeper, chance: Callable[[], float] = random.random
) -> int:
    """Refresh what is over soon, also of connections that nobody uses just then; how much that was.

    Raises:
        StoreUnavailableError: The database does not answer.
    """
    seen = set[DueRefresh]()
    while True:
        due = await rows.due(int(EARLY_S), _MOST, keeper.served)
        new = [each for each in due if each not in seen]
        seen.update(new)
        # Each worker in an order of its own: they would wait for each other at every connection.
        new.sort(key=lambda _: chance())
        await _few_at_once([_refresh(rows, keeper, each) for each in new])
        if len(due) < _MOST or not new:
            return len(seen)


async def _refresh(rows: TokenRows, keeper: TokenKeeper, due: DueRefresh) -> None:
    try:
        await keeper.refreshed(due.connection_id, due.version)
    except ReauthNeeded:
        # What is still there cannot be opened; it must not keep the others waiting.
        with suppress(StoreUnavailableError):
            await rows.put_off(due.connection_id, due.version, _UNREADABLE_S)
    except (UpkeepError, StoreUnavailableError):
        # The keeper has told the log and noted the attempt.
        return


async def _few_at_once(tasks: Sequence[Awaitable[None]]) -> None:
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def run(task: Awaitable[None]) -> None:
        async with at_once:
            await task

    await asyncio.gather(*map(run, tasks))


class Rounds:
    """Does something again and again.

    Args:
        once: One round; how much it did.
        every_s: Seconds between two; jittered, so that workers do not go round together.
        name: What the log calls it.
        chance: Where chance comes from, 0 to 1.
    """

    def __init__(
        self,
        once: Callable[[], Awaitable[int]],
        every_s: float,
        *,
        name: str = "tokens",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._once = once
        self._every_s = every_s
        self._name = name
        self._chance = chance
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """Begin the next round now."""
        self._news.set()

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, in the middle of a round, too."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._rest(self._every_s * (0.5 + self._chance()))
            try:
                await self._once()
            except StoreUnavailableError as error:
                log.warning("round.failed", what=self._name, reason=str(error))
            except Exception:
                # The boundary: a round that fails must not be the last one.
                log.exception("round.crashed", what=self._name)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()
