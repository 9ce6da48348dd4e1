"""A person gives an instance their account in a real Chromium, and reads first what it is for."""

from pathlib import Path

import pytest

from tests.support.admin_api import API
from tests.support.chromium import chromium_page
from tests.support.looking import complaints_of, usable_everywhere
from tests.support.loopback import reply
from tests.support.upstream_accounts import office

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


@pytest.mark.requirement("INVITED", "AS-21", "T-041", "T-065")
async def test_whoever_is_invited_agrees_logs_in_and_is_back(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, owner="W" * 150) as desk, chromium_page() as page:
        complaints = complaints_of(page)
        begun = await desk.initiate(title="<b>Team</b> " + "W" * 150)
        await page.goto(begun.body["authorization_url"])
        assert await usable_everywhere(page) == []
        assert (await page.inner_text("h1")).startswith("Give <b>Team</b> WW")
        await page.click("text=Continue to Sample")
        await page.fill("[name=username]", "Ann")
        await page.fill("[name=password]", "right")
        await page.press("[name=password]", "Enter")
        await page.click("[value=allow]")
        await page.wait_for_url("**/callback/sample?**")
        assert await usable_everywhere(page) == []
        title = await page.title()
        state = await desk.api.get(f"{API}/instances/acme")

        assert (title, state.body["status"]) == ("Connected", "active")
        assert complaints == []
