"""New tokens of the upstream whose COMMIT gets lost, and those of a server that ends meanwhile."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.fault_proxy import Moment, postgres_proxy
from tests.support.loopback import reply
from tests.support.postgres import Postgres
from tests.support.provider_login import town
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import connections, credentials, revocations

REPLACED = "UPDATE mcp_credentials SET issuer"
OWED = "INSERT INTO mcp_revocations"
SELDOM = 300


@pytest.mark.requirement("T-136", "S2-29")
@pytest.mark.parametrize("moment", ["before commit", "after commit"])
async def test_tokens_that_a_provider_gave_once_survive_a_commit_without_an_answer(
    tmp_path: Path, postgres: Postgres, moment: Moment
) -> None:
    """The provider rotates: whoever shows the old refresh token again has lost the login."""
    name = postgres.fresh_database().rpartition("/")[2]
    async with postgres_proxy(postgres.port) as proxy:
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        async with town(tmp_path, database_url=through) as place:
            tokens = await place.connect()
            await place.expire()
            fault = proxy.plan(moment, REPLACED)
            calling = asyncio.create_task(tokens.call())
            async with asyncio.timeout(20):
                await fault.reached.wait()
                fault.cut.set()
                first = await calling
                second = await tokens.call()

            assert (first.status, first.error) == (200, "")
            assert (second.status, second.error) == (200, "")
            assert len(place.fake.journal.of("token", grant_type="refresh_token")) == 1
            (connection,) = await place.site.rows(connections)
            assert connection.status == "active"


@pytest.mark.requirement("UP-OWED")
async def test_tokens_that_nobody_uses_are_given_back_even_if_they_cannot_be_owed(
    tmp_path: Path, postgres: Postgres
) -> None:
    name = postgres.fresh_database().rpartition("/")[2]
    async with postgres_proxy(postgres.port) as proxy:
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        async with town(tmp_path, reply(401), database_url=through, upkeep_seconds=SELDOM) as place:
            async with place.site.browser() as browser:
                back = await place.agree(await place.leave(browser))
                fault = proxy.plan("before commit", OWED)
                fault.cut.set()
                page = await browser.get(back)

            assert fault.reached.is_set()
            assert page.status == 403
            assert await place.site.count(revocations) == 0
            asked = [each.form["token_type_hint"] for each in place.fake.journal.of("revoke")]
            assert asked == ["refresh_token", "access_token"]


@pytest.mark.requirement("UP-OWED", "S2-29")
async def test_tokens_that_come_after_the_end_of_their_login_are_owed_however_often_that_is_tried(
    tmp_path: Path, postgres: Postgres
) -> None:
    async def end(connection: AsyncConnection) -> None:
        await connection.execute(delete(credentials))

    name = postgres.fresh_database().rpartition("/")[2]
    async with postgres_proxy(postgres.port) as proxy:
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        async with town(tmp_path, database_url=through, upkeep_seconds=SELDOM) as place:
            tokens = await place.connect()
            await place.expire()
            place.fake.switches.fall_ill("hang", "token")
            calling = asyncio.create_task(tokens.call())
            async with asyncio.timeout(20):
                await place.fake.journal.reaches(2, "token")
                await place.site.database.write(end)
                fault = proxy.plan("before commit", OWED)
                fault.cut.set()
                place.fake.switches.recover()
                await calling

            assert fault.reached.is_set()
            assert await place.site.count(revocations) == 1


async def test_a_server_that_ends_keeps_what_a_running_refresh_brings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    async with town(tmp_path, database_url=url) as place:
        tokens = await place.connect()
        await place.expire()
        (before,) = await place.site.rows(credentials)
        place.fake.switches.fall_ill("hang", "token")
        calling = asyncio.create_task(tokens.call())
        async with asyncio.timeout(20):
            await place.fake.journal.reaches(2, "token")
        # Later than calls may take when the server ends.
        asyncio.get_running_loop().call_later(3, place.fake.switches.recover)
    await asyncio.gather(calling, return_exceptions=True)

    database = Database(url)
    try:

        async def version(connection: AsyncConnection) -> int | None:
            return await connection.scalar(select(credentials.c.version))

        assert await database.read(version) == before.version + 1
    finally:
        await database.aclose()
