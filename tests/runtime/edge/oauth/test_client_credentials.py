"""Connections whose token the provider grants to a client: connected, called, renewed, refused."""

from pathlib import Path

import pytest

from tests.support.client_grants import GOOD, WRONG, shop
from tests.support.loopback import reply
from tests.support.provider_login import ITEM
from tests.support.providers import CLIENT_ID, CLIENT_SECRET
from treenail_runtime.contract.auth import TokenAuth
from treenail_runtime.demo.provider import FakeClient
from treenail_runtime.storage.tables import connections

NOT_OURS = "wrong"


@pytest.mark.requirement("UP-CLIENT")
@pytest.mark.parametrize("way", ["basic", "post"])
@pytest.mark.parametrize("typed", [False, True])
async def test_a_clients_own_token_goes_with_each_call(
    tmp_path: Path, way: TokenAuth, *, typed: bool
) -> None:
    async with shop(tmp_path, typed=typed, way=way) as place:
        tokens = await place.connect(**(GOOD if typed else {}))
        before = place.asked
        first, second = await tokens.call(), await tokens.call()

        assert (first.status, first.error, second.error) == (200, "", "")
        assert place.asked == before + 1
        assert all(place.fake.is_live(each.removeprefix("Bearer ")) for each in place.sent)
        asked = place.fake.journal.of("token")[-1]
        assert ("client_secret" in asked.form) == (way == "post")
        assert ("Authorization" in asked.headers) == (way == "basic")
        assert asked.form["scope"] == "jobs"


@pytest.mark.requirement("UP-CLIENT")
async def test_a_token_that_is_over_is_not_sent_any_more(tmp_path: Path) -> None:
    async with shop(tmp_path) as place:
        place.fake.switches.access_life_s = 1
        tokens = await place.connect()
        await tokens.call()
        before = place.asked
        place.fake.switches.access_life_s = 3600
        while place.asked == before:
            assert (await tokens.call()).error == ""

        assert place.asked == before + 1
        assert place.sent[-1] != place.sent[-2]


@pytest.mark.requirement("UP-CLIENT")
async def test_a_token_that_the_upstream_refuses_is_renewed_once_in_a_call(tmp_path: Path) -> None:
    refused = reply(401)
    async with shop(tmp_path, ITEM, ITEM, refused, ITEM, refused) as place:
        tokens = await place.connect()
        await tokens.call()
        before = place.asked
        renewed = await tokens.call()
        assert (renewed.error, place.asked) == ("", before + 1)
        assert place.sent[-1] != place.sent[-2]

        again = await tokens.call()
        assert (again.status, place.asked) == (200, before + 2)
        assert again.error


@pytest.mark.requirement("UP-CLIENT", "T-075")
async def test_a_refused_token_that_nobody_can_replace_just_then_costs_nobody_the_login(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as place:
        tokens = await place.connect()
        assert (await tokens.call()).error == ""
        place.fake.switches.fall_ill("error", "token")
        place.site.upstream[:] = [reply(401)]
        during = [await tokens.call() for _ in range(6)]
        (connection,) = await place.site.rows(connections)

        assert all("does not answer" in answer.error for answer in during)
        assert connection.status == "active"


@pytest.mark.requirement("UP-CLIENT")
async def test_a_wrong_secret_is_told_where_it_was_typed(tmp_path: Path) -> None:
    async with shop(tmp_path, typed=True) as place, place.site.browser() as browser:
        page = await place.answer(browser, **WRONG)

        assert page.status == 422
        assert "did not accept these details" in page.text
        assert not place.site.upstream_seen
        assert await place.site.count(connections) == 0
        assert (await browser.submit(page, GOOD)).status == 303


@pytest.mark.requirement("UP-CLIENT")
async def test_many_wrong_secrets_keep_nobody_else_from_connecting(tmp_path: Path) -> None:
    async with shop(tmp_path, typed=True) as place:
        for _ in range(8):
            async with place.site.browser() as browser:
                assert (await place.answer(browser, **WRONG)).status == 422

        assert (await (await place.connect(**GOOD)).call()).error == ""


@pytest.mark.requirement("UP-CLIENT")
async def test_the_operators_wrong_secret_is_no_affair_of_the_person(tmp_path: Path) -> None:
    async with shop(tmp_path, secret=NOT_OURS) as place, place.site.browser() as browser:
        page = await place.answer(browser)

        assert page.status == 502
        assert "this server&#39;s own credentials" in page.text
        assert await place.site.count(connections) == 0


@pytest.mark.requirement("UP-CLIENT")
async def test_without_a_client_of_the_operators_nobody_is_asked_to_connect(tmp_path: Path) -> None:
    async with shop(tmp_path, secret=None) as place, place.site.browser() as browser:
        page = await browser.authorize()

        assert (page.status, "not in service" in page.text) == (503, True)


async def test_a_provider_that_is_down_is_told_at_the_page(tmp_path: Path) -> None:
    async with shop(tmp_path) as place, place.site.browser() as browser:
        place.fake.switches.fall_ill("error", "token")
        page = await place.answer(browser)

        assert (page.status, page.headers["Retry-After"]) == (503, "10")
        assert await place.site.count(connections) == 0


@pytest.mark.requirement("S2-28")
async def test_a_provider_that_stumbles_over_a_client_is_not_asked_every_time(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as place, place.site.browser() as browser:
        place.fake.switches.fall_ill("fault", "token")
        for _ in range(8):
            assert (await place.answer(browser)).status == 503

        assert place.asked == 5


@pytest.mark.requirement("UP-CLIENT")
async def test_a_client_that_the_provider_refuses_later_has_its_person_connect_again(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path, typed=True) as place:
        tokens = await place.connect(**GOOD)
        place.fake.ledger.clients[CLIENT_ID] = FakeClient(CLIENT_ID, "another secret")
        before = place.asked
        answers = [await tokens.call() for _ in range(3)]

        assert [each.status for each in answers] == [401, 401, 401]
        assert place.asked == before + 1
        (kept,) = await place.site.rows(connections)
        assert kept.status == "reauth"


@pytest.mark.requirement("UP-CLIENT")
async def test_the_operators_client_that_is_refused_later_logs_nobody_out(tmp_path: Path) -> None:
    async with shop(tmp_path) as place:
        tokens = await place.connect()
        place.fake.ledger.clients[CLIENT_ID] = FakeClient(CLIENT_ID, "another secret")
        refused = await tokens.call()
        place.fake.ledger.clients[CLIENT_ID] = FakeClient(CLIENT_ID, CLIENT_SECRET)
        well = await tokens.call()

        assert (refused.status, refused.headers["Retry-After"]) == (503, "15")
        assert (well.status, well.error) == (200, "")
