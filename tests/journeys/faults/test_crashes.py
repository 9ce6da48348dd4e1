"""A fault in the server itself is told without its inside, and with what to look for in the log."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.authorizing import CLIENT, GOOD, Browser
from tests.support.deployment import Deployment, Pair, Server, deployment
from tests.support.postgres import Postgres
from tests.support.tokens import RESOURCE_SERVER, SECRET
from tests.support.wire import JSON_HEADERS, Answer, rpc
from treenail_runtime.storage.tables import metadata

INSIDE = re.compile(
    r"Traceback|File \"|sqlalchemy|asyncpg|oauth_|relation|UndefinedTable", re.IGNORECASE
)
REFERENCE = re.compile(r"reference:? (?:<code>)?([0-9a-f]+-[0-9a-f]+)")


@asynccontextmanager
async def without_tables(site: Deployment) -> AsyncGenerator[None]:
    """Every statement of the server is wrong within the block."""
    names = [table.name for table in metadata.sorted_tables]
    for name in names:
        await site.execute(f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        for name in names:
            await site.execute(f"ALTER TABLE {name}_away RENAME TO {name}")


@pytest.mark.requirement("T-153", "T-136")
async def test_a_crash_of_any_endpoint_is_told_with_a_reference_and_nothing_else(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with (
        deployment(tmp_path, postgres.fresh_database(), clients=(CLIENT, RESOURCE_SERVER)) as site,
        site.server() as server,
        Browser(site.base_url) as browser,
    ):
        pair = await site.log_in()
        page = await browser.authorize()
        async with without_tables(site):
            answers = await everything(site, pair)
            pages = [
                await browser.authorize(),
                await browser.submit(page, GOOD),
                await browser.submit(page, {}, form=1),
            ]
            called = await site.list_tools(pair.access)
            opened = await initialize(site, pair)
        following = await site.refresh(pair.refresh)

    for answer in answers:
        assert (answer.status, answer.json["error"]) == (500, "server_error")
        assert_told(server, answer.json["error_description"], answer.headers)
    for answer in (called, opened):
        assert (answer.status, answer.json["error"]["code"]) == (500, -32_603)
        assert_told(server, answer.json["error"]["message"], answer.headers)
    for shown in pages:
        assert shown.status == 500
        assert_told(
            server, shown.text, {name.lower(): each for name, each in shown.headers.items()}
        )
    assert following.status == 200


def assert_told(server: Server, text: str, headers: Mapping[str, str]) -> None:
    reference = REFERENCE.search(text)
    assert reference is not None, text
    assert reference[1] in server.told()
    assert not INSIDE.search(text)
    assert headers["cache-control"] == "no-store"


async def everything(site: Deployment, pair: Pair) -> list[Answer]:
    """Each endpoint that answers in JSON."""
    asking = {"client_id": RESOURCE_SERVER.client_id, "client_secret": SECRET}
    client = rb'{"redirect_uris":["https://app.example/callback"],"client_name":"New"}'
    return [
        await site.refresh(pair.refresh),
        await site.token(grant_type="authorization_code", code="unknown"),
        await site.revoke(pair.refresh),
        await site.post("/introspect", {**asking, "token": pair.access}),
        await site.send("POST", "/register", client, {"Content-Type": "application/json"}),
    ]


async def initialize(site: Deployment, pair: Pair) -> Answer:
    headers = {**dict(JSON_HEADERS), "Authorization": f"Bearer {pair.access}"}
    return await site.send("POST", "/mcp", rpc("ping"), headers)
