"""Removes what has ended: in small transactions, by one worker at a time."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from .database import Database
from .removal import BATCH, Retention, Rule
from .retention import rules, sweep

__all__ = ["Cleanup", "CleanupTask", "Retention"]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST_BATCHES: Final = 20
"""Of one rule in one pass."""

_SWEEP_EVERY: Final = 60
_STOP_SECONDS: Final = 1.0

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(0x747265636C65616E)")
"""`treclean`: who holds it cleans."""


class Cleanup:
    """Knows what is due, and removes it."""

    def __init__(self, database: Database, retention: Retention | None = None) -> None:
        """Clean `database`; `retention` has good defaults."""
        periods = retention or Retention()
        self._database = database
        self._rules = rules(periods)
        self._sweep = sweep(periods)

    async def run(
        self, *, thorough: bool = False, batches: int = _MOST_BATCHES
    ) -> Mapping[str, int]:
        """Make one pass; it ends early when another worker is at it.

        Args:
            thorough: Also look at every connection for one that nothing leads to.
            batches: How often a rule may take another 500 rows.

        Returns:
            Rows by table, and `oauth_grants ended`, `oauth_connections emptied` and `oauth_tokens
            replays` (emptied, too).

        Raises:
            StoreUnavailableError: The database does not answer; what was done stays done.
        """
        counts: Counter[str] = Counter()
        for rule in (*self._rules, *self._sweep) if thorough else self._rules:
            for _ in range(batches):
                rows = await self._apply(rule)
                if rows is None:
                    return counts
                if rows:
                    counts[rule.counts] += rows
                if rows < BATCH:
                    break
        return counts

    async def _apply(self, rule: Rule) -> int | None:
        """Rows that were changed; None when another worker is at it."""

        async def work(connection: AsyncConnection) -> int | None:
            if self._database.dialect == "postgresql":
                is_ours = (await connection.execute(_LOCK)).scalar_one()
                if not is_ours:
                    return None
            return (await connection.execute(rule.statement)).rowcount

        return await self._database.write(work)


class CleanupTask:
    """Cleans in the background; a pass that fails is told and does not end it."""

    def __init__(self, cleanup: Cleanup, interval_s: float = 60) -> None:
        """Make a pass about every `interval_s` seconds, at a random moment within each."""
        self._cleanup = cleanup
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._run(), name="cleanup")

    async def stop(self) -> None:
        """End at once, also in the middle of a pass: its last transaction is rolled back."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
        self._task = None

    async def _run(self) -> None:
        number = 0
        while True:
            # Workers start together; they shall not clean together.
            await asyncio.sleep(self._interval_s * random.uniform(0.5, 1.5))  # noqa: S311  # jitter
            try:
                counts = await self._cleanup.run(thorough=number % _SWEEP_EVERY == 0)
            except Exception as error:  # noqa: BLE001  # the next pass may succeed
                log.warning("cleanup.failed", error=type(error).__name__)
            else:
                number += 1
                if counts:
                    log.info(
                        "cleanup.done", **{key.replace(" ", "_"): counts[key] for key in counts}
                    )
