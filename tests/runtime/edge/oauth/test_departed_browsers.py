"""The browser closes the connection, or loads the page again, while its return is being dealt with."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Table

from tests.support.databases import travel
from tests.support.loopback import reply
from tests.support.provider_login import ITEM, Town, town
from tests.support.upstream_accounts import office
from treenail_runtime.edge.finishing import Finishing
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.tables import audit_events, instances, revocations

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
SELDOM = 300


async def given_up(coming: Awaitable[object], place: Town) -> None:
    """Begin to wait for a page, and leave once the upstream has been asked about the account."""
    waiting = asyncio.ensure_future(coming)
    await place.site.upstream_reaches(1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    # The server reads in the order in which it was sent to: by now it knows who is gone.
    async with aiohttp.ClientSession() as session, session.get(f"{place.site.base_url}/healthz"):
        pass


async def told(place: Town, table: Table, column: str, value: str) -> None:
    """Wait until a row of `table` says so."""
    async with asyncio.timeout(20):
        while value not in {getattr(each, column) for each in await place.site.rows(table)}:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.02)


@pytest.mark.requirement("UP-OWED")
async def test_a_login_goes_on_without_its_browser_and_leaves_no_tokens(tmp_path: Path) -> None:
    well = asyncio.Event()
    async with town(tmp_path, replace(ITEM, after=well), upkeep_seconds=1) as place:
        async with place.site.browser() as browser:
            back = await place.agree(await place.leave(browser))
            await given_up(browser.get(back), place)
            well.set()
            await told(place, audit_events, "type", "login.succeeded")
        # Nobody comes with its code.
        await travel(place.site.database, 60 + 601)
        await Cleanup(place.site.database).run()
        async with asyncio.timeout(20):
            await place.fake.journal.reaches(2, "revoke")

        forgotten = [each.form["token_type_hint"] for each in place.fake.journal.of("revoke")]
        assert forgotten == ["refresh_token", "access_token"]


@pytest.mark.requirement("UP-OWED", "S2-39")
async def test_an_instance_gets_its_account_without_the_browser_that_brought_it(
    tmp_path: Path,
) -> None:
    well = asyncio.Event()
    async with office(tmp_path, replace(ITEMS, after=well), upkeep_seconds=SELDOM) as desk:
        begun = await desk.initiate()
        back = await desk.agree(begun.body["authorization_url"])
        await given_up(desk.come_back(back), desk.town)
        well.set()
        await told(desk.town, instances, "status", "active")

        assert await desk.town.site.count(revocations) == 0


async def test_what_takes_too_long_is_told_when_the_server_ends() -> None:
    finishing, told = Finishing(farewell_s=0), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            told.set()

    waiting = asyncio.create_task(finishing.finish(work()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not told.is_set()
    await finishing.aclose()

    assert told.is_set()
