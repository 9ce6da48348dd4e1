"""A person signs in at the upstream's own provider, in a real Chromium."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page

from tests.support.authorizing import CLIENT as APP
from tests.support.authorizing import Site, authorizing, request
from tests.support.chromium import chromium_page
from tests.support.looking import complaints_of, usable_everywhere
from tests.support.loopback import Loopback, Reply, loopback, reply
from tests.support.phorest import CONNECTORS
from tests.support.provider_login import CLIENT
from tests.support.providers import CLIENT_ID, CLIENT_SECRET
from treenail_runtime.auth.records import Client
from treenail_runtime.contract import Auth, BearerAuth, ChainAuth, Connector, OAuthCodeAuth
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.loading import load_connector

DONE = reply(200, b"<!doctype html><title>Done</title>", "Content-Type: text/html")
JOBS = reply(200, b'{"data":[],"paging":{}}')
LOCAL = replace(APP, name="Claude", redirect_uris=("http://127.0.0.1/callback",))
HOSTED = replace(
    APP,
    client_id="https://claude.ai/oauth/client.json",
    kind="document",
    name="Claude",
    redirect_uris=("https://claude.ai/api/mcp/callback",),
)
SCOPES = ("openid", "jobs:read", "jobs:write")


@dataclass
class Visit:
    """A browser at Fergus's doorstep: our server, the provider, and what the browser says."""

    site: Site
    page: Page
    fake: FakeProvider
    complaints: list[str]

    async def open(self, redirect_uri: str, client: Client = LOCAL) -> None:
        scope = "mcp.tools.call offline_access"
        asked = request(client_id=client.client_id, redirect_uri=redirect_uri, scope=scope)
        await self.page.goto(f"{self.site.base_url}/authorize?{urlencode(asked)}")

    async def sign_in(self, decision: str = "Allow") -> None:
        """Go through the provider's two pages with the keyboard."""
        keys = self.page.keyboard
        await self.page.wait_for_selector("[name=username]")
        for text in ("Ann", "right"):
            await keys.press("Tab")
            await keys.type(text)
        await keys.press("Enter")
        await self.page.wait_for_selector("[name=decision]")
        for _ in ("Allow", "Deny")[: 1 if decision == "Allow" else 2]:
            await keys.press("Tab")
        await keys.press("Enter")


@asynccontextmanager
async def visiting(
    folder: Path, *replies: Reply, sole: bool = False, client: Client = LOCAL
) -> AsyncGenerator[Visit]:
    """Fergus, as it is: a token or the provider; with `sole`, the provider and scopes of it."""
    connector = load_connector(CONNECTORS, "fergus")
    async with serving_provider("cognito") as fake:
        made = _leading_to(fake, connector, SCOPES if sole else (), sole=sole)
        async with (
            authorizing(
                folder, *(replies or (JOBS,)), connector=made, client=client, provider_client=CLIENT
            ) as site,
            chromium_page() as page,
        ):
            back = (f"{site.base_url}/callback",)
            fake.ledger.clients[CLIENT_ID] = FakeClient(CLIENT_ID, CLIENT_SECRET, back)
            if client.kind == "document":
                await site.clients.put_document(client, etag=None, lifetime_s=600, most=9)
            yield Visit(site, page, fake, complaints_of(page))


def _leading_to(
    fake: FakeProvider, connector: Connector, scopes: Sequence[str], *, sole: bool
) -> Connector:
    grant = OAuthCodeAuth(provider=fake.declared(), scopes=tuple(scopes))
    auth: Auth = grant if sole else ChainAuth((BearerAuth("{token}"), grant))
    return replace(connector, auth=auth, login=() if sole else connector.login)


def returned(client: Loopback) -> str:
    (asked,) = [each.target for each in client.requests if each.target.startswith("/callback")]
    return asked


@pytest.mark.requirement("AS-21", "T-065", "S4-16")
@pytest.mark.parametrize("sole", [True, False])
async def test_a_person_signs_in_at_the_provider_with_the_keyboard_alone(
    tmp_path: Path, *, sole: bool
) -> None:
    async with loopback(DONE) as client, visiting(tmp_path, sole=sole) as visit:
        await visit.open(f"{client.url}/callback")
        # With a choice: the link to the help, the token, the button for the token.
        for _ in range(1 if sole else 4):
            await visit.page.keyboard.press("Tab")
        await visit.page.keyboard.press("Enter")
        await visit.sign_in()
        await visit.page.wait_for_url("**/callback?**")

        assert await visit.page.title() == "Done"
        assert "code=" in returned(client)
        assert visit.complaints == []


@pytest.mark.requirement("AS-25", "T-065")
async def test_denying_at_the_provider_brings_the_person_back(tmp_path: Path) -> None:
    async with loopback(DONE) as client, visiting(tmp_path, sole=True) as visit:
        await visit.open(f"{client.url}/callback")
        await visit.page.click(".primary")
        await visit.sign_in("Deny")
        await visit.page.wait_for_url("**/callback?**")

        assert await visit.page.title() == "Done"
        assert "error=access_denied" in returned(client)
        assert visit.complaints == []


@pytest.mark.requirement("AS-21")
async def test_everybody_can_use_the_pages_before_the_provider(tmp_path: Path) -> None:
    uri = HOSTED.redirect_uris[0]
    async with visiting(tmp_path, client=HOSTED) as visit:
        await visit.open(uri, HOSTED)
        assert await usable_everywhere(visit.page, "ways") == []
        await visit.page.click("button.primary")
        assert await visit.page.title() == "Error: Connect Fergus to Claude"
        assert await usable_everywhere(visit.page) == []
        assert visit.complaints == []
    (tmp_path / "sole").mkdir()
    async with visiting(tmp_path / "sole", sole=True, client=HOSTED) as visit:
        await visit.open(uri, HOSTED)
        assert await usable_everywhere(visit.page, "provider") == []
        assert visit.complaints == []


@pytest.mark.requirement("AS-21", "T-075")
async def test_everybody_can_use_the_pages_behind_the_provider(tmp_path: Path) -> None:
    async with visiting(tmp_path, reply(403), reply(500), sole=True) as visit:
        page, switches = visit.page, visit.fake.switches

        async def come_back(name: str = "") -> str:
            await visit.open("http://127.0.0.1:9/callback")
            await page.click(".primary")
            if name == "account":
                await visit.sign_in()
            await page.wait_for_url("**/callback?**")
            assert await usable_everywhere(page, name) == []
            return await page.title()

        assert await come_back("account") == "This account cannot be used"
        assert await come_back() == "This account could not be checked"
        await page.reload()
        assert await page.title() == "This page has expired"
        switches.token_answer |= {"token_type": "mac"}
        assert await come_back() == "The sign-in did not work"
        switches.fall_ill("error", "token")
        assert await come_back() == "The sign-in page cannot be reached"
        assert visit.complaints == []
