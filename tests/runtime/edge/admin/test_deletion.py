"""An instance is deleted while it is in use: what ends, what is given back, what is left alone."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.admin_api import API, Member, administering, log_in
from tests.support.authorizing import SECRET, authorizing
from tests.support.loopback import Reply, reply
from tests.support.serving import CANARY
from tests.support.upstream_accounts import OWN_ID, OWN_SECRET, office
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.tables import (
    connections,
    credentials,
    grants,
    instances,
)

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
HANGS = Reply(then="hang")
CALLS = 50


async def calls_of(member: Member) -> list[int]:
    """The statuses of calls that are waiting at the upstream."""
    answers = await asyncio.gather(*(member.call("wait") for _ in range(CALLS)))
    return [answer.status for answer in answers]


@pytest.mark.requirement("T-111", "S2-37", "S2-21")
async def test_deleting_an_instance_during_fifty_calls_ends_them_and_nobody_elses(
    tmp_path: Path,
) -> None:
    async with authorizing(
        tmp_path, ITEMS, ITEMS, HANGS, rate_limits="login=off,login_account=off"
    ) as site:
        api = await administering(site)
        await api.create("acme")
        await api.create("bolt")
        member = await log_in(site, "acme")
        other = await log_in(site, "bolt")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(calls_of(member))
            others = asyncio.create_task(other.call("wait"))
            await site.upstream_reaches(CALLS + 3)
            deleted = await api.send("DELETE", f"{API}/instances/acme")
            statuses = await asyncio.wait_for(running, 5)

        assert deleted.body["calls_ended"] == CALLS
        assert set(statuses) == {404}
        assert not others.done()
        others.cancel()
        with suppress(asyncio.CancelledError):
            await others
        assert (await member.call()).status == 404
        assert await member.renew() == 404
        status = {row.slug: row for row in await site.rows(instances)}
        assert (status["acme"].status, status["acme"].config) == ("deleted", "")
        assert status["bolt"].status == "active"
        assert {row.status for row in await site.rows(grants)} == {"active", "revoked"}
        assert sorted(row.config == "" for row in await site.rows(connections)) == [False, True]


@pytest.mark.requirement("T-111")
async def test_calls_end_here_when_another_process_deletes_the_instance(tmp_path: Path) -> None:
    async with authorizing(
        tmp_path, ITEMS, HANGS, rate_limits="login=off,login_account=off"
    ) as site:
        api = await administering(site)
        made = await api.create("acme")
        member = await log_in(site, "acme")
        running = asyncio.create_task(member.call("wait"))
        await site.upstream_reaches(2)
        ring = KeyRing.from_settings(SecretStr(SECRET), None)
        store = InstanceStore(site.database, Sealer(ring), Macs(ring))
        await store.delete(made.body["id"])
        answer = await asyncio.wait_for(running, 10)

        assert answer.status == 404


@pytest.mark.requirement("T-111", "S2-37", "S2-27")
async def test_the_upstream_forgets_what_an_instance_held(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect("acme", client_id=OWN_ID, client_secret=OWN_SECRET)
        await desk.connect("bolt")
        deleted = await desk.api.send("DELETE", f"{API}/instances/acme")
        await desk.town.fake.journal.reaches(2, "revoke")
        asked = desk.town.fake.journal.of("revoke")

        assert deleted.body["upstream_revocations"] == 1
        assert [each.form["token_type_hint"] for each in asked] == ["refresh_token", "access_token"]
        assert not desk.town.fake.is_live(asked[1].form["token"])
        (left,) = await desk.town.site.rows(credentials)
        assert left.instance_id != deleted.body["id"]


@pytest.mark.requirement("T-111", "S2-37", "S2-27", "S2-21")
async def test_an_account_of_a_provider_is_given_back_although_fifty_calls_use_it(
    tmp_path: Path,
) -> None:
    async with office(
        tmp_path, ITEMS, ITEMS, HANGS, rate_limits="login=off,login_account=off"
    ) as desk:
        place = desk.town
        keys = {
            slug: {"field-access_key": (await desk.connect(slug)).body["access_key"]}
            for slug in ("acme", "bolt")
        }
        member = await log_in(place.site, "acme", keys["acme"])
        other = await log_in(place.site, "bolt", keys["bolt"])
        async with asyncio.TaskGroup() as group:
            running = group.create_task(calls_of(member))
            others = asyncio.create_task(other.call("wait"))
            await place.site.upstream_reaches(CALLS + 3)
            sent = {each.value("authorization") for each in place.site.upstream_seen[-CALLS:]}
            deleted = await desk.api.send("DELETE", f"{API}/instances/acme")
            statuses = await asyncio.wait_for(running, 5)
        await place.fake.journal.reaches(2, "revoke")
        refresh, access = (each.form["token"] for each in place.fake.journal.of("revoke"))
        rows = {row.slug: row for row in await place.site.rows(instances)}

        assert (deleted.body["calls_ended"], set(statuses)) == (CALLS, {404})
        assert f"Bearer {access}" in sent
        assert not place.fake.is_live(access)
        assert not place.fake.is_live(refresh)
        assert (await member.call()).status == 404
        assert await member.renew() == 404
        assert (rows["acme"].status, rows["acme"].config) == ("deleted", "")
        (left,) = await place.site.rows(credentials)
        assert (left.instance_id, rows["bolt"].status) == (rows["bolt"].id, "active")
        assert not others.done()
        others.cancel()
        with suppress(asyncio.CancelledError):
            await others


@pytest.mark.requirement("S2-37")
async def test_a_provider_that_is_away_is_asked_again(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect("acme")
        desk.town.fake.switches.fall_ill("error", "revoke")
        await desk.api.send("DELETE", f"{API}/instances/acme")
        await desk.town.fake.journal.reaches(1, "revoke")
        desk.town.fake.switches.recover()
        await desk.town.fake.journal.reaches(3, "revoke")


async def test_a_slug_that_is_free_again_leads_to_nothing_that_was(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        first = await api.create("acme")
        member = await log_in(site, "acme")
        await api.send("DELETE", f"{API}/instances/acme")
        second = await api.create("acme")

        assert first.body["id"] != second.body["id"]
        assert (await member.call()).status == 401
        assert await member.renew() == 400
        assert (await (await log_in(site, "acme")).call()).status == 200


async def test_what_is_deleted_is_unknown_and_holds_no_secret(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        await log_in(site, "acme")
        first = await api.send("DELETE", f"{API}/instances/acme")
        again = await api.send("DELETE", f"{API}/instances/acme")

        assert (first.status, again.status) == (200, 404)
        assert (await api.get("/acme/health")).status == 404
        assert CANARY not in str(await site.rows(connections))
