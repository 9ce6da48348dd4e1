"""No order of forms makes a connection that neither the upstream nor its provider has accepted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import GOOD, PICKING, SHOPS, Site
from tests.support.provider_login import town
from treenail_runtime.contract import ChainAuth, NoAuth, OAuthCodeAuth, OAuthProvider
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import auth_codes, connections, pending_logins

_PROVIDER = OAuthProvider(
    authorize_url="https://provider.test/authorize",
    token_url="https://provider.test/token",  # noqa: S106  # a place, no secret
)
_WAYS: dict[str, dict[str, Any]] = {
    "only the provider": {},
    "with or without an account": {
        "auth": ChainAuth((NoAuth(), OAuthCodeAuth(provider=_PROVIDER)))
    },
}


@pytest.mark.requirement("UP-ACCEPTED")
@pytest.mark.parametrize("ways", _WAYS)
async def test_a_choice_completes_nothing_for_somebody_who_left_for_the_provider(
    tmp_path: Path, ways: str
) -> None:
    async with town(tmp_path, changes=_WAYS[ways]) as place, place.site.browser() as browser:
        page = await browser.authorize()
        left = await browser.submit(page, {"field-region": "eu", "way": "provider"})
        chosen = await browser.submit(page, {"step": "choose"})

        assert left.status == 303
        assert (chosen.status, chosen.forms) == (400, [])
        assert await _nothing_was_made(place.site)


@pytest.mark.requirement("UP-ACCEPTED")
async def test_leaving_for_the_provider_takes_back_what_was_accepted(tmp_path: Path) -> None:
    *typed, shop = PICKING.login
    login = (*(replace(each, required=False) for each in typed), shop)
    async with (
        town(tmp_path, SHOPS, choice=True, changes={"login": login}) as place,
        place.site.browser() as browser,
    ):
        page = await browser.authorize()
        chooser = await browser.submit(page, GOOD)
        left = await browser.submit(page, {**GOOD, "way": "provider"})
        chosen = await browser.submit(chooser, {"field-shop_id": "s-1"})

        assert "One last choice" in chooser.text
        assert (left.status, chosen.status) == (303, 400)
        assert await _nothing_was_made(place.site)


@pytest.mark.requirement("UP-ACCEPTED")
async def test_nothing_is_connected_without_the_tokens_that_its_calls_need(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()
        await _accept_all(place.site.database)
        chosen = await browser.submit(page, {"step": "choose"})

        assert (chosen.status, chosen.forms) == (400, [])
        assert await _nothing_was_made(place.site)


async def _accept_all(database: Database) -> None:
    """As if a mistake of ours had taken whoever waits for accepted."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(pending_logins).values(step="choose"))

    await database.write(work)


async def _nothing_was_made(site: Site) -> bool:
    return await site.count(connections) == await site.count(auth_codes) == 0
