"""Counters in this process.

Not the memory storage of the `limits` library (5.8): after every hit it visits every key that it
holds, which took 8.7 ms of the event loop per hit at 100,000 keys, and it holds as many keys as
somebody cares to send.
"""

import hashlib
from collections import OrderedDict
from typing import Final

from treenail_runtime.clock import Stopwatch, monotonic

from .counting import Count
from .rules import Bucket, LimitRule

MOST_KEYS: Final = 100_000
"""Of one bucket: 24 MB, however long the keys are. Beyond that, whose window began first is forgotten."""

_DIGEST_BYTES: Final = 16
_DROPPED_AT_ONCE: Final = 8
"""Windows that are over go a few at a time, so that no hit pays for a whole flood."""


class MemoryCounter:
    """Counts within windows that begin with a key's first hit."""

    def __init__(self, clock: Stopwatch = monotonic, most_keys: int = MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        # Each bucket apart, so that a flood of one cannot make another forget. In the order in
        # which their windows began, which is that of their ends unless instances have windows of
        # their own lengths; a long one then keeps those behind it a while longer.
        self._buckets: dict[Bucket, OrderedDict[bytes, tuple[int, float]]] = {}

    def __len__(self) -> int:
        """How many keys are held, of all buckets."""
        return sum(map(len, self._buckets.values()))

    def hit(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """Count once more."""
        keys = self._buckets.setdefault(bucket, OrderedDict())
        now = self._clock()
        _drop_ended(keys, now)
        short = _short(key)
        known = keys.get(short)
        if known is not None and known[1] > now:
            hits, ends = known[0] + 1, known[1]
            keys[short] = (hits, ends)
            return Count(hits, ends - now)
        keys[short] = (1, now + rule.window_s)
        keys.move_to_end(short)
        if len(keys) > self._most_keys:
            keys.popitem(last=False)
        return Count(1, rule.window_s)


def _short(key: str) -> bytes:
    """What is held of a key: whoever is counted may choose a long one."""
    text = key.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()


def _drop_ended(keys: OrderedDict[bytes, tuple[int, float]], now: float) -> None:
    for _ in range(min(_DROPPED_AT_ONCE, len(keys))):
        first = next(iter(keys))
        if keys[first][1] > now:
            return
        del keys[first]
