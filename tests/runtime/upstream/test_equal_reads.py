"""Reads that are on their way while others ask the same, or write."""

import asyncio

import pytest

from tests.support.reusing import ANN, NO_RETRIES, WRITE, Gated, Held, Upstream, ask, settle
from tests.support.upstreams import mocked
from treenail_runtime.contract import Endpoint, JsonBody, UpstreamRefused, UpstreamTimeout
from treenail_runtime.upstream import Owner, Reuse


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_read_that_a_write_overtakes_is_not_kept() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream)
    reading = asyncio.create_task(ask(client))
    await upstream.reached(1)

    await ask(client, WRITE, body={})
    upstream.waiting[0].set_result(200)

    assert await reading == b'{"answer":1}'
    assert held.cache.held == 0


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_read_after_a_write_does_not_wait_for_one_before_it() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream)
    before = asyncio.create_task(ask(client))
    await upstream.reached(1)
    await ask(client, WRITE, body={})

    after = asyncio.create_task(ask(client))
    await upstream.reached(2)
    upstream.waiting[1].set_result(200)

    assert await after == b'{"answer":3}'
    upstream.waiting[0].set_result(200)
    assert await before == b'{"answer":1}'
    assert await ask(client) == b'{"answer":3}'


@pytest.mark.requirement("CACHE-FLIGHT", "CACHE-TOLD")
async def test_of_equal_reads_at_one_time_one_is_sent() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream)
    reading = [asyncio.create_task(ask(client)) for _ in range(5)]
    await upstream.reached(1)
    await settle()

    upstream.waiting[0].set_result(200)

    assert set(await asyncio.gather(*reading)) == {b'{"answer":1}'}
    assert upstream.asked == 1
    assert (held.counts.hits, held.counts.misses) == (4, 1)


@pytest.mark.requirement("CACHE-FLIGHT")
async def test_strangers_wait_for_nobody() -> None:
    held, upstream = Held(), Gated()
    ann = asyncio.create_task(ask(held.client(upstream)))
    bob = asyncio.create_task(ask(held.client(upstream, Owner("shop", "bob", "1"))))

    await upstream.reached(2)
    for gate in upstream.waiting:
        gate.set_result(200)

    assert {await ann, await bob} == {b'{"answer":1}', b'{"answer":2}'}


@pytest.mark.requirement("CACHE-FLIGHT")
async def test_a_failure_is_nobody_elses() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream, retries=NO_RETRIES)
    first = asyncio.create_task(ask(client))
    await upstream.reached(1)
    second = asyncio.create_task(ask(client))
    await settle()

    upstream.waiting[0].set_result(404)
    await upstream.reached(2)
    upstream.waiting[1].set_result(200)

    with pytest.raises(UpstreamRefused):
        await first
    assert await second == b'{"answer":2}'


@pytest.mark.requirement("CACHE-FLIGHT")
async def test_a_call_that_ends_takes_no_other_with_it() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream)
    first = asyncio.create_task(ask(client))
    await upstream.reached(1)
    second = asyncio.create_task(ask(client))
    await settle()

    first.cancel()
    await upstream.reached(2)
    upstream.waiting[1].set_result(200)

    assert await second == b'{"answer":2}'
    assert first.cancelled()


@pytest.mark.requirement("CACHE-FLIGHT")
async def test_a_read_that_is_stuck_holds_up_an_equal_one_for_a_part_of_its_time() -> None:
    held, upstream = Held(), Gated()
    client = held.client(upstream)
    hasty = Endpoint("GET", "/things", reads=True, cache_s=60.0, timeout_s=0.4)
    first = asyncio.create_task(ask(client, hasty))
    await upstream.reached(1)

    second = asyncio.create_task(ask(client, hasty))
    await upstream.reached(2)
    upstream.waiting[1].set_result(200)

    assert await second == b'{"answer":2}'
    with pytest.raises(UpstreamTimeout):
        await first


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_write_does_not_fail_because_telling_of_it_takes_long() -> None:
    held, told = Held(), asyncio.Event()

    async def tell() -> None:
        asyncio.get_running_loop().call_later(0.3, told.set)
        await told.wait()

    client = mocked(Upstream(), reuse=Reuse(held.cache, ANN, tell))
    hasty = Endpoint("POST", "/things", body=JsonBody(), timeout_s=0.1)

    assert await ask(client, hasty, body={}) == b'{"answer":1}'
    assert told.is_set()
