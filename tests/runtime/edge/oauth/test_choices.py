"""What is chosen after the login, among what the upstream offers to this person."""

from dataclasses import replace
from pathlib import Path

from tests.support.authorizing import GOOD, PICKING, SHOPS, authorizing
from tests.support.loopback import reply
from tests.support.serving import CANARY
from treenail_runtime.storage.tables import auth_codes, connections


async def test_what_is_chosen_comes_from_the_upstream(tmp_path: Path) -> None:
    async with authorizing(tmp_path, connector=PICKING) as site, site.browser() as browser:
        page = await browser.authorize()
        assert "field-shop_id" not in page.forms[0].values
        chooser = await browser.submit(page, GOOD)

        assert chooser.status == 200
        assert '<option value="s-2">Harbour</option>' in chooser.text
        assert CANARY not in chooser.text
        assert await site.count(connections) == 0
        wrong = await browser.submit(chooser, {"field-shop_id": "s-3"})
        assert wrong.status == 422
        assert (await browser.submit(wrong, {"field-shop_id": "s-2"})).status == 303
        assert await site.count(auth_codes) == 1


async def test_no_default_may_be_chosen(tmp_path: Path) -> None:
    async with authorizing(tmp_path, connector=PICKING) as site, site.browser() as browser:
        chooser = await browser.submit(await browser.authorize(), GOOD)

        assert (await browser.submit(chooser, {"field-shop_id": ""})).status == 303
        assert await site.count(connections) == 1


async def test_where_there_is_nothing_to_choose_nobody_is_asked(tmp_path: Path) -> None:
    nothing = reply(200, b'{"items":[]}')
    async with (
        authorizing(tmp_path, nothing, connector=PICKING) as site,
        site.browser() as browser,
    ):
        assert (await browser.submit(await browser.authorize(), GOOD)).status == 303


async def test_from_nothing_nothing_can_be_chosen(tmp_path: Path) -> None:
    async with authorizing(tmp_path, connector=PICKING) as site, site.browser() as browser:
        chooser = await browser.submit(await browser.authorize(), GOOD)
        site.upstream[:] = [reply(200, b'{"items":[]}')]

        wrong = await browser.submit(chooser, {"field-shop_id": "s-1"})

        assert wrong.status == 422
        assert "choose one of the options" in wrong.text
        assert await site.count(connections) == 0
        assert (await browser.submit(wrong, {"field-shop_id": ""})).status == 303


async def test_a_choice_that_is_needed_and_not_there_is_told(tmp_path: Path) -> None:
    *typed, shop = PICKING.login
    needed = replace(PICKING, login=(*typed, replace(shop, required=True)))
    async with (
        authorizing(tmp_path, SHOPS, reply(200, b'{"items":[]}'), connector=needed) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()
        told = await browser.submit(page, GOOD)

        assert (told.status, told.forms) == (422, [])
        assert "offers nothing to choose" in told.text
        assert await site.count(connections) == 0
        site.upstream[:] = [SHOPS]
        chooser = await browser.submit(page, GOOD)
        assert (await browser.submit(chooser, {"field-shop_id": "s-1"})).status == 303


async def test_an_upstream_that_fails_between_the_pages_can_be_asked_again(tmp_path: Path) -> None:
    async with (
        authorizing(tmp_path, SHOPS, reply(500), SHOPS, connector=PICKING) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()
        again = await browser.submit(page, GOOD)
        assert again.status == 503
        assert "Your details were accepted" in again.text
        chooser = await browser.submit(again, GOOD)
        site.upstream[:] = [reply(500)]
        assert (await browser.submit(chooser, {"field-shop_id": "s-1"})).status == 503
        site.upstream[:] = [SHOPS]
        assert (await browser.submit(chooser, {"field-shop_id": "s-1"})).status == 303
