"""Providers forget what nobody uses any more, whoever dies and whatever fails meanwhile."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.admin_api import API
from tests.support.databases import travel
from tests.support.loopback import reply
from tests.support.provider_login import ITEM, Tokens, Town, town
from tests.support.upstream_accounts import OWN_ID, OWN_SECRET, office
from treenail_runtime.contract import OAuthCodeAuth
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.tables import (
    audit_events,
    connections,
    credentials,
    instances,
    revocations,
)

SELDOM = 300
"""Rounds so far apart that only what begins one at once is seen."""


def forgotten(place: Town) -> list[str]:
    """The hints of what the provider was asked to forget."""
    return [each.form["token_type_hint"] for each in place.fake.journal.of("revoke")]


async def settled(place: Town) -> None:
    """Wait until nothing is owed."""

    async def nothing_left() -> bool:
        return await place.site.count(revocations) == 0

    async with asyncio.timeout(20):
        while not await nothing_left():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.02)


def _at_github(grant: OAuthCodeAuth) -> OAuthCodeAuth:
    return replace(grant, scopes=("repo",))


def _at_google(grant: OAuthCodeAuth) -> OAuthCodeAuth:
    return replace(grant, provider=replace(grant.provider, preset="google"))


async def _connected(place: Town, username: str) -> Tokens:
    async with place.site.browser() as browser:
        back = await place.agree(await place.leave(browser), username=username)
        page = await browser.get(back)
    return await place.redeem(dict(page.answer)["code"])


async def _ended(place: Town, *logins: Tokens) -> None:
    """End logins, and wait until their tokens are gone."""
    gone = await place.site.count(credentials) - len(logins)
    for login in logins:
        await place.revoke(login)
    await travel(place.site.database, 120)
    await Cleanup(place.site.database).run()
    async with asyncio.timeout(20):
        while await place.site.count(credentials) > gone:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.02)
    await settled(place)


async def outcomes(place: Town) -> list[str]:
    found = select(audit_events.c.outcome).where(audit_events.c.type == "tokens.revoked")

    async def work(connection: AsyncConnection) -> list[str]:
        return list(await connection.scalars(found))

    return await place.site.database.read(work)


@pytest.mark.requirement("UP-OWED", "S2-37")
async def test_what_a_process_that_died_has_deleted_is_given_back_by_another(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEM, upkeep_seconds=1) as desk:
        place = desk.town
        begun = await desk.connect("acme", client_id=OWN_ID, client_secret=OWN_SECRET)
        assert begun.status == 200
        (record,) = await place.site.rows(instances)
        await place.site.instances.delete(record.id)
        assert await place.site.count(revocations) == 1
        await settled(place)

        assert forgotten(place) == ["refresh_token", "access_token"]
        assert await outcomes(place) == ["revoked"]


@pytest.mark.requirement("UP-OWED")
async def test_several_workers_give_back_once(tmp_path: Path) -> None:
    async with office(tmp_path, ITEM, others=2, upkeep_seconds=1) as desk:
        await desk.connect("acme")
        (record,) = await desk.town.site.rows(instances)
        await desk.town.site.instances.delete(record.id)
        await settled(desk.town)

        assert forgotten(desk.town) == ["refresh_token", "access_token"]


@pytest.mark.requirement("UP-OWED", "UP-GITHUB")
async def test_a_login_that_ends_at_github_leaves_the_persons_other_logins_alone(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, mode="github", upkeep_seconds=1, shape=_at_github) as place:
        first, second = await place.connect(), await place.connect()
        for each in (first, second):
            assert (await each.call()).status == 200
        shown = [each.value("Authorization") for each in place.site.upstream_seen[-2:]]
        tokens = [each.removeprefix("Bearer ") for each in shown]
        await place.revoke(first)
        await travel(place.site.database, 120)
        await Cleanup(place.site.database).run()
        async with asyncio.timeout(20):
            while not await outcomes(place):  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.02)

        assert [place.fake.is_live(each) for each in tokens] == [False, True]


@pytest.mark.requirement("UP-OWED")
async def test_where_a_token_ends_all_of_a_person_only_the_last_login_gives_it_back(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, upkeep_seconds=1, shape=_at_google) as place:
        place.fake.switches.ends_all = True
        first, last = await place.connect(), await place.connect()
        bobs = await _connected(place, "Bob")
        await _ended(place, first, bobs)
        others = await last.call()
        asked = len(forgotten(place))
        shown = place.site.upstream_seen[-1].value("Authorization").removeprefix("Bearer ")
        was_live = place.fake.is_live(shown)
        await _ended(place, last)

        assert (others.status, asked, was_live) == (200, 2, True)
        assert not place.fake.is_live(shown)


@pytest.mark.requirement("UP-OWED")
async def test_where_a_token_ends_all_of_a_person_a_login_that_comes_to_nothing_ends_no_other(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, upkeep_seconds=SELDOM, shape=_at_google) as place:
        place.fake.switches.ends_all = True
        first = await place.connect()
        place.site.upstream[:] = [reply(503)]
        async with place.site.browser() as browser:
            page = await browser.get(await place.agree(await place.leave(browser)))
        place.site.upstream[:] = [ITEM]
        await settled(place)

        assert page.status == 503
        assert (await outcomes(place), forgotten(place)) == (["left"], [])
        assert (await first.call()).status == 200
        shown = place.site.upstream_seen[-1].value("Authorization").removeprefix("Bearer ")
        assert place.fake.is_live(shown)


@pytest.mark.requirement("UP-OWED")
async def test_a_login_whose_client_never_came_back_leaves_no_tokens(tmp_path: Path) -> None:
    async with town(tmp_path, upkeep_seconds=1) as place:
        async with place.site.browser() as browser:
            page = await browser.get(await place.agree(await place.leave(browser)))
        assert page.status == 303
        await travel(place.site.database, 60 + 601)
        await Cleanup(place.site.database).run()
        async with asyncio.timeout(20):
            await place.fake.journal.reaches(2, "revoke")
        await settled(place)
        async with asyncio.timeout(20):
            # The server's own cleanup may be at it.
            while await place.site.count(connections):
                await Cleanup(place.site.database).run()

        assert forgotten(place) == ["refresh_token", "access_token"]


@pytest.mark.requirement("UP-OWED")
async def test_tokens_of_an_account_that_the_upstream_refuses_are_given_back_at_once(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, reply(401), upkeep_seconds=SELDOM) as place:
        async with place.site.browser() as browser:
            page = await browser.get(await place.agree(await place.leave(browser)))
        assert page.status == 403
        await settled(place)

        assert forgotten(place) == ["refresh_token", "access_token"]


@pytest.mark.requirement("UP-OWED")
async def test_tokens_for_an_instance_that_was_deleted_meanwhile_are_given_back(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEM, upkeep_seconds=SELDOM) as desk:
        place = desk.town
        begun = await desk.initiate("acme", client_id=OWN_ID, client_secret=OWN_SECRET)
        back = await desk.agree(begun.body["authorization_url"])
        place.fake.switches.fall_ill("hang", "token")
        coming = asyncio.create_task(desk.come_back(back))
        await place.fake.journal.reaches(1, "token")
        deleted = await desk.api.send("DELETE", f"{API}/instances/acme")
        assert deleted.body["upstream_revocations"] == 0
        place.fake.switches.recover()
        page = await coming
        assert page.status >= 400
        await settled(place)

        assert forgotten(place) == ["refresh_token", "access_token"]
        asked = place.fake.journal.of("revoke")[0]
        assert (
            asked.headers["Authorization"]
            == place.fake.journal.of("token")[0].headers["Authorization"]
        )


@pytest.mark.requirement("UP-OWED")
async def test_a_provider_that_is_away_is_asked_again_and_not_for_ever(tmp_path: Path) -> None:
    async with office(tmp_path, ITEM, upkeep_seconds=1) as desk:
        place = desk.town
        await desk.connect("acme")
        place.fake.switches.fall_ill("error", "revoke")
        await desk.api.send("DELETE", f"{API}/instances/acme")
        async with asyncio.timeout(20):
            await place.fake.journal.reaches(2, "revoke")
        assert await place.site.count(revocations) == 1
        await travel(place.site.database, 86_400)
        await settled(place)

        assert await outcomes(place) == ["left"]
        assert set(forgotten(place)) == {"refresh_token"}
