"""What the counters tell of refreshes, circuits, caches and instances, as Prometheus reads them."""

import asyncio
from pathlib import Path

import pytest

from tests.runtime.app.test_metrics import called, scraped, total
from tests.support.admin_api import administering, log_in
from tests.support.authorizing import authorizing
from tests.support.client_grants import shop
from tests.support.commands import ENVIRONMENT, command, connectors_folder
from tests.support.loopback import reply
from tests.support.ports import free_port
from tests.support.provider_login import Tokens, Town, town

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


async def count(port: int, name: str, **labels: str) -> float:
    return total(await scraped(port), f"treenail_{name}_total", **labels)


async def over(place: Town) -> Tokens:
    """Somebody new, whose upstream token is over already."""
    tokens = await place.connect(region="eu")
    await place.expire()
    return tokens


@pytest.mark.requirement("S2-07", "S2-33")
async def test_each_refresh_is_counted_by_what_came_of_it(tmp_path: Path) -> None:
    port = free_port()
    async with town(tmp_path, metrics_port=port) as place:
        tokens = await over(place)
        good = [(await tokens.call()).status for _ in range(3)]
        tokens = await over(place)
        place.fake.switches.fall_ill("error", "token")
        away = (await tokens.call()).status
        place.fake.switches.recover()
        tokens = await over(place)
        place.fake.switches.refuses_refresh = True
        ended = (await tokens.call()).status
        told = {
            each: await count(port, "token_refreshes", outcome=each)
            for each in ("refreshed", "failed", "reauth")
        }

    assert (good, away, ended) == ([200, 200, 200], 503, 401)
    assert told == {"refreshed": 1, "failed": 1, "reauth": 1}


@pytest.mark.requirement("S2-33", "S2-34")
async def test_a_circuit_that_opens_is_counted_once(tmp_path: Path) -> None:
    folder, port, metrics_port = connectors_folder(tmp_path), free_port(), free_port()
    settings = {"TREENAIL_METRICS_PORT": str(metrics_port), "TREENAIL_PORT": str(port)}
    gone = f"http://127.0.0.1:{free_port()}"
    async with asyncio.timeout(60):
        arguments = ("serve", "--no-auth", "--upstream-url", gone)
        async with command(
            *arguments, folder=folder, environment={**ENVIRONMENT, **settings}
        ) as server:
            await server.line()
            before = await count(metrics_port, "upstream_circuit_opened", connector="sample")
            for _ in range(15):
                await called(port, "get_item", {"item_id": "i-1"})
            after = await scraped(metrics_port)

    assert before == 0
    assert total(after, "treenail_upstream_circuit_opened_total", connector="sample") == 1
    # Those that found the circuit open never left.
    tried = total(after, "treenail_upstream_requests_total", connector="sample", status="none")
    assert 10 <= tried < 15


@pytest.mark.requirement("S2-33", "S2-34")
async def test_a_provider_that_is_left_alone_is_counted_once(tmp_path: Path) -> None:
    port = free_port()
    async with town(tmp_path, metrics_port=port) as place:
        people = [await place.connect(region="eu") for _ in range(6)]
        await place.expire()
        place.fake.switches.fall_ill("error", "token")
        statuses = {(await each.call()).status for each in people}
        circuits = {
            each: await count(port, "provider_circuit_opened", connector="sample", circuit=each)
            for each in ("provider", "instance")
        }

    assert statuses == {503}
    # All of them use one instance: what concerns the provider concerns it as well.
    assert circuits == {"provider": 1, "instance": 1}


@pytest.mark.requirement("S2-36", "S2-07")
async def test_looks_into_caches_are_counted(tmp_path: Path) -> None:
    port = free_port()
    async with town(tmp_path, metrics_port=port) as place:
        tokens = await place.connect(region="eu")
        for _ in range(4):
            assert (await tokens.call()).status == 200
        hits = await count(port, "cache_lookups", cache="tokens", outcome="hit")
        misses = await count(port, "cache_lookups", cache="tokens", outcome="miss")

    # Each call looks twice: before anything is said of it, and when it is sent.
    assert (hits, misses) == (7, 1)


@pytest.mark.requirement("S2-36", "S2-07")
async def test_looks_for_tokens_of_clients_are_counted(tmp_path: Path) -> None:
    port = free_port()
    async with shop(tmp_path, metrics_port=port) as place:
        tokens = await place.connect()
        for _ in range(4):
            assert (await tokens.call()).status == 200
        looks = [
            await count(port, "cache_lookups", cache="client_tokens", outcome=each)
            for each in ("hit", "miss")
        ]

    assert looks == [7, 1]


@pytest.mark.requirement("S2-21", "S2-07")
async def test_requests_and_looks_are_counted_by_instance(tmp_path: Path) -> None:
    port = free_port()
    async with authorizing(tmp_path, ITEMS, metrics_port=port, instance_cache_seconds=60) as site:
        api = await administering(site)
        for slug, calls in (("acme", 3), ("bolt", 1)):
            await api.create(slug)
            member = await log_in(site, slug)
            for _ in range(calls):
                assert (await member.call()).status == 200
        told = await scraped(port)

    served = "treenail_instance_requests_total"
    assert [total(told, served, instance=each) for each in ("/acme", "/bolt")] == [3, 1]
    looks = "treenail_cache_lookups_total"
    assert total(told, looks, cache="instances", outcome="hit") >= 4
    assert total(told, looks, cache="instances", outcome="miss") >= 2
