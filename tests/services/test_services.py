"""The real servers and programs that other tests stand on are there and work."""

import re
from urllib.parse import quote

from playwright.async_api import Page
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import node
from tests.support.chromium import axe_violations
from tests.support.postgres import Postgres
from tests.support.redis_server import RedisServer

GOOD = '<html lang="en"><title>Good</title><main><h1>Hello, tree</h1></main></html>'
BAD = '<html><main><img src="data:,"><h1>Hello, tree</h1></main></html>'


async def _query(url: str, *statements: str) -> str:
    """The first value that the last statement returns; all are committed together."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements[:-1]:
                await connection.execute(text(statement))
            return str(await connection.scalar(text(statements[-1])))
    finally:
        await engine.dispose()


def _redis(url: str) -> Redis:
    return Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]  # its options are untyped


def _page(html: str) -> str:
    return "data:text/html," + quote("<!doctype html>" + html)


async def test_postgresql_is_version_18_and_its_databases_are_separate(postgres: Postgres) -> None:
    one, other = postgres.fresh_database(), postgres.fresh_database()

    await _query(one, "CREATE TABLE t (x int)", "SELECT 1")

    assert (await _query(one, "SHOW server_version")).startswith("18.")
    assert await _query(one, "SELECT to_regclass('t')") == "t"
    assert await _query(other, "SELECT to_regclass('t')") == "None"


async def test_killed_postgresql_comes_back_with_what_was_committed(own_postgres: Postgres) -> None:
    url = own_postgres.fresh_database()
    await _query(url, "CREATE TABLE t (x int)", "INSERT INTO t VALUES (7) RETURNING x")

    own_postgres.restart()

    assert await _query(url, "SELECT x FROM t") == "7"


async def test_redis_holds_a_value(redis_url: str) -> None:
    async with _redis(redis_url) as client:
        await client.set("k", "v")

        assert await client.get("k") == b"v"


async def test_stopped_redis_starts_again_empty(own_redis: RedisServer) -> None:
    async with _redis(own_redis.url) as client:
        await client.set("k", "v")

    own_redis.stop()
    own_redis.start()

    async with _redis(own_redis.url) as client:
        assert await client.get("k") is None


async def test_node_is_version_24_and_finds_the_client_of_the_protocol() -> None:
    done = await node.run(node.script("versions.mjs"), timeout_s=30)

    assert done.code == 0, done.err
    assert re.fullmatch(r"v24\.[0-9.]+ function\n", done.out)


async def test_chromium_renders_text_in_a_font_of_its_own(browser_page: Page) -> None:
    await browser_page.goto(_page(GOOD))

    box = await browser_page.locator("h1").evaluate(
        "h => { const r = document.createRange(); r.selectNodeContents(h);"
        " return r.getBoundingClientRect().width }"
    )

    assert await browser_page.title() == "Good"
    assert box > 100


async def test_axe_passes_a_good_page_and_finds_the_faults_of_a_bad_one(browser_page: Page) -> None:
    await browser_page.goto(_page(GOOD))
    good = await axe_violations(browser_page)
    await browser_page.goto(_page(BAD))
    bad = {violation.split(":")[0] for violation in await axe_violations(browser_page)}

    assert not good
    assert {"image-alt", "html-has-lang", "document-title"} <= bad
