"""Redis only counts: without it, limits hold within each worker, and tokens know nothing of it."""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from tests.support.deployment import Deployment, Pair, deployment, until
from tests.support.redis_server import RedisServer
from tests.support.wire import Answer

LOGINS = 2
PATIENCE_SECONDS = 2.0
"""For a refresh and a tool list beside a Redis that does not answer."""


def told(redis: RedisServer, *command: str) -> Any:
    """What Redis answers."""
    client = Redis.from_url(redis.url)  # pyright: ignore[reportUnknownMemberType]  # its options have no types
    try:
        return cast("Any", client.execute_command(*command))  # pyright: ignore[reportUnknownMemberType]  # no types
    finally:
        client.close()


@contextmanager
def away(redis: RedisServer) -> Generator[None]:
    redis.stop()
    try:
        yield
    finally:
        redis.start()


@contextmanager
def silent(redis: RedisServer) -> Generator[None]:
    """It takes connections and does not answer."""
    pid = int(told(redis, "INFO", "server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def read_only(redis: RedisServer) -> Generator[None]:
    """A replica that was not told that its primary is gone."""
    told(redis, "REPLICAOF", "127.0.0.1", "1")
    try:
        yield
    finally:
        told(redis, "REPLICAOF", "NO", "ONE")


TROUBLES: tuple[Callable[[RedisServer], AbstractContextManager[None]], ...] = (
    away,
    silent,
    read_only,
)


@dataclass
class Visitor:
    """Somebody from a new address each time, who tries to log in once too often."""

    site: Deployment
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def attempts(self, address: str | None = None) -> list[int]:
        """The statuses."""
        address = address or f"203.0.113.{next(self.numbers)}"
        return [(await self._attempt(address)).status for _ in range(LOGINS + 1)]

    async def _attempt(self, address: str) -> Answer:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": address,
        }
        return await self.site.send("POST", "/login", b"txn=unknown", headers)


async def go_on(site: Deployment, pair: Pair) -> Pair:
    """Refresh and list tools, soon."""
    began = time.monotonic()
    following = Pair.of(await site.refresh(pair.refresh))
    assert (await site.list_tools(following.access)).status == 200
    assert time.monotonic() - began < PATIENCE_SECONDS
    return following


@pytest.mark.requirement("T-144")
async def test_whatever_befalls_redis_logins_stay_limited_and_tokens_good(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    limited = [400] * LOGINS + [429]
    settings = {
        "redis_url": own_redis.url,
        "trusted_proxies": "127.0.0.1",
        # All others count in Redis as well, in the way of each request.
        "rate_limits": f"login={LOGINS}/15m,token_ip=10000/1m,token_client=10000/1m",
    }
    async with (
        deployment(tmp_path, f"sqlite:///{tmp_path}/site.db") as site,
        site.server(**settings) as server,
    ):
        visitor, pair = Visitor(site), await site.log_in()
        assert await visitor.attempts() == limited
        for trouble in TROUBLES:
            with trouble(own_redis):
                assert await visitor.attempts() == limited
                pair = await go_on(site, pair)
        assert "limits.shared_unavailable" in server.told()

        own_redis.flush()
        await until(lambda: counts_again(visitor, own_redis))
        address = "203.0.113.200"
        assert await visitor.attempts(address) == limited
        own_redis.flush()
        # Each worker remembers what it has seen itself.
        assert await visitor.attempts(address) == [429] * (LOGINS + 1)
        pair = await go_on(site, pair)
        own_redis.stop()
        assert await visitor.attempts(address) == [429] * (LOGINS + 1)
        await go_on(site, pair)


async def counts_again(visitor: Visitor, redis: RedisServer) -> bool:
    await visitor.attempts()
    return bool(told(redis, "DBSIZE"))
