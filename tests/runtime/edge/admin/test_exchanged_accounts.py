"""An instance gets the account of somebody else: nobody goes on with it who was let in before."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.admin_api import API, log_in
from tests.support.loopback import reply
from tests.support.upstream_accounts import Office, office
from treenail_runtime.contract import OAuthCodeAuth
from treenail_runtime.storage.tables import revocations

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


def _without_id_token(grant: OAuthCodeAuth) -> OAuthCodeAuth:
    return replace(grant, scopes=("jobs",))


async def fetched(desk: Office, username: str) -> str:
    """Have somebody give the instance their account; the access key, where there is a new one."""
    begun = await desk.initiate()
    page = await desk.come_back(
        await desk.agree(begun.body["authorization_url"], username=username)
    )
    assert page.status == 200, page.body
    return begun.body["access_key"]


@pytest.mark.requirement("T-079", "S2-39")
async def test_logins_end_when_an_instance_gets_another_persons_account(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        key = await fetched(desk, "Ann")
        member = await log_in(desk.town.site, "acme", {"field-access_key": key})
        before = await member.call()
        await fetched(desk, "Bob")
        owed = await desk.town.site.count(revocations)
        after, renewed = await member.call(), await member.renew()
        looked = [await member.api.get("/acme/status"), await member.api.post("/acme/refresh")]
        again = await log_in(desk.town.site, "acme", {"field-access_key": key})

        assert owed == 1
        assert (before.status, after.status, renewed) == (200, 401, 400)
        # Nor do they see or renew the tokens of the other.
        assert [each.status for each in looked] == [401, 401]
        assert not desk.town.fake.journal.of("token", grant_type="refresh_token")
        assert (await again.call()).status == 200
        assert (await again.api.get("/acme/status")).body["tokens"] is not None


@pytest.mark.requirement("T-079")
async def test_logins_go_on_when_the_same_person_logs_in_again(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        key = await fetched(desk, "Ann")
        member = await log_in(desk.town.site, "acme", {"field-access_key": key})
        await fetched(desk, "Ann")

        assert (await member.call()).status == 200
        assert await desk.town.site.count(revocations) == 0
        assert (await desk.api.get(f"{API}/instances/acme")).body["status"] == "active"


@pytest.mark.requirement("T-079")
async def test_an_account_without_a_name_is_another_one_each_time(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, shape=_without_id_token) as desk:
        key = await fetched(desk, "Ann")
        member = await log_in(desk.town.site, "acme", {"field-access_key": key})
        await fetched(desk, "Ann")

        assert (await member.call()).status == 401
