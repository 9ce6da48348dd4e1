"""Counters in this process.

Not the memory storage of the `limits` library (5.8): after every hit it visits every key that it
holds, which took 8.7 ms of the event loop per hit at 100,000 keys, and it holds as many keys as
somebody cares to send.
"""

import math
from collections import OrderedDict
from typing import Final

from treenail_runtime.clock import Stopwatch, monotonic

from .counting import Count
from .rules import Bucket, LimitRule

MOST_KEYS: Final = 100_000
"""Of one bucket: about 20 MB. Beyond that, who was counted longest ago is forgotten."""


class MemoryCounter:
    """Counts within windows that begin with a key's first hit."""

    def __init__(self, clock: Stopwatch = monotonic, most_keys: int = MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        # Each bucket apart, so that a flood of one cannot make another forget.
        self._buckets: dict[Bucket, OrderedDict[str, tuple[int, float]]] = {}

    def hit(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """Count once more."""
        keys = self._buckets.get(bucket)
        if keys is None:
            keys = self._buckets[bucket] = OrderedDict()
        now = self._clock()
        hits, ends = keys.get(key, (0, -math.inf))
        if ends <= now:
            hits, ends = 0, now + rule.window_s
        keys[key] = (hits + 1, ends)
        keys.move_to_end(key)
        if len(keys) > self._most_keys:
            keys.popitem(last=False)
        return Count(hits + 1, ends - now)

    def peek(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """The count as it is."""
        now = self._clock()
        keys = self._buckets.get(bucket)
        hits, ends = (0, -math.inf) if keys is None else keys.get(key, (0, -math.inf))
        return Count(0, rule.window_s) if ends <= now else Count(hits, ends - now)
