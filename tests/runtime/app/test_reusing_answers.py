"""Answers that a running server gives again: whose they are, across logins, workers and instances."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import pytest
import structlog
from pydantic import Field

from tests.support import sample
from tests.support.admin_api import API, administering
from tests.support.authorizing import SECRET, Site, authorizing
from tests.support.commands import connectors_folder, run
from tests.support.deployment import until
from tests.support.loopback import Loopback, loopback, reply
from tests.support.members import Member, admit, change
from tests.support.wire import modern, modern_headers
from treenail_runtime.app.reusing import Reuses
from treenail_runtime.app.upstreams import Upstreams
from treenail_runtime.app.writes import Writes
from treenail_runtime.contract import (
    Endpoint,
    Input,
    JsonBody,
    JsonObject,
    Tool,
    ToolContext,
    UpstreamAnswer,
)
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.storage.tables import connections
from treenail_runtime.upstream import AiohttpTransport, AnswerCache, Owner

KEPT = Endpoint("GET", "/items", reads=True, cache_s=60.0, timeout_s=5)
WRITTEN = Endpoint("POST", "/items", body=JsonBody(), timeout_s=5)
NO_COUNTS = f"""
    CREATE TRIGGER no_counts BEFORE UPDATE OF writes ON {connections.name}
    BEGIN SELECT RAISE(ABORT, 'not now'); END
"""
COUNTS = "DROP TRIGGER no_counts"
OK = reply(200, b'{"id":"i-1"}', "Content-Type: application/json")


class Read(Input):
    """Arguments of read."""

    name: Annotated[str, Field(description="Whose.")] = "a"


async def read(arguments: Read, context: ToolContext) -> JsonObject:
    return await context.call(KEPT, query={"name": arguments.name})


async def write(_: Read, context: ToolContext) -> JsonObject:
    return await context.call(WRITTEN, body={})


async def look(_: Read, context: ToolContext) -> JsonObject:
    return await context.call(replace(KEPT, cache_s=0.0, path="/things"))


async def check(context: ToolContext) -> JsonObject:
    return await context.call(KEPT, query={"name": "a"})


def tool(run: Any, annotations: Any = sample.READS, **more: Any) -> Tool:
    name = run.__name__
    return Tool(
        name=name, description=name, arguments=Read, run=run, annotations=annotations, **more
    )


FITTING = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
CONNECTOR = replace(
    sample.CONNECTOR,
    check=replace(sample.CONNECTOR.check, run=check) if sample.CONNECTOR.check else None,
    tools=(
        tool(read),
        tool(write, sample.WRITES),
        tool(look),
        replace(tool(read, output_schema=FITTING, strict_output=True), name="read_exactly"),
    ),
)


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncGenerator[tuple[Site, Loopback]]:
    async with (
        loopback(OK) as upstream,
        authorizing(folder, connector=CONNECTOR, upstream_url=upstream.url, **settings) as site,
    ):
        yield site, upstream


async def call(
    site: Site,
    member: Member,
    name: str = "read",
    port: int | None = None,
    path: str = "/mcp",
) -> bool:
    """Whether a call succeeds, at the server of that port."""
    host = site.base_url.removeprefix("http://")
    body = modern("tools/call", {"name": name, "arguments": {}})
    headers = dict((*modern_headers("tools/call", name), member.bearer, ("Host", host)))
    url = f"http://127.0.0.1:{port or host.rpartition(':')[2]}{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        told = await answer.json()
        return answer.status == 200 and not told["result"].get("isError", False)


@pytest.mark.requirement("CACHE-OWN")
async def test_each_login_is_answered_by_the_upstream_itself(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, upstream):
        ann, again, bob = (
            await admit(site),
            await admit(site),
            await admit(site, email="bob@example.test"),
        )
        for member in (ann, again, bob):
            assert await call(site, member)
            assert await call(site, member)

        credentials = [each.value("authorization") for each in upstream.requests]
        assert len(credentials) == 3
        assert len(set(credentials)) == 2


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_write_by_one_worker_is_read_by_the_other(tmp_path: Path) -> None:
    async with serving(tmp_path, others=1) as (site, upstream):
        member, bob = await admit(site), await admit(site, email="bob@example.test")
        here, there = None, site.ports[0]
        for who in (member, bob):
            for port in (here, there, here, there):
                assert await call(site, who, port=port)
        assert len(upstream.requests) == 4

        assert await call(site, member, "write", port=here)
        for port in (there, here, there, here):
            assert await call(site, member, port=port)
            assert await call(site, bob, port=port)

        assert len(upstream.requests) == 4 + 1 + 2


@pytest.fixture
def quiet() -> Iterator[None]:
    """Nothing is written to the log: to show a traceback takes seconds."""
    with structlog.testing.capture_logs():
        yield


def busy(folder: Path) -> sqlite3.Connection:
    """Another user of the site's database, who can keep everybody from writing."""
    return sqlite3.connect(folder / "site.db", isolation_level=None)


async def counted(site: Site) -> dict[str, int]:
    """The writes of each connection, as the database has them."""
    return {row.id: row.writes for row in await site.rows(connections)}


async def uncountable(site: Site, sql: str = NO_COUNTS) -> None:
    """Have the database refuse to count writes; `COUNTS` has it count them again."""
    await site.database.write(lambda connection: connection.exec_driver_sql(sql))


@pytest.mark.requirement("CACHE-WRITE")
@pytest.mark.usefixtures("quiet")
async def test_a_write_that_could_not_be_counted_is_counted_later(tmp_path: Path) -> None:
    async with serving(tmp_path, others=1) as (site, upstream):
        member, there = await admit(site), site.ports[0]
        assert await call(site, member, port=there)
        await uncountable(site)

        assert await call(site, member, "write")
        assert await call(site, member, port=there)
        assert len(upstream.requests) == 2

        await uncountable(site, COUNTS)

        async def made_up() -> bool:
            return await counted(site) == {member.connection_id: 1}

        await until(made_up)
        assert await call(site, member, port=there)
        assert len(upstream.requests) == 3


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_write_is_counted_although_its_client_has_gone(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs, closing(busy(tmp_path)) as other:
        async with serving(tmp_path, others=1) as (site, upstream):
            member, there = await admit(site), site.ports[0]
            assert await call(site, member, port=there)

            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(call(site, member, "write"))
            await upstream.reaches(2)
            # Only after a tenth of a second does the server look whether a client has gone.
            writing.cancel()
            await until(lambda: any(each["event"] == "mcp.client_gone" for each in logs))
            other.rollback()

            async def told() -> bool:
                return await counted(site) == {member.connection_id: 1}

            await until(told, 5)
            assert await call(site, member, port=there)
            assert len(upstream.requests) == 3


@pytest.mark.requirement("CACHE-WRITE")
@pytest.mark.usefixtures("quiet")
async def test_a_server_that_stops_counts_what_is_left(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, _):
        member = await admit(site)
        writes = Writes(ConnectionStore(site.database))
        await uncountable(site)
        await writes.note(member.connection_id)
        await writes.note(member.connection_id)
        assert await writes.work_off() == 0
        await uncountable(site, COUNTS)

        await writes.aclose()

        assert await counted(site) == {member.connection_id: 1}


@pytest.mark.requirement("CACHE-OWN")
async def test_a_check_of_credentials_is_never_answered_by_what_is_held(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, upstream):
        member = await admit(site)
        assert await call(site, member)
        upstream.replies[:] = [reply(403)]

        assert not await call(site, member, "look")

        async def ended() -> bool:
            return {row.status for row in await site.rows(connections)} == {"reauth"}

        await until(ended)
        assert [each.target for each in upstream.requests] == [
            "/items?name=a",
            "/things",
            "/items?name=a",
        ]


@pytest.mark.requirement("CACHE-FRESH")
async def test_an_answer_that_breaks_a_strict_schema_is_not_given_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, upstream):
        member = await admit(site)

        assert not await call(site, member, "read_exactly")
        upstream.replies[:] = [reply(200, b'{"id":1}', "Content-Type: application/json")]

        assert await call(site, member, "read_exactly")
        assert len(upstream.requests) == 2


@pytest.mark.requirement("CACHE-END")
async def test_the_answers_of_a_connection_that_has_ended_are_given_up(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, _):
        member, ended = await admit(site), await admit(site, email="bob@example.test")
        cache, removed = AnswerCache(), "c-removed"
        for connection in (member.connection_id, ended.connection_id, removed):
            shelf = cache.shelf(Owner("default", connection, "1"))
            cache.put(shelf, b"what", UpstreamAnswer(200, b"{}"), 60)
        async with AiohttpTransport() as transport:
            store = ConnectionStore(site.database)
            reuses = Reuses(Upstreams(transport), store, Writes(store))
            await change(site, ended, "connection ended")

            assert await reuses.drop_ended(cache) == 2

        assert cache.connections == {member.connection_id}


@pytest.mark.requirement("CACHE-END")
@pytest.mark.parametrize("what", [("--instance", "default"), ("--all",)])
async def test_an_operator_has_answers_forgotten(
    tmp_path: Path, redis_url: str, what: tuple[str, ...]
) -> None:
    variables = {
        "TREENAIL_AUTH_SECRET": SECRET,
        "TREENAIL_DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
        "TREENAIL_REDIS_URL": redis_url,
    }
    with structlog.testing.capture_logs() as logs:
        async with serving(tmp_path, redis_url=redis_url) as (site, upstream):
            await until(lambda: any(each["event"] == "caches.listening" for each in logs))
            member = await admit(site)
            assert await call(site, member)

            folder = connectors_folder(tmp_path)
            status, _, _ = await run("cache", "clear", *what, folder=folder, environment=variables)
            assert status == 0

            async def asked() -> bool:
                await call(site, member)
                return len(upstream.requests) == 2

            await until(asked, 5)


@pytest.mark.requirement("CACHE-END", "CACHE-TOLD")
@pytest.mark.parametrize("what", ["", "/instances/acme", "/services/sample"])
async def test_an_administrator_sees_and_clears_what_is_held(tmp_path: Path, what: str) -> None:
    async with serving(tmp_path) as (site, upstream):
        api = await administering(site, "root", "admin")
        made = await api.create("acme")
        member = await admit(site, instance=made.body["id"], slug="acme")

        async def figures() -> tuple[int, int, int]:
            caches = {
                each["name"]: each for each in (await api.get(f"{API}/caches")).body["caches"]
            }
            told = caches["responses"]
            return told["entries"], told["hits"], told["misses"]

        for _ in range(3):
            assert await call(site, member, path="/acme/mcp")
        assert await figures() == (1, 2, 1)

        assert (await api.send("DELETE", f"{API}/caches{what}")).status == 200

        assert await figures() == (0, 2, 1)
        assert await call(site, member, path="/acme/mcp")
        assert len(upstream.requests) == 2


@pytest.mark.requirement("CACHE-END")
async def test_a_change_of_an_instance_ends_its_answers(tmp_path: Path) -> None:
    async with serving(tmp_path) as (site, upstream):
        api = await administering(site)
        made = await api.create("acme")
        member = await admit(site, instance=made.body["id"], slug="acme")
        default = await admit(site)
        for _ in range(2):
            assert await call(site, member, path="/acme/mcp")
            assert await call(site, default)
        assert len(upstream.requests) == 2

        for verb in ("disable", "enable"):
            assert (await api.post(f"{API}/instances/acme/{verb}")).status == 200

        assert await call(site, member, path="/acme/mcp")
        assert await call(site, default)
        assert len(upstream.requests) == 3


@pytest.mark.requirement("CACHE-FILE")
async def test_an_operator_may_have_nothing_held(tmp_path: Path) -> None:
    async with serving(tmp_path, response_cache_mb=0) as (site, upstream):
        member = await admit(site)
        assert await call(site, member)
        assert await call(site, member)

        assert len(upstream.requests) == 2
