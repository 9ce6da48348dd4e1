"""How often who may do what, as the edge asks it: in memory, in the database, in Redis."""

import asyncio
import hashlib
import hmac
import io
import json
import tracemalloc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.redis_server import RedisServer
from treenail_runtime.limits import (
    UNLIMITED,
    Limiter,
    LimitRules,
    RedisCounter,
    SharedCounter,
    SqlCounter,
    Verdict,
)
from treenail_runtime.limits.memory import MemoryCounter
from treenail_runtime.limits.rules import LimitRule
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.rate_buckets import RateBucketStore
from treenail_runtime.storage.tables import rate_buckets

ADDRESS = "203.0.113.77"


@dataclass
class Watch:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def mac(bucket: str, key: str) -> bytes:
    return hmac.digest(b"k" * 32, f"{bucket}:{key}".encode(), hashlib.sha256)


async def hits(limiter: Limiter, count: int, key: str = ADDRESS) -> list[bool]:
    return [(await limiter.hit("login", key)).allowed for _ in range(count)]


@pytest.mark.requirement("T-069", "S0-30")
async def test_the_sixth_login_within_a_quarter_of_an_hour_has_to_wait() -> None:
    watch = Watch()
    limiter = Limiter(clock=watch)

    first = await limiter.hit("login", ADDRESS)
    assert await hits(limiter, 4) == [True] * 4
    watch.now += 600.5
    refused = await limiter.hit("login", ADDRESS)
    other = await limiter.hit("login", "203.0.113.78")

    assert first == Verdict(allowed=True, limit=5, remaining=4, reset_s=900)
    assert refused == Verdict(allowed=False, limit=5, remaining=0, reset_s=300, retry_after_s=300)
    assert other.allowed
    watch.now += 300
    assert await hits(limiter, 6) == [True] * 5 + [False]


async def test_what_is_switched_off_is_not_counted() -> None:
    limiter = Limiter(LimitRules.parsed("login=off"))

    assert await hits(limiter, 50) == [True] * 50
    assert await limiter.hit("login", ADDRESS) == UNLIMITED


def test_a_flood_of_keys_forgets_the_oldest_of_its_own_bucket() -> None:
    counter = MemoryCounter(Watch(), most_keys=100)
    rule = LimitRule(5, 900)
    counter.hit("register", "victim", rule)
    for number in range(101):
        counter.hit("login", str(number), rule)

    assert counter.hit("login", "1", rule).hits == 2
    assert counter.hit("login", "0", rule).hits == 1
    assert counter.hit("register", "victim", rule).hits == 2
    assert len(counter) == 101


def test_long_keys_take_no_more_memory_than_short_ones() -> None:
    counter = MemoryCounter(Watch())
    rule = LimitRule(5, 900)
    tracemalloc.start()
    try:
        for number in range(500):
            counter.hit("token_client", f"{number}{'x' * 60_000}", rule)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 1_000_000
    assert counter.hit("token_client", f"7{'x' * 60_000}", rule).hits == 2


def test_windows_that_are_over_are_dropped_a_few_at_a_time() -> None:
    watch = Watch()
    counter = MemoryCounter(watch)
    rule = LimitRule(5, 900)
    for number in range(100):
        counter.hit("login", str(number), rule)
    watch.now += 450
    counter.hit("login", "young", rule)
    watch.now += 450

    sizes: list[int] = []
    for _ in range(20):
        counter.hit("login", "young", rule)
        sizes.append(len(counter))

    assert sizes[0] > 80
    assert sizes[-1] == 1
    assert counter.hit("login", "young", rule).hits == 22


def sql(database: Database) -> SqlCounter:
    return SqlCounter(RateBucketStore(database), mac)


@pytest.mark.requirement("T-145")
async def test_workers_count_together_in_the_database(database: Database) -> None:
    workers = [Limiter(shared=sql(database)) for _ in range(2)]

    verdicts = [await workers[number % 2].hit("login", ADDRESS) for number in range(6)]

    assert [each.allowed for each in verdicts] == [True] * 5 + [False]
    assert [each.remaining for each in verdicts] == [4, 3, 2, 1, 0, 0]
    assert 895 <= (verdicts[5].retry_after_s or 0) <= 900


@pytest.mark.requirement("T-145")
async def test_a_restart_resets_no_login(database: Database) -> None:
    assert await hits(Limiter(shared=sql(database)), 5) == [True] * 5

    assert await hits(Limiter(shared=sql(database)), 1) == [False]


@pytest.mark.requirement("T-145")
async def test_hits_at_the_same_time_are_all_counted(database: Database) -> None:
    workers = [Limiter(shared=sql(database)) for _ in range(4)]

    verdicts = await asyncio.gather(
        *(workers[number % 4].hit("login", ADDRESS) for number in range(24))
    )

    assert sum(each.allowed for each in verdicts) == 5


async def test_the_database_begins_anew_after_the_window(database: Database) -> None:
    limiter = Limiter(shared=sql(database))
    await hits(limiter, 6)
    await travel(database, 901)

    # Another worker, since this one measures its own window by a clock that did not move.
    assert (await Limiter(shared=sql(database)).hit("login", ADDRESS)).remaining == 4


async def counted(database: Database) -> list[int]:
    async def look(connection: AsyncConnection) -> list[int]:
        return list((await connection.execute(select(rate_buckets.c.count))).scalars())

    return await database.read(look)


@pytest.mark.requirement("T-145")
async def test_whoever_is_over_by_this_workers_count_alone_costs_no_more_writes(
    database: Database,
) -> None:
    limiter = Limiter(shared=sql(database))

    assert await hits(limiter, 30) == [True] * 5 + [False] * 25
    assert await counted(database) == [5]


@pytest.mark.requirement("T-145")
async def test_the_database_holds_no_address(database: Database) -> None:
    await Limiter(shared=sql(database)).hit("login", ADDRESS)

    async def keys(connection: AsyncConnection) -> list[bytes]:
        return list((await connection.execute(select(rate_buckets.c.key_mac))).scalars())

    assert await database.read(keys) == [mac("login", ADDRESS)]


def client(url: str) -> Any:
    """Without types, as far as the library has none."""
    return Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]  # the same


@asynccontextmanager
async def counting_at(
    url: str, watch: Callable[[], float], patience_s: float = 0.25
) -> AsyncGenerator[Limiter]:
    counter: SharedCounter = RedisCounter(url, mac, patience_s=patience_s)
    limiter = Limiter(shared=counter, clock=watch)
    try:
        yield limiter
    finally:
        await limiter.aclose()


@pytest.mark.requirement("T-145")
async def test_workers_count_together_in_redis(redis_url: str) -> None:
    async with counting_at(redis_url, Watch()) as one, counting_at(redis_url, Watch()) as other:
        assert await hits(one, 3) == [True] * 3
        verdicts = await asyncio.gather(*(other.hit("login", ADDRESS) for _ in range(10)))
        refused = await one.hit("login", ADDRESS)

    assert sum(each.allowed for each in verdicts) == 2
    assert 895 <= (refused.retry_after_s or 0) <= 900


async def test_what_lies_in_the_path_of_every_call_is_counted_by_each_worker(
    redis_url: str,
) -> None:
    async with counting_at(redis_url, Watch()) as one, counting_at(redis_url, Watch()) as other:
        for bucket in ("mcp", "mcp_grant", "static"):
            await one.hit(bucket, ADDRESS)
            verdict = await other.hit(bucket, ADDRESS)
            assert verdict.remaining == (verdict.limit or 0) - 1
    redis = client(redis_url)
    assert await redis.keys() == []
    await redis.aclose()


@pytest.mark.requirement("T-145")
async def test_redis_holds_no_address_and_every_key_has_an_end(redis_url: str) -> None:
    async with counting_at(redis_url, Watch()) as limiter:
        await limiter.hit("login", ADDRESS)
    redis = client(redis_url)
    (key,) = await redis.keys()

    assert key == b"treenail:login:" + mac("login", ADDRESS).hex().encode()
    assert 0 < await redis.ttl(key) <= 900
    await redis.aclose()


async def test_a_key_that_lost_its_end_gets_one(redis_url: str) -> None:
    redis = client(redis_url)
    key = f"treenail:login:{mac('login', ADDRESS).hex()}"
    await redis.set(key, 7)
    async with counting_at(redis_url, Watch()) as limiter:
        assert not (await limiter.hit("login", ADDRESS)).allowed

    assert 0 < await redis.ttl(key) <= 900
    await redis.aclose()


@pytest.mark.requirement("T-144")
async def test_without_redis_a_worker_counts_for_itself_and_goes_on_from_what_it_saw(
    own_redis: RedisServer,
) -> None:
    watch = Watch()
    async with counting_at(own_redis.url, watch) as limiter:
        assert await hits(limiter, 3) == [True] * 3
        own_redis.stop()
        assert await hits(limiter, 3) == [True, True, False]

        own_redis.start()
        watch.now += 1.5
        assert await hits(limiter, 1) == [False]
        watch.now += 900
        async with counting_at(own_redis.url, watch) as other:
            assert (await limiter.hit("login", ADDRESS)).remaining == 4
            assert (await other.hit("login", ADDRESS)).remaining == 3


@pytest.mark.requirement("T-144")
async def test_a_redis_that_does_not_answer_is_waited_for_once() -> None:
    asked = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    watch = Watch()
    loop = asyncio.get_running_loop()
    async with counting_at(f"redis://127.0.0.1:{port}/0", watch) as limiter:
        begun = loop.time()
        assert await hits(limiter, 6) == [True] * 5 + [False]
        took = loop.time() - begun
        watch.now += 1.5
        assert await hits(limiter, 1, "203.0.113.78") == [True]
    server.close()
    await server.wait_closed()

    assert asked == 2
    assert 0.2 < took < 1.0


@pytest.mark.requirement("T-144")
async def test_a_redis_that_takes_no_writes_is_done_without(own_redis: RedisServer) -> None:
    redis = client(own_redis.url)
    await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    async with counting_at(own_redis.url, Watch()) as limiter:
        assert await hits(limiter, 6) == [True] * 5 + [False]
    await redis.aclose()


@pytest.mark.requirement("T-144")
async def test_a_failure_is_told_once_a_minute_and_without_its_address(
    own_redis: RedisServer,
) -> None:
    own_redis.stop()
    watch = Watch()
    lines = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=lines),
    )
    try:
        async with counting_at(own_redis.url, watch) as limiter:
            for _ in range(20):
                await limiter.hit("authorize", ADDRESS)
                watch.now += 5
    finally:
        structlog.reset_defaults()
    told = [json.loads(line) for line in lines.getvalue().splitlines()]

    assert [each["event"] for each in told] == ["limits.shared_unavailable"] * 2
    assert "127.0.0.1" not in lines.getvalue()
    assert ADDRESS not in lines.getvalue()


def test_what_is_no_url_of_a_redis_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisCounter("http://127.0.0.1", mac)
