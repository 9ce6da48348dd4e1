"""Instances with a server of their own, while what is known of them is forgotten."""

import asyncio
from pathlib import Path

import pytest

from tests.support.admin_api import API, administering, log_in
from tests.support.authorizing import authorizing
from tests.support.loopback import loopback, reply

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


@pytest.mark.requirement("S2-23", "T-117")
async def test_calls_go_to_the_instances_own_server_whatever_is_forgotten_meanwhile(
    tmp_path: Path,
) -> None:
    async with loopback(ITEMS) as own, authorizing(tmp_path, ITEMS) as site:
        boss = await administering(site, role="admin")
        made = await boss.create("acme", server_url=own.url)
        assert made.status == 201, made.body
        member = await log_in(site, "acme")

        async def call() -> list[int]:
            return [(await member.call()).status for _ in range(25)]

        calling = asyncio.gather(*(call() for _ in range(4)))
        while not calling.done():
            assert (await boss.send("DELETE", f"{API}/caches")).status == 200

        assert {status for each in await calling for status in each} == {200}
        assert len(own.requests) >= 100
        assert not site.upstream_seen


@pytest.mark.requirement("S2-23")
async def test_an_instance_is_there_as_soon_as_it_is_made_though_somebody_asked_before(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, instance_cache_seconds=60) as site:
        boss = await administering(site)
        before = await boss.get("/acme/health")
        await boss.create("acme")
        after = await boss.get("/acme/health")

        assert (before.status, after.status) == (404, 200)
