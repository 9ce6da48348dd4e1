"""FastMCP's client with its OAuth helper, which opens a browser and waits at a page of its own."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from fastmcp import Client
from fastmcp.client.auth import OAuth

from tests.support.fergus import TOOLS, fergus
from tests.support.person import Person
from tests.support.phorest import BOTH_ERAS
from tests.support.serving_oauth import Served


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Who sits at this machine's browser."""
    person = Person()
    loop_tasks: set[asyncio.Task[object]] = set()

    def opened(url: str) -> bool:
        loop_tasks.add(asyncio.create_task(_arrive(person, url)))
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    return person


async def _arrive(person: Person, url: str) -> None:
    await person.visit(url)


@pytest.mark.requirement("AS-01", "AS-02", "AS-12", "RS-01", "RS-02", "S0-02", "S0-03", "S0-24")
@BOTH_ERAS
async def test_the_client_finds_its_way_in_works_and_refreshes(
    served: Served, person: Person, mode: Literal["auto", "legacy"]
) -> None:
    with pytest.warns(UserWarning, match="in-memory token storage"):
        oauth = OAuth(served.url)
    async with Client(served.url, auth=oauth, mode=mode) as client:
        assert len(await client.list_tools()) == 20
        first = await client.call_tool("list_branches")
        known = oauth.context.client_info
        assert known is not None

        assert (await served.family(known.client_id)).sessions == (mode == "legacy")
        await served.expire_access(known.client_id)
        oauth.context.token_expiry_time = 1.0
        again = await client.call_tool("list_branches")

    assert first.structured_content
    assert again.structured_content == first.structured_content
    (visit,) = person.visits
    assert "Authentication successful" in visit.told
    family = await served.family(known.client_id)
    assert family.was_refreshed_once
    # It asks for the page twice, first without a browser, and registers anew if that goes wrong.
    assert family.events.count("client.registered") == 1


@pytest.mark.requirement("PX-06", "S4-01")
async def test_no_token_goes_through_the_server(tmp_path: Path, person: Person) -> None:
    async with fergus(tmp_path) as place:
        with pytest.warns(UserWarning, match="in-memory token storage"):
            oauth = OAuth(place.url)
        async with Client(place.url, auth=oauth) as client:
            assert len(await client.list_tools()) == TOOLS
            first = await client.call_tool("get_company")
            known = oauth.context.client_info
            assert known is not None
            await place.expire(known.client_id)
            oauth.context.token_expiry_time = 1.0
            again = await client.call_tool("get_company")
        assert first.structured_content == again.structured_content
        assert len(person.visits) == 1
        place.check_that_no_token_went_through()
