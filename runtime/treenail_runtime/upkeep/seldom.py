"""How often something is done again for one key."""

from collections import OrderedDict
from typing import Final

from treenail_runtime.clock import Stopwatch

WITHIN_S: Final = 60.0


class Seldom:
    """Allows a few times a minute for each key; each worker counts for itself.

    Args:
        times: How often, from the first time on.
        stopwatch: Where time comes from.
    """

    def __init__(self, times: int, stopwatch: Stopwatch) -> None:
        self._times = times
        self._stopwatch = stopwatch
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether it may be done once more now, which is counted."""
        now = self._stopwatch()
        # The oldest stand first, so that no more are kept than a minute brings.
        while self._counted and next(iter(self._counted.values()))[0] + WITHIN_S <= now:
            self._counted.popitem(last=False)
        since, count = self._counted.get(key, (now, 0))
        self._counted[key] = since, count + 1
        return count < self._times

    def take_back(self, key: str) -> None:
        """Count it once less: nothing came of it."""
        if key in self._counted:
            since, count = self._counted[key]
            self._counted[key] = since, count - 1
