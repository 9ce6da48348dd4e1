"""Remembers what providers said about themselves; asks once, however many want to know."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from treenail_runtime.clock import Clock

from .errors import ProviderUnavailable

T = TypeVar("T")

_PAUSE: Final = timedelta(minutes=1)
_FOR_EVER: Final = timedelta.max


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    since: datetime


class Memory(Generic[T]):
    """Values by name; there are as many as connectors name, so none is thrown out.

    Args:
        clock: The time of day.
        lifetime: How long a value is good; after that it is only for when nothing newer is to be
            had.
    """

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._kept: dict[str, _Kept[T]] = {}
        self._asking: dict[str, asyncio.Task[T]] = {}

    async def value(
        self, name: str, ask: Callable[[], Awaitable[T]], *, no_older: timedelta = _FOR_EVER
    ) -> T:
        """The value of that name, asked for anew when the known one is older than allowed.

        Raises:
            ProviderError: As `ask` raises it. While a provider is unavailable, what it said before
                holds, unless something newer was demanded.
        """
        kept = self._kept.get(name)
        if kept and self._clock() - kept.since < min(self._lifetime, no_older):
            return kept.value
        asking = self._asked(name, ask)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            if asking.cancelled():
                raise ProviderUnavailable("the server ends") from None
            raise
        except ProviderUnavailable:
            if kept is None or no_older != _FOR_EVER:
                raise
            # Not at once again: each caller would wait for a provider that hangs.
            self._kept[name] = _Kept(kept.value, self._clock() - self._lifetime + _PAUSE)
            return kept.value

    async def aclose(self) -> None:
        """Give up whatever is being asked."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _asked(self, name: str, ask: Callable[[], Awaitable[T]]) -> "asyncio.Task[T]":
        # A task of its own: whoever gives up first must not end it for the others.
        task = self._asking.get(name)
        if task is None:
            task = asyncio.create_task(self._ask(name, ask))
            self._asking[name] = task
            task.add_done_callback(lambda done: self._ended(name, done))
        return task

    async def _ask(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        value = await ask()
        self._kept[name] = _Kept(value, self._clock())
        return value

    def _ended(self, name: str, task: "asyncio.Task[T]") -> None:
        del self._asking[name]
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more
