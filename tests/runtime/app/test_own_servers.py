"""Instances with servers of their own, which may be dead."""

from pathlib import Path

import pytest

from tests.support.admin_api import API, REGISTRY, Member, administering, log_in
from tests.support.authorizing import authorizing
from tests.support.loopback import loopback, reply

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
DEAD = reply(503)
MANY = 15


@pytest.mark.requirement("OWN-BREAKER", "S2-39")
async def test_a_tenant_whose_server_is_dead_closes_nothing_for_others(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site, loopback(ITEMS) as server:
        operator = await administering(site, role="admin")
        owner = await administering(site, "eve")
        members: list[Member] = []
        for slug in ("acme", "bolt"):
            assert (await operator.create(slug, server_url=server.url)).status == 201
            members.append(await log_in(site, slug))
        acme, bolt = members
        server.replies[:] = [DEAD]
        for _ in range(MANY):
            await acme.call()
        tried = len(server.requests)
        await acme.call()
        left_alone = len(server.requests)
        told = {slug: await owner.get(f"/{slug}/health") for slug in ("acme", "bolt")}
        status = await operator.get("/acme/status")
        server.replies[:] = [ITEMS]
        answer = await bolt.call()
        services = await owner.get(f"{REGISTRY}/services")
        health = await owner.get("/health")

        assert left_alone == tried
        assert {slug: each.body["status"] for slug, each in told.items()} == {
            "acme": "degraded",
            "bolt": "healthy",
        }
        assert server.url not in str(told["acme"].body)
        assert status.body["status"] == "degraded"
        assert status.body["trouble"] == f"left alone after many failures: {server.url}"
        assert answer.body["result"]["structuredContent"]["items"][0]["name"] == "Comb"
        (sample,) = services.body["services"]
        assert (sample["status"], sample["reason"]) == ("healthy", None)
        assert health.status == 200
        assert server.url not in str(services.body)
        assert (await operator.get(f"{API}/instances/acme")).body["server_url"] == server.url
