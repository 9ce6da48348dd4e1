"""A connector whose module is taken away: its calls finish, and nobody else is served."""

import asyncio
from pathlib import Path

import pytest

from tests.runtime.app.test_registry import (
    add_other,
    called,
    folder,
    forget_modules,
    listed,
    registry_of,
)
from tests.runtime.edge.admin.test_operating import admin_token
from tests.support.admin_api import API, Api
from tests.support.authorizing import authorizing
from tests.support.commands import connectors_folder
from tests.support.gate import gated
from tests.support.serving import serving_app
from tests.support.serving_oauth import serving_oauth
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.connecting import Offering
from treenail_runtime.app.registry import Registry

__all__ = ["folder", "forget_modules"]


@pytest.mark.requirement("S2-43")
async def test_a_connector_is_served_no_more_once_its_module_is_gone(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        add_other(folder)
        await registry.reload()
        module = folder / "sample.py"
        held = module.read_bytes()
        module.unlink()

        assert await registry.reload() == []

        assert (await listed(server)).status == 503
        assert (await listed(server, "/sample/mcp")).status == 503
        # What was another connector's place does not become this one's.
        assert (await listed(server, "/other/mcp")).status == 200
        other, sample = registry.services()
        assert (other.status, sample.status) == ("healthy", "unhealthy")
        assert sample.reason == "its module is gone: it is not served until it is there again"
        ready = await server.request("GET", "/readyz")
        assert ready.json["connectors"] == ["other"]

        module.write_bytes(held)
        assert await registry.reload() == ["sample"]
        assert (await listed(server)).status == 200
        assert [each.status for each in registry.services()] == ["healthy", "healthy"]


@pytest.mark.requirement("S2-43")
async def test_a_module_that_comes_back_broken_is_not_served_as_it_was(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        (folder / "sample.py").unlink()
        await registry.reload()
        (folder / "sample.py").write_text("1 +", encoding="utf-8")
        await registry.reload()

        (service,) = registry.services()
        assert (service.status, "SyntaxError" in str(service.reason)) == ("unhealthy", True)
        assert (await listed(server)).status == 503


@pytest.mark.requirement("S2-43")
async def test_a_call_finishes_on_a_module_that_is_gone(folder: Path) -> None:
    async with asyncio.timeout(20), gated() as upstream:
        settings, registry = registry_of(folder, upstream_url=upstream.url)
        async with serving_app(create_app(settings, registry)) as server:
            calling = asyncio.create_task(called(server, "wait"))
            await upstream.reached.wait()
            (folder / "sample.py").unlink()
            await registry.reload()
            assert (await listed(server)).status == 503
            upstream.opened.set()
            answer = await calling

    assert answer["result"]["structuredContent"] == {"late": True}


async def test_a_folder_that_is_away_takes_nothing_away(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        await asyncio.to_thread(folder.rename, folder.with_name("elsewhere"))

        assert await registry.reload() == []

        assert (await listed(server)).status == 200
        assert [each.status for each in registry.services()] == ["healthy"]


@pytest.mark.requirement("S2-43")
async def test_instances_of_a_connector_that_is_gone_wait_for_it(tmp_path: Path) -> None:
    modules = connectors_folder(tmp_path)
    with serving_oauth(tmp_path, "sample", connectors=modules) as served:
        api = Api(served.base_url, admin_token(served, tmp_path).read_text(encoding="utf-8"))
        await api.create("acme")
        assert (await api.get("/acme/health")).status == 200
        module = modules / "sample.py"
        held = module.read_bytes()
        module.unlink()

        reloaded = await api.post(f"{API}/connectors/reload")
        closed = [await Api(served.base_url).post(path, {}) for path in ("/mcp", "/acme/mcp")]
        health = [await api.get(path) for path in ("/acme/health", "/sample/health")]
        status = await api.get("/acme/status")
        metadata = await api.get("/.well-known/oauth-protected-resource/acme/mcp")
        made = await api.create("bolt")
        shown = await api.get(f"{API}/instances/acme")
        module.write_bytes(held)
        again = await api.post(f"{API}/connectors/reload")
        opened = await Api(served.base_url).post("/acme/mcp", {})

    assert (reloaded.body["loaded"], again.body["loaded"]) == ([], ["sample"])
    assert [each.status for each in closed] == [503, 503]
    assert all(int(each.headers["Retry-After"]) > 0 for each in closed)
    assert [(each.status, each.body["status"]) for each in health] == [(503, "unhealthy")] * 2
    assert (status.body["state"], shown.body["status"]) == ("withdrawn", "active")
    # It says where to log in, for when it is there again.
    assert metadata.status == 200
    assert made.kind == "wrong-state"
    assert opened.status == 401


@pytest.mark.requirement("S2-43")
async def test_people_find_nothing_at_a_connector_that_could_not_be_taken_up(folder: Path) -> None:
    registries = list[Registry]()
    async with authorizing(
        folder.parent, registries=registries, connectors_dir=folder, upstream_url=None
    ) as site:
        (registry,) = registries

        async def refuse(offering: Offering) -> None:
            raise ValueError(offering.connector.name)

        registry.on_change(refuse)
        add_other(folder)

        assert await registry.reload() == []

        client = Api(site.base_url)
        answers = [(await client.post(f"/{name}/mcp", {})).status for name in ("sample", "other")]
    assert answers == [401, 404]
