"""A database that fails once a state is spent: people are told to begin again, not to load again."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.admin_api import API
from tests.support.loopback import reply
from tests.support.postgres import Postgres
from tests.support.provider_login import town
from tests.support.upstream_accounts import office
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import connections

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
_NO_ROOM = """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"""
_TRIGGER = "CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"


async def _have_no_room(database: Database) -> None:
    """Let the database keep no further connection."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text(_NO_ROOM))
        await connection.execute(text(_TRIGGER.format(table=connections.name)))

    await database.write(work)


@pytest.mark.requirement("PX-04", "T-153")
async def test_a_login_that_cannot_be_kept_has_to_be_begun_again(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with (
        town(tmp_path, database_url=postgres.fresh_database()) as place,
        place.site.browser() as browser,
    ):
        back = await place.agree(await place.leave(browser))
        await _have_no_room(place.site.database)
        page = await browser.get(back)

        assert (page.status, "cannot be loaded again" in page.text) == (503, True)
        assert "start the connection again" in page.text
        assert int(page.headers["Retry-After"]) > 0
        assert await place.site.count(connections) == 0


@pytest.mark.requirement("PX-04", "T-153")
async def test_an_account_that_cannot_be_kept_has_to_be_fetched_again(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with office(tmp_path, ITEMS, database_url=postgres.fresh_database()) as desk:
        back = await desk.agree((await desk.initiate()).body["authorization_url"])
        await _have_no_room(desk.town.site.database)
        page = await desk.come_back(back)
        state = (await desk.api.get(f"{API}/instances/acme")).body["status"]

        assert (page.status, "cannot be loaded again" in page.body) == (503, True)
        assert state == "pending"
