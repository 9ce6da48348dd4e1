"""Caches cleared and connectors loaded again over the admin API, in every worker."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.admin_api import API, Api, administering, log_in
from tests.support.authorizing import Site, authorizing
from tests.support.commands import connectors_folder
from tests.support.deployment import until
from tests.support.holding import Hold
from tests.support.loopback import reply
from tests.support.serving_oauth import Served, serving_oauth
from tests.support.upstream_accounts import office
from treenail_runtime.app.registry import Registry
from treenail_runtime.storage.tables import audit_events

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
SLOW = 60
"""Seconds for which an instance is believed: longer than any of these tests waits."""


async def is_open(site: Site, slug: str) -> bool:
    answer = await Api(site.base_url).post(f"/{slug}/mcp", {})
    assert answer.status in {401, 503}
    return answer.status == 401


def entries(told: Any) -> dict[str, int]:
    return {each["name"]: each["entries"] for each in told["caches"]}


@pytest.mark.requirement("S2-06", "S2-26", "S2-27")
@pytest.mark.parametrize("path", ["", "/instances/acme", "/services/sample"])
async def test_what_is_held_is_read_again_when_an_administrator_says_so(
    tmp_path: Path, path: str
) -> None:
    async with authorizing(tmp_path, instance_cache_seconds=SLOW) as site:
        root = await administering(site, "root", "admin")
        made = await root.create("acme")
        assert await is_open(site, "acme")
        await site.instances.set_status(made.body["id"], "disabled")
        assert await is_open(site, "acme")

        cleared = await root.send("DELETE", f"{API}/caches{path}")

        assert cleared.status == 200
        assert cleared.body["told"] == "this-server"
        assert cleared.body["entries"] >= 1
        assert not await is_open(site, "acme")
        told = {(row.type, "clear-caches" in str(row)) for row in await site.rows(audit_events)}
        assert ("admin.acted", True) in told


@pytest.mark.requirement("S2-26", "S2-21")
async def test_clearing_one_instance_leaves_what_is_held_of_others(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        site = desk.town.site
        root = await administering(site, "root", "admin")
        for slug in ("acme", "bolt"):
            begun = await desk.connect(slug)
            member = await log_in(site, slug, {"field-access_key": begun.body["access_key"]})
            assert (await member.call()).status == 200
        before = (await root.get(f"{API}/caches")).body
        one = await desk.api.send("DELETE", f"{API}/caches/instances/acme")
        after = (await root.get(f"{API}/caches")).body
        rest = await root.send("DELETE", f"{API}/caches/services/sample")
        none = (await root.get(f"{API}/caches")).body

        assert (entries(before)["tokens"], entries(after)["tokens"]) == (2, 1)
        assert (one.body["entries"], rest.status) == (2, 200)
        assert entries(none)["tokens"] == 0


@pytest.mark.requirement("S2-36", "S2-06", "S2-45")
async def test_statistics_tell_how_often_something_was_at_hand(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        site = desk.town.site
        root = await administering(site, "root", "admin")
        begun = await desk.connect()
        member = await log_in(site, "acme", {"field-access_key": begun.body["access_key"]})
        first = await root.get(f"{API}/caches")
        for _ in range(5):
            await member.call()
        second = await root.get(f"{API}/caches")

    before = {each["name"]: each for each in first.body["caches"]}
    after = {each["name"]: each for each in second.body["caches"]}
    assert {"instances", "tokens", "client_tokens"} <= after.keys()
    assert after["tokens"]["hits"] - before["tokens"]["hits"] >= 4
    assert after["tokens"]["misses"] - before["tokens"]["misses"] == 1
    assert after["instances"]["hits"] > before["instances"]["hits"]
    assert all(0 <= each["entries"] <= each["most"] for each in after.values())
    assert first.body["worker"] == second.body["worker"]


@pytest.mark.requirement("S2-40")
async def test_an_owner_clears_what_is_theirs_and_nothing_else(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        ann, bob = await administering(site, "ann"), await administering(site, "bob")
        await ann.create("acme")
        refused = [
            await ann.send(method, f"{API}/{path}")
            for method, path in (
                ("GET", "caches"),
                ("DELETE", "caches"),
                ("DELETE", "caches/services/sample"),
                ("POST", "connectors/reload"),
                ("POST", "connectors/sample/reload"),
            )
        ]

        assert {(each.status, each.kind) for each in refused} == {(403, "not-allowed")}
        assert (await ann.send("DELETE", f"{API}/caches/instances/acme")).status == 200
        assert (await bob.send("DELETE", f"{API}/caches/instances/acme")).status == 404
        assert (await ann.send("DELETE", f"{API}/caches/instances/sample")).status == 404
        assert (await Api(site.base_url).send("DELETE", f"{API}/caches")).status == 401


async def test_what_does_not_exist_is_told(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        root = await administering(site, "root", "admin")
        answers = [
            await root.send("DELETE", f"{API}/caches/instances/none"),
            await root.send("DELETE", f"{API}/caches/services/none"),
            await root.send("POST", f"{API}/connectors/none/reload"),
        ]

        kinds = ["unknown-instance", "unknown-service", "unknown-service"]
        assert [each.kind for each in answers] == kinds
        for place in ("default", "sample"):
            cleared = await root.send("DELETE", f"{API}/caches/instances/{place}")
            assert cleared.status == 200


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "sample.py"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.mark.requirement("S2-43")
async def test_a_reload_whose_client_goes_away_is_finished_and_told(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    registries: list[Registry] = []
    async with authorizing(tmp_path, registries=registries, connectors_dir=folder) as site:
        root = await administering(site, "root", "admin")
        edit(folder, 'name="wait"', 'name="linger"')
        hold = Hold(folder)
        asking = asyncio.create_task(root.post(f"{API}/connectors/reload"))
        await hold.reached()
        asking.cancel()
        # Answered behind the end of the connection, which the server has seen by then.
        await Api(site.base_url).get("/healthz")
        hold.let_go()

        async def is_recorded() -> bool:
            return any("reload-connectors" in str(row) for row in await site.rows(audit_events))

        await until(is_recorded)
        again = await root.post(f"{API}/connectors/reload")

    assert "linger" in {tool.name for tool in registries[0].connectors["sample"].tools}
    assert again.body["loaded"] == []


@pytest.mark.requirement("S2-43", "S2-26")
async def test_a_reload_of_one_connector_leaves_what_is_held_of_the_others(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    text = (folder / "sample.py").read_text(encoding="utf-8")
    (folder / "other.py").write_text(
        text.replace('name="sample"', 'name="other"'), encoding="utf-8"
    )
    async with authorizing(
        tmp_path,
        registries=[],
        connectors_dir=folder,
        upstream_url=None,
        instance_cache_seconds=SLOW,
    ) as site:
        root = await administering(site, "root", "admin")
        made = await root.create("acme")
        assert await is_open(site, "acme")
        await site.instances.set_status(made.body["id"], "disabled")

        assert (await root.post(f"{API}/connectors/other/reload")).body["loaded"] == ["other"]
        assert await is_open(site, "acme")

        assert (await root.post(f"{API}/connectors/sample/reload")).body["loaded"] == ["sample"]
        assert not await is_open(site, "acme")


def admin_token(served: Served, folder: Path) -> Path:
    """A file with one."""
    made = served.treenail("admin", "tokens", "create", "--owner", "root", "--role", "admin")
    path = folder / "token"
    path.write_text(re.findall(r"^token: (\S+)$", made, re.MULTILINE)[0], encoding="utf-8")
    return path


@pytest.mark.requirement("S2-43", "S2-26")
async def test_without_redis_one_worker_that_is_asked_has_the_others_do_the_same(
    tmp_path: Path,
) -> None:
    folder = connectors_folder(tmp_path)
    with serving_oauth(tmp_path, "sample", connectors=folder, workers=3) as served:
        token = admin_token(served, tmp_path)
        api = Api(served.base_url, token.read_text(encoding="utf-8"))
        edit(folder, 'title="Get item"', 'title="Fetch it"')

        loaded = await api.post(f"{API}/connectors/reload")
        await until(lambda: len(served.logged("connector.loaded")) == 3)
        again = await api.post(f"{API}/connectors/reload")
        forced = await api.post(f"{API}/connectors/sample/reload")
        await until(lambda: len(served.logged("connector.loaded")) == 6)
        cleared = await api.send("DELETE", f"{API}/caches")
        await until(lambda: len(served.logged("caches.forgotten")) == 2)

    assert loaded.body == {
        "loaded": ["sample"],
        "services": [{"name": "sample", "status": "healthy", "reason": None}],
        "told": "this-server",
    }
    assert again.body["loaded"] == []
    assert forced.body["loaded"] == ["sample"]
    assert cleared.body["told"] == "this-server"
    assert {line["what"] for line in served.logged("caches.forgotten")} == {"all"}


@pytest.mark.requirement("S2-43")
async def test_a_module_that_cannot_be_loaded_is_told_to_whoever_asked(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    with serving_oauth(tmp_path, "sample", connectors=folder) as served:
        token = admin_token(served, tmp_path)
        (folder / "sample.py").write_text("1 +", encoding="utf-8")
        told = served.treenail("connectors", "reload", *_to(served, token))

    assert told.startswith("loaded: nothing has changed\nsample  degraded  what was loaded before")
    assert "SyntaxError" in told


@pytest.mark.requirement("S2-43", "S2-26", "S2-36")
async def test_commands_reach_a_server_by_its_admin_api(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    with serving_oauth(tmp_path, "sample", connectors=folder) as served:
        token = admin_token(served, tmp_path)
        edit(folder, 'title="Get item"', 'title="Fetch it"')
        loaded = served.treenail("connectors", "reload", *_to(served, token))
        forced = served.treenail("connectors", "reload", "sample", *_to(served, token))
        cleared = served.treenail("cache", "clear", "--all", *_to(served, token))
        figures = json.loads(served.treenail("cache", "show", *_to(served, token)))

    assert loaded == forced == "loaded: sample\nsample  healthy\n"
    assert cleared == f"told the workers of {served.base_url}\n"
    assert "tokens" in entries(figures)


@pytest.mark.requirement("S2-43")
async def test_by_way_of_redis_a_command_reaches_every_server(
    tmp_path: Path, redis_url: str
) -> None:
    folder = connectors_folder(tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    with (
        serving_oauth(one, "sample", connectors=folder, redis_url=redis_url) as first,
        serving_oauth(two, "sample", connectors=folder, redis_url=redis_url) as second,
    ):
        for each in (first, second):
            await until(lambda each=each: bool(each.logged("caches.listening")))
        edit(folder, 'title="Get item"', 'title="Fetch it"')
        told = first.treenail("connectors", "reload")
        for each in (first, second):
            await until(lambda each=each: len(each.logged("connector.loaded")) == 1)
        api = Api(first.base_url, admin_token(first, one).read_text(encoding="utf-8"))
        forced = await api.post(f"{API}/connectors/sample/reload")
        await until(lambda: len(second.logged("connector.loaded")) == 2)
        cleared = await api.send("DELETE", f"{API}/caches/services/sample")
        await until(lambda: bool(second.logged("caches.forgotten")))

    assert told.startswith("told")
    assert forced.body["told"] == cleared.body["told"] == "all-servers"
    # What it has told itself, it does not do a second time.
    assert len(first.logged("connector.loaded")) == 2


def _to(served: Served, token: Path) -> tuple[str, ...]:
    return ("--server", served.base_url, "--token-file", str(token))
