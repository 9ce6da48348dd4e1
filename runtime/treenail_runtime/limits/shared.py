"""Counters that all workers share and restarts do not reset: in Redis, or in the database.

Redis is asked directly and not through the `limits` library (5.8), whose count and time left are
two questions; one script answers both, at once and for the same moment.
"""

import asyncio
from typing import Any, Final, Protocol, cast

from treenail_runtime.auth.errors import StoreUnavailableError

from .counting import Count, CounterUnavailableError, KeyMac
from .rules import Bucket, LimitRule

PATIENCE_SECONDS: Final = 0.25
"""For Redis to answer; after that, this worker counts for itself."""

# A key that never ends would lock somebody out for ever, so the end is mended wherever it is missing.
_HIT: Final = """
local hits = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {hits, left}
"""


class RedisCounter:
    """Counts in Redis. Keys are keyed hashes: no address stands there in the clear."""

    def __init__(self, url: str, mac: KeyMac, *, patience_s: float = PATIENCE_SECONDS) -> None:
        """Count at `url`: `redis://`, `rediss://` or `unix://`; connects at the first hit.

        Raises:
            ValueError: That is no URL of a Redis.
        """
        # Here, for loading it takes a tenth of the start of a server that has none.
        from redis.asyncio import Redis  # noqa: PLC0415  # see above
        from redis.asyncio.retry import Retry  # noqa: PLC0415  # see above
        from redis.backoff import NoBackoff  # noqa: PLC0415  # see above

        # Its own three attempts would take longer than anyone here waits.
        options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
        self._redis = Redis.from_url(url, **options)  # pyright: ignore[reportUnknownMemberType]  # its options have no types
        self._mac = mac
        self._patience_s = patience_s

    async def hit(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """Count once more."""
        asked: Any = self._redis.eval(_HIT, 1, self._name(bucket, key), str(rule.window_s * 1000))
        hits, left_ms = cast("tuple[int, int]", await self._answer(asked))
        return Count(hits, left_ms / 1000)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _answer(self, question: Any) -> object:
        from redis.exceptions import RedisError  # noqa: PLC0415  # loaded by now

        try:
            async with asyncio.timeout(self._patience_s):
                return await question
        except (RedisError, OSError, TimeoutError) as error:
            raise CounterUnavailableError(type(error).__name__) from None

    def _name(self, bucket: Bucket, key: str) -> str:
        return f"treenail:{bucket}:{self._mac(bucket, key).hex()}"


class BucketStore(Protocol):
    """Where the database counts; `storage.rate_buckets.RateBucketStore` implements it."""

    async def add(self, bucket: str, key_mac: bytes, window_ms: int) -> tuple[int, int]:
        """Count once more: hits, and milliseconds until the window ends.

        Raises:
            StoreUnavailableError: The database does not answer now.
        """
        ...


class SqlCounter:
    """Counts in the database, which keeps its own limits of time."""

    def __init__(self, store: BucketStore, mac: KeyMac) -> None:
        self._store = store
        self._mac = mac

    async def hit(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """Count once more."""
        try:
            hits, left_ms = await self._store.add(
                bucket, self._mac(bucket, key), rule.window_s * 1000
            )
        except StoreUnavailableError as error:
            raise CounterUnavailableError(type(error).__name__) from None
        return Count(hits, left_ms / 1000)

    async def aclose(self) -> None:
        """Nothing: the database is somebody else's."""
