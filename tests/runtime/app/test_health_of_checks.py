"""A connector whose check fails is degraded, and says why, until its upstream answers again."""

from pathlib import Path

import pytest

from tests.runtime.app.test_registry import called, registry_of
from tests.support.admin_api import API, REGISTRY, administering, log_in
from tests.support.authorizing import GOOD, authorizing
from tests.support.commands import connectors_folder
from tests.support.deployment import until
from tests.support.loopback import loopback, reply
from tests.support.serving import serving_app
from treenail_runtime.app.composition import create_app

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
FAILED = "its check failed when it was last tried: "


@pytest.mark.requirement("S2-34")
@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "the credentials of the environment are refused"),
        (418, "it was answered with 418"),
        (503, "it was answered with 503"),
    ],
)
async def test_a_check_that_fails_at_the_start_degrades_the_connector_until_a_call_succeeds(
    tmp_path: Path, status: int, why: str
) -> None:
    folder = connectors_folder(tmp_path)
    async with loopback(reply(status)) as upstream:
        settings, registry = registry_of(folder, upstream_url=upstream.url)
        async with serving_app(create_app(settings, registry)) as server:
            await until(lambda: registry.health() == {"sample": "degraded"})
            (service,) = registry.services()
            health = await server.request("GET", "/health")
            upstream.replies[:] = [ITEMS]
            await called(server, "list_items")

            assert service.reason == FAILED + why
            assert (health.status, health.json["status"]) == (200, "degraded")
            assert registry.health() == {"sample": "healthy"}


@pytest.mark.requirement("S2-34")
async def test_a_login_that_the_upstream_cannot_judge_is_told_and_a_wrong_password_is_not(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, reply(401)) as site:
        root = await administering(site, "root", "admin")
        async with site.browser() as browser:
            page = await browser.authorize()
            await browser.submit(page, GOOD)
            denied = (await root.get(f"{REGISTRY}/services")).body["services"]
            site.upstream[:] = [reply(503)]
            await browser.submit(await browser.authorize(), GOOD)
            away = (await root.get(f"{REGISTRY}/services")).body["services"]
        site.upstream[:] = [ITEMS]
        await root.create("acme")
        await log_in(site, "acme")
        well = (await root.get(f"{REGISTRY}/services")).body["services"]

    assert [each["status"] for each in (*denied, *away, *well)] == [
        "healthy",
        "degraded",
        "healthy",
    ]
    assert away[0]["reason"] == f"{FAILED}it was answered with 503"


@pytest.mark.requirement("S2-34", "OWN-LIMITS")
async def test_a_server_that_one_instance_has_alone_degrades_nobody_else(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site, loopback(ITEMS) as own:
        root = await administering(site, "root", "admin")
        made = await root.create("acme", credentials="instance", server_url=own.url)
        path = f"{API}/instances/acme/credentials"
        values = {"email": "ann@example.test", "password": "p4ssw0rd", "region": "eu"}
        assert (await root.send("PUT", path, {"values": values})).status == 200
        member = await log_in(site, "acme", {"field-access_key": made.body["access_key"]})
        own.replies[:] = [reply(503)]
        called_there = [await member.call() for _ in range(12)]
        services = (await root.get(f"{REGISTRY}/services")).body["services"]
        health = await root.get("/health")

    assert "left alone" in str(called_there[-1].body)
    assert [(each["status"], each["reason"]) for each in services] == [("healthy", None)]
    assert health.body["status"] == "healthy"
