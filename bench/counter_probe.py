"""One rate limiter in a process of its own: CPU and wall microseconds per hit, printed.

Usage: counter_probe.py COUNTER KEYS HITS [REDIS_URL]. A hit counts once more and tells whether it
is allowed, what remains and when the window ends. After each, other tasks have their turn, as they
have in a server.
"""

import asyncio
import hashlib
import hmac
import random
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Final, TypeAlias

import uvloop

Hit: TypeAlias = Callable[[str], Awaitable[bool]]
"""Counts a key; whether it is allowed."""

_LIMIT: Final = 900_000_000


def ours(redis_url: str | None) -> Hit:
    """The product's limiter."""
    from treenail_runtime import limits  # noqa: PLC0415  # absent beside the peer

    rules = limits.LimitRules.parsed(f"mcp_grant={_LIMIT}/1h,login={_LIMIT}/1h")
    if redis_url is None:
        limiter = limits.Limiter(rules)
        return lambda key: _allowed(limiter.hit("mcp_grant", key))

    def mac(bucket: str, key: str) -> bytes:
        return hmac.digest(b"k" * 32, f"{bucket}:{key}".encode(), hashlib.sha256)

    shared = limits.Limiter(rules, limits.RedisCounter(redis_url, mac, patience_s=5))
    return lambda key: _allowed(shared.hit("login", key))


async def _allowed(verdict: Awaitable[Any]) -> bool:
    allowed: bool = (await verdict).allowed
    return allowed


def theirs(redis_url: str | None) -> Hit:
    """`limits`, for asyncio: fixed windows as well, and redis-py as well."""
    storages: Any = import_module("limits.aio.storage")
    strategies: Any = import_module("limits.aio.strategies")
    item: Any = import_module("limits").RateLimitItemPerHour(_LIMIT)
    storage = (
        storages.MemoryStorage()
        if redis_url is None
        else storages.RedisStorage(f"async+{redis_url}", implementation="redispy")
    )
    limiter = strategies.FixedWindowRateLimiter(storage)

    async def hit(key: str) -> bool:
        allowed: bool = await limiter.hit(item, key)
        await limiter.get_window_stats(item, key)
        return allowed

    return hit


COUNTERS: Final = {"treenail": ours, "limits": theirs}


async def measure(counter: str, keys: int, hits: int, redis_url: str | None) -> tuple[float, float]:
    """CPU and wall microseconds of a hit, among as many keys."""
    hit = COUNTERS[counter](redis_url)
    names = [f"key-{number}" for number in range(keys)]
    for name in names:
        await hit(name)
    chance = random.Random(1)  # noqa: S311  # nobody has to guess it
    chosen = chance.choices(names, k=hits)
    await asyncio.sleep(0.1)
    before, start = time.process_time(), time.perf_counter()
    for name in chosen:
        if not await hit(name):
            raise RuntimeError("refused")
        await asyncio.sleep(0)
    return (time.process_time() - before) / hits * 1e6, (time.perf_counter() - start) / hits * 1e6


if __name__ == "__main__":
    who, number_of_keys, number_of_hits, *url = sys.argv[1:]
    found = measure(who, int(number_of_keys), int(number_of_hits), url[0] if url else None)
    print(*uvloop.run(found))
