"""Who may listen for changes of the tools, how much, and until when."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support.admin_api import API, administering, log_in
from tests.support.authorizing import Site, authorizing
from tests.support.commands import connectors_folder
from tests.support.deployment import until
from tests.support.listening import CHANGED, CUT, ENDED, acknowledged, listening
from tests.support.members import admit, change, port_of
from tests.support.postgres import Postgres
from treenail_runtime.app.registry import Registry
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.upstream import UpstreamClient

FRAMINGS = pytest.mark.parametrize("framing", ["kernel", "sdk"])
SOON = 0.1
"""Seconds between two looks whether those who listen still may."""


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("treenail_connectors")]:
        del sys.modules[name]


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncGenerator[tuple[Site, list[Registry]]]:
    """A server whose connector can change, and the registries of all servers."""
    registries: list[Registry] = []
    settings.setdefault("stream_check_seconds", SOON)
    async with (
        asyncio.timeout(60),
        authorizing(
            folder,
            registries=registries,
            connectors_dir=connectors_folder(folder),
            **settings,
        ) as site,
    ):
        yield site, registries


def edit(folder: Path) -> None:
    path = folder / "connectors/sample.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('name="wait"', 'name="linger"'), encoding="utf-8")


@pytest.mark.requirement("LISTEN-GATE", "MCP-LISTEN")
@FRAMINGS
async def test_a_token_opens_a_stream_and_no_token_opens_none(tmp_path: Path, framing: str) -> None:
    async with served(tmp_path, framing=framing) as (site, (registry,)):
        ann = await admit(site)
        url = f"{site.base_url}/mcp"
        async with listening(url) as without, listening(url, ann.token + "x") as wrong:
            statuses = [without.response.status, wrong.response.status]
        async with acknowledged(url, ann.token) as heard:
            edit(tmp_path)
            await registry.reload()
            word = await heard.word()

    assert statuses == [401, 401]
    assert word == CHANGED


@pytest.mark.requirement("LISTEN-GATE")
@FRAMINGS
@pytest.mark.parametrize(
    "what",
    [
        "token expired",
        "grant revoked",
        "grant over",
        "connection ended",
        "credentials changed",
        "ciphertext damaged",
    ],
)
async def test_a_stream_ends_when_its_token_opens_nothing_any_more(
    tmp_path: Path, framing: str, what: str
) -> None:
    async with served(tmp_path, framing=framing) as (site, (registry,)):
        ann, bob = await admit(site), await admit(site, email="bob@example.test")
        url = f"{site.base_url}/mcp"
        async with acknowledged(url, ann.token) as hers, acknowledged(url, bob.token) as his:
            await change(site, ann, what)

            assert await hers.rest() == [ENDED]
            edit(tmp_path)
            await registry.reload()
            assert await his.word() == CHANGED


@pytest.mark.requirement("LISTEN-GATE", "NO-SECRETS")
@FRAMINGS
async def test_an_open_stream_holds_no_opened_credentials(tmp_path: Path, framing: str) -> None:
    def opened() -> list[object]:
        gc.collect()
        kinds = (ConnectionConfig, UpstreamClient)
        return [each for each in gc.get_objects() if isinstance(each, kinds)]

    # Of other tests; held on to, so that no other object gets the identity of one.
    others = opened()
    known = {id(each) for each in others}

    def held() -> int:
        return sum(id(each) not in known for each in opened())

    async with served(tmp_path, framing=framing) as (site, _):
        ann = await admit(site)
        before = held()
        async with acknowledged(f"{site.base_url}/mcp", ann.token) as heard:
            during = held()
            # It goes on: what was let go is not needed for that.
            await change(site, ann, "grant revoked")
            words = await heard.rest()

    assert (before, during) == (0, 0)
    assert words == [ENDED]


@pytest.mark.requirement("LISTEN-GATE", "T-111")
@pytest.mark.parametrize("how", ["delete", "disable"])
async def test_a_stream_ends_with_its_instance(tmp_path: Path, how: str) -> None:
    async with served(tmp_path, instance_cache_seconds=0) as (site, (registry,)):
        api = await administering(site)
        await api.create("acme")
        await api.create("bolt")
        acme, bolt = await log_in(site, "acme"), await log_in(site, "bolt")
        async with (
            acknowledged(f"{site.base_url}/acme/mcp", acme.access) as gone,
            acknowledged(f"{site.base_url}/bolt/mcp", bolt.access) as kept,
        ):
            if how == "delete":
                await api.send("DELETE", f"{API}/instances/acme")
            else:
                await api.post(f"{API}/instances/acme/disable")
            words = await gone.rest()
            async with listening(f"{site.base_url}/acme/mcp", acme.access) as refused:
                status = refused.response.status
            edit(tmp_path)
            await registry.reload()

            assert await kept.word() == CHANGED
        assert words == [CUT if how == "delete" else ENDED]
        assert status == (404 if how == "delete" else 503)


@pytest.mark.requirement("LISTEN-BOUNDS")
@FRAMINGS
async def test_one_login_keeps_only_so_many_streams(tmp_path: Path, framing: str) -> None:
    async with served(tmp_path, framing=framing, max_streams_per_login=2) as (site, _):
        ann, bob = await admit(site), await admit(site, email="bob@example.test")
        url = f"{site.base_url}/mcp"
        async with (
            acknowledged(url, ann.token),
            acknowledged(url, ann.token),
            listening(url, ann.token) as third,
            acknowledged(url, bob.token),
        ):
            error = (await third.json())["error"]

    assert error["code"] == -32000
    assert "2 of this login are open" in error["message"]


@pytest.mark.requirement("LISTEN-BOUNDS")
async def test_one_instance_leaves_places_to_the_others(tmp_path: Path) -> None:
    async with served(tmp_path, max_streams=8, max_streams_per_login=4) as (site, _):
        api = await administering(site)
        acme, bolt = [(await api.create(name)).body["id"] for name in ("acme", "bolt")]
        bob = await admit(site, instance=bolt, slug="bolt", email="bob@example.test")
        many = [await admit(site, instance=acme, slug="acme") for _ in range(2)]
        theirs, ours = f"{site.base_url}/acme/mcp", f"{site.base_url}/bolt/mcp"
        async with AsyncExitStack() as stack:
            for each in (*many, *many, *many):
                await stack.enter_async_context(acknowledged(theirs, each.token))
            refused = await stack.enter_async_context(listening(theirs, many[0].token))
            error = (await refused.json())["error"]
            await stack.enter_async_context(acknowledged(ours, bob.token))

    assert error["code"] == -32000
    assert "6 of this instance are open" in error["message"]


@pytest.mark.requirement("LISTEN-BOUNDS")
async def test_asking_for_streams_counts_as_calling(tmp_path: Path) -> None:
    async with served(tmp_path, rate_limits="mcp_grant=1/1m") as (site, _):
        ann = await admit(site)
        url = f"{site.base_url}/mcp"
        async with acknowledged(url, ann.token), listening(url, ann.token) as second:
            assert second.response.status == 429


@pytest.mark.requirement("LISTEN-GATE")
async def test_a_database_that_is_away_ends_no_stream(
    tmp_path: Path, own_postgres: Postgres
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with served(tmp_path, database_url=own_postgres.fresh_database()) as (
            site,
            (registry,),
        ):
            ann = await admit(site)
            async with acknowledged(f"{site.base_url}/mcp", ann.token) as heard:
                own_postgres.kill()
                await until(lambda: any(each["event"] == "streams.not_checked" for each in logs))
                edit(tmp_path)
                await registry.reload()

                assert await heard.word() == CHANGED


@pytest.mark.requirement("LISTEN-GATE", "MCP-LISTEN")
async def test_servers_that_share_a_database_and_a_redis_tell_their_own_and_end_all(
    tmp_path: Path, redis_url: str
) -> None:
    async with served(tmp_path, others=1, redis_url=redis_url) as (site, registries):
        ann, bob = await admit(site), await admit(site, email="bob@example.test")
        own, other = (f"http://127.0.0.1:{port}/mcp" for port in (port_of(site), *site.ports))
        name = {"headers": {"Host": site.base_url.removeprefix("http://")}}
        async with (
            acknowledged(own, ann.token, **name) as first,
            acknowledged(other, ann.token, **name) as second,
            acknowledged(other, bob.token, **name) as his,
        ):
            edit(tmp_path)
            for registry in registries:
                await registry.reload()
            words = [await each.word() for each in (first, second, his)]
            await change(site, ann, "grant revoked")
            ends = [await each.rest() for each in (first, second)]
            async with listening(other, bob.token, **name) as still:
                status = still.response.status

    assert words == [CHANGED] * 3
    assert ends == [[ENDED]] * 2
    assert status == 200
