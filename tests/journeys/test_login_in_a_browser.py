"""A person connects an application in a real Chromium: by keyboard, on a phone, in the dark."""

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import structlog
from playwright.async_api import Page

from tests.support.authorizing import CLIENT, Site, authorizing, request
from tests.support.chromium import chromium_page
from tests.support.looking import SIZES, complaints_of, usable, usable_everywhere
from tests.support.loopback import Loopback, Reply, loopback, reply
from tests.support.phorest import CONNECTORS
from tests.support.serving import CANARY
from treenail_runtime.auth.records import Client
from treenail_runtime.loading import load_connector
from treenail_runtime.storage.tables import pending_logins

BRANCHES = reply(
    200,
    b'{"_embedded":{"branches":[{"branchId":"b-1","name":"High Street"},'
    b'{"branchId":"b-2","name":"Harbour"}]},"page":{"number":0,"totalPages":1,"totalElements":2}}',
)
DONE = reply(200, b"<!doctype html><title>Done</title>", "Content-Type: text/html")
LOCAL = replace(CLIENT, name="Claude", redirect_uris=("http://127.0.0.1/callback",))
HOSTED = replace(
    CLIENT,
    client_id="https://claude.ai/oauth/client.json",
    kind="document",
    name="Claude",
    redirect_uris=("https://claude.ai/api/mcp/callback",),
)


@asynccontextmanager
async def connecting(
    folder: Path, *replies: Reply, client: Client = LOCAL, **options: Any
) -> AsyncGenerator[tuple[Site, Page, list[str]]]:
    """The Phorest connector, a browser, and what the browser complains about."""
    connector = load_connector(CONNECTORS, "phorest")
    async with (
        authorizing(folder, *(replies or (BRANCHES,)), connector=connector, client=client) as site,
        chromium_page(**options) as page,
    ):
        if client.kind == "document":
            await site.clients.put_document(client, etag=None, lifetime_s=600, most=9)
        yield site, page, complaints_of(page)


def address(site: Site, redirect_uri: str, client: Client = LOCAL, **changes: str | None) -> str:
    asked = request(client_id=client.client_id, redirect_uri=redirect_uri, **changes)
    return f"{site.base_url}/authorize?{urlencode(asked)}"


async def fill(page: Page, **changes: str) -> None:
    typed = {"business_id": "b1", "email": "anna@example.test", "password": CANARY, **changes}
    for name, value in typed.items():
        await page.fill(f"#field-{name}", value)
    await page.select_option("#field-region", "eu")


def arrived(client: Loopback) -> Mapping[str, str]:
    """The answer with which the browser came back to the application."""
    (asked,) = [each for each in client.requests if each.target.startswith("/callback")]
    assert "referer" not in asked.names
    return dict(parse_qsl(urlsplit(asked.target).query))


@pytest.mark.requirement("T-065", "AS-21", "AS-37", "S0-19")
async def test_a_person_connects_with_the_keyboard_alone(tmp_path: Path) -> None:
    async with loopback(DONE) as client, connecting(tmp_path) as (site, page, complaints):
        await page.goto(address(site, f"{client.url}/callback"))
        keys = page.keyboard
        await keys.press("Tab")  # the link to the help
        for text in ("Europe", "b1", "anna@example.test", CANARY):
            await keys.press("Tab")
            await keys.type(text)
        await keys.press("Enter")
        await page.wait_for_selector("#field-branch_id")
        await keys.press("Tab")
        await keys.type("Harbour")
        await keys.press("Tab")
        await keys.press("Enter")
        await page.wait_for_url("**/callback?**")

        assert await page.title() == "Done"
        assert arrived(client).keys() == {"code", "state", "iss"}
        assert arrived(client)["iss"] == site.base_url
        assert complaints == []


@pytest.mark.requirement("T-065")
async def test_the_policy_lets_the_application_send_the_person_on(
    tmp_path: Path, tls_pair: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with loopback(DONE, tls=tls_pair[0]) as elsewhere:
        onwards = reply(302, b"", f"Location: {elsewhere.url}/welcome")
        async with (
            loopback(onwards) as client,
            connecting(tmp_path, ignore_https_errors=True) as (site, page, complaints),
        ):
            await page.goto(address(site, f"{client.url}/callback"))
            await page.click("text=Deny")
            await page.wait_for_url("**/welcome")

            assert await page.title() == "Done"
            assert arrived(client)["error"] == "access_denied"
            assert complaints == []


@pytest.mark.requirement("AS-25", "T-065")
async def test_denying_brings_the_person_back(tmp_path: Path) -> None:
    async with loopback(DONE) as client, connecting(tmp_path) as (site, page, complaints):
        await page.goto(address(site, f"{client.url}/callback"))
        await page.click("text=Deny")
        await page.wait_for_url("**/callback?**")

        assert arrived(client)["error"] == "access_denied"
        assert complaints == []


@pytest.mark.requirement("T-063")
async def test_two_tabs_end_independently(tmp_path: Path) -> None:
    async with loopback(DONE) as client, connecting(tmp_path) as (site, page, _):
        other = await page.context.new_page()
        for tab, state in ((page, "one"), (other, "two")):
            await tab.goto(address(site, f"{client.url}/callback", state=state))
        for tab in (page, other):
            await fill(tab)
            await tab.click(".primary")
            await tab.click(".primary")
            await tab.wait_for_url("**/callback?**")

        states = [
            dict(parse_qsl(urlsplit(each.target).query))["state"]
            for each in client.requests
            if "?" in each.target
        ]
        assert states == ["one", "two"]


@pytest.mark.requirement("T-072")
async def test_another_site_cannot_use_up_what_its_visitor_may_open(tmp_path: Path) -> None:
    async with connecting(tmp_path) as (site, page, _):
        target = address(site, "http://127.0.0.1:9/callback").replace("&", "&amp;")
        script = "fetch(document.images[0].src, {mode: 'no-cors'})"
        html = (
            f'<!doctype html><title>Evil</title><img src="{target}" alt="">'
            f'<iframe src="{target}"></iframe><script>{script}</script>'
        )
        async with loopback(reply(200, html.encode(), "Content-Type: text/html")) as evil:
            with structlog.testing.capture_logs() as logs:
                await page.goto(evil.url, wait_until="networkidle")

        assert [line["reason"] for line in logs if line["event"] == "page.refused"] == [
            "not opened as a page"
        ] * 3
        assert await site.count(pending_logins) == 0
        await page.goto(address(site, "http://127.0.0.1:9/callback"))
        assert await site.count(pending_logins) == 1


@pytest.mark.requirement("T-068")
async def test_a_wrong_password_is_told_where_the_person_looks(tmp_path: Path) -> None:
    async with (
        loopback(DONE) as client,
        connecting(tmp_path, reply(401), BRANCHES) as (site, page, complaints),
    ):
        await page.goto(address(site, f"{client.url}/callback"))
        await page.click(".primary")
        await page.wait_for_selector("[role=alert]:focus")
        assert await page.title() == "Error: Connect Phorest to Claude"
        await page.click("text=API password is missing.")
        assert await page.evaluate("document.activeElement.id") == "field-password"
        await fill(page)
        await page.click(".primary")
        await page.wait_for_selector("[role=alert]:focus:has-text('did not accept')")
        assert await page.input_value("#field-password") == ""
        assert await page.input_value("#field-email") == "anna@example.test"
        await page.fill("#field-password", CANARY)
        await page.click(".primary")
        await page.click(".primary")
        await page.wait_for_url("**/callback?**")
        assert complaints == []


@pytest.mark.requirement("AS-21")
async def test_everybody_can_use_every_page(tmp_path: Path) -> None:
    replies = (reply(401), reply(500), BRANCHES)
    uri = HOSTED.redirect_uris[0]
    async with connecting(tmp_path, *replies, client=HOSTED) as (site, page, complaints):
        await page.goto(address(site, uri, HOSTED, scope="mcp.tools.call offline_access"))
        assert await usable_everywhere(page, "consent") == []
        await page.click(".primary")
        assert await usable_everywhere(page) == []
        for name in ("denied", "", "choice"):
            await fill(page)
            await page.click(".primary")
            assert await usable_everywhere(page, name) == []
        await page.goto(address(site, "https://evil.example/", HOSTED))
        assert await usable_everywhere(page, "problem") == []
        assert complaints == []


@pytest.mark.requirement("T-041", "AS-21")
async def test_a_name_cannot_break_the_page(tmp_path: Path) -> None:
    name = "\u202e<b>Bank</b>\u200b\n" + "W" * 200
    async with connecting(tmp_path, client=replace(LOCAL, name=name), viewport=SIZES["narrow"]) as (
        site,
        page,
        _,
    ):
        await page.goto(address(site, "http://127.0.0.1:9/callback"))

        assert await usable(page) == []
        shown = await page.inner_text("h1")
        assert shown.startswith("Connect Phorest to <b>Bank</b> WWW")
        assert len(shown) < 110
        assert not set("\u202e\u200b\n") & set(shown)
        assert "your own computer" in await page.inner_text(".note")
