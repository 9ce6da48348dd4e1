"""The requests of each instance that are being served, so that they can end with it."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

_MOST: Final = 10_000
"""Instances whose figures are kept."""


@dataclass(slots=True)
class _Tally:
    total: int = 0
    running: "set[RunningCall]" = field(default_factory=set["RunningCall"])


class RunningCalls:
    """Counts them, and ends them."""

    def __init__(self) -> None:
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def of(self, instance_id: str) -> "RunningCall":
        """One more, for `with`."""
        tally = self._tallies.get(instance_id)
        if tally is None:
            self._make_room()
            tally = self._tallies[instance_id] = _Tally()
        return RunningCall(tally)

    def end(self, instance_id: str) -> int:
        """End all of an instance; how many there were."""
        tally = self._tallies.pop(instance_id, None)
        running = [] if tally is None else list(tally.running)
        for call in running:
            call.end()
        return len(running)

    def running(self, instance_id: str) -> int:
        """How many there are now."""
        tally = self._tallies.get(instance_id)
        return 0 if tally is None else len(tally.running)

    def total(self, instance_id: str) -> int:
        """How many there were since this process began, as far as it remembers."""
        tally = self._tallies.get(instance_id)
        return 0 if tally is None else tally.total

    def busy(self) -> list[str]:
        """The instances with a request that is being served."""
        return [name for name, tally in self._tallies.items() if tally.running]

    def _make_room(self) -> None:
        while len(self._tallies) >= _MOST:
            name = next((name for name, each in self._tallies.items() if not each.running), None)
            if name is None:
                return
            del self._tallies[name]


class RunningCall:
    """`with`: ends quietly when its instance does.

    Attributes:
        is_ended: Whether that has happened, so that there is no answer.
    """

    def __init__(self, tally: _Tally) -> None:
        self.is_ended = False
        self._tally = tally
        self._task: asyncio.Task[object] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._tally.total += 1
        self._tally.running.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._tally.running.discard(self)
        if not self.is_ended or self._task is None:
            return False
        left = self._task.uncancel()
        return kind is asyncio.CancelledError and left == 0

    def end(self) -> None:
        """Stop working for it."""
        if not self.is_ended and self._task is not None:
            self.is_ended = True
            self._task.cancel()
