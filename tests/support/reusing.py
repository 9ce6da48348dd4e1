"""A cache under a stopwatch, and upstreams that answer each time otherwise."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.upstreams import FakeTime, mocked
from treenail_runtime.contract import Endpoint, JsonBody, Retries
from treenail_runtime.measures import Cache, Measures
from treenail_runtime.upstream import AnswerCache, Owner, Reuse, UpstreamClient

KEPT = Endpoint("GET", "/things", reads=True, repeatable=True, cache_s=60.0)
WRITE = Endpoint("POST", "/things", body=JsonBody())
ANN = Owner("shop", "ann", "1")
NO_RETRIES = Retries(most=0)


@dataclass
class Upstream:
    """Counts what it is asked, and answers each time otherwise."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url}")
        return httpx.Response(
            self.status, json={"answer": len(self.asked)}, headers=dict(self.fields)
        )


@dataclass
class Counts(Measures):
    """What the cache has told."""

    hits: int = 0
    misses: int = 0
    held: tuple[int, int] = (0, 0)

    def looked_up(self, cache: Cache, *, hit: bool) -> None:
        assert cache == "responses"
        self.hits += hit
        self.misses += not hit

    def holds(self, cache: Cache, entries: int, size: int) -> None:
        assert cache == "responses"
        self.held = (entries, size)


@dataclass
class Held:
    """A cache under a stopwatch that the test moves."""

    time: FakeTime = field(default_factory=FakeTime)
    counts: Counts = field(default_factory=Counts)
    max_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        self.cache = AnswerCache(
            self.max_bytes, stopwatch=lambda: self.time.seconds, measures=self.counts
        )

    def client(
        self, upstream: Callable[[httpx.Request], Any], owner: Owner = ANN, **facts: Any
    ) -> UpstreamClient:
        """The upstream as `owner` reaches it."""
        return mocked(upstream, reuse=Reuse(self.cache, owner), **facts)


async def ask(client: UpstreamClient, endpoint: Endpoint = KEPT, **given: Any) -> bytes:
    return (await client.send(endpoint.request(**given))).body


class Gated:
    """An upstream whose reads wait until they are let go, one by one."""

    def __init__(self) -> None:
        self.asked = 0
        self.waiting: list[asyncio.Future[int]] = []
        self._grown = asyncio.Condition()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        number, status = self.asked, 200
        if request.method == "GET":
            gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            async with self._grown:
                self.waiting.append(gate)
                self._grown.notify_all()
            status = await gate
        return httpx.Response(status, json={"answer": number})

    async def reached(self, count: int) -> None:
        """Wait until so many reads have come."""
        async with asyncio.timeout(10), self._grown:
            await self._grown.wait_for(lambda: len(self.waiting) >= count)


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)
