"""The page: what its headers forbid, what it tells, and that nothing from outside can change it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.authorizing import CLIENT, GOOD, PICKING, REDIRECT, authorizing, request
from tests.support.serving import Running
from treenail_runtime.auth.records import Client

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Content-Type": "text/html; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.requirement("T-065", "AS-36", "PX-02")
async def test_the_page_can_neither_be_framed_nor_run_anything(tmp_path: Path) -> None:
    async with authorizing(tmp_path, connector=PICKING) as site, site.browser() as browser:
        page = await browser.authorize()
        chooser = await browser.submit(page, GOOD)

        for shown in (page, chooser):
            assert {name: shown.headers.get(name) for name in HEADERS} == HEADERS
            assert "Access-Control-Allow-Origin" not in shown.headers
            assert not re.search(r"<script|<style|\s(?:style|on\w+)=|http://|data:", shown.text)


@pytest.mark.requirement("T-087")
async def test_no_other_site_may_read_the_page(tmp_path: Path) -> None:
    async with authorizing(tmp_path, cors_origins="https://evil.example") as site:
        port = int(site.base_url.rpartition(":")[2])
        query = "&".join(f"{name}={value}" for name, value in request().items())
        answer = await Running(port).request(
            "GET", f"/authorize?{query}", headers=[("Origin", "https://evil.example")]
        )
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.requirement("PX-03", "X-09")
@pytest.mark.parametrize(
    ("base_url", "cookie", "attributes"),
    [
        (None, "treenail=", "Max-Age=600; HttpOnly; Path=/; SameSite=Lax"),
        (
            "https://mcp.example",
            "__Host-treenail=",
            "Max-Age=600; Secure; HttpOnly; Path=/; SameSite=Lax",
        ),
    ],
)
async def test_the_cookie_stays_in_its_browser(
    tmp_path: Path, base_url: str | None, cookie: str, attributes: str
) -> None:
    settings: dict[str, Any] = {} if base_url is None else {"base_url": base_url}
    async with authorizing(tmp_path, **settings) as site:
        port = int(site.base_url.rpartition(":")[2])
        host = f"127.0.0.1:{port}" if base_url is None else "mcp.example"
        query = "&".join(f"{name}={value}" for name, value in request().items())
        answer = await Running(port).request("GET", f"/authorize?{query}", headers=[("Host", host)])

        assert answer.status == 200
        kept, _, told = answer.headers["set-cookie"].partition("; ")
        assert kept.startswith(cookie)
        rest = {each for each in told.split("; ") if not each.startswith("Expires=")}
        assert rest == set(attributes.split("; "))
        assert ("strict-transport-security" in answer.headers) is (base_url is not None)


def introduced(**changes: Any) -> Client:
    return replace(CLIENT, **changes)


@pytest.mark.requirement("AS-09", "AS-21", "PX-01", "PX-02")
@pytest.mark.parametrize(
    ("client", "tells", "silent"),
    [
        (
            introduced(),
            ["Not verified, self-registered", "app.example", "Nobody has verified"],
            ["your own computer"],
        ),
        (
            introduced(redirect_uris=("http://localhost/cb",)),
            ["Not verified, self-registered", "<dd>localhost</dd>", "your own computer"],
            ["Nobody has verified"],
        ),
        (
            introduced(redirect_uris=("http://127.0.0.1:33418/cb",)),
            ["<dd>127.0.0.1:33418</dd>"],
            [],
        ),
        (introduced(redirect_uris=("http://[::1]:80/cb",)), ["<dd>[::1]</dd>"], [":80"]),
        (introduced(redirect_uris=("https://app.example:443/cb",)), ["<dd>app.example</dd>"], []),
        (introduced(redirect_uris=("https://app.example:8443/cb",)), ["app.example:8443"], []),
        (
            introduced(kind="preregistered"),
            ["Approved by the operator", "app.example", "Look things up in Sample shop"],
            ["Nobody has verified", "your own computer"],
        ),
    ],
)
async def test_the_person_is_told_who_asks(
    tmp_path: Path, client: Client, tells: list[str], silent: list[str]
) -> None:
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        page = await browser.authorize(redirect_uri=client.redirect_uris[0])

        assert "Connect Sample shop to <bdi>Receptionist</bdi>" in page.text
        assert [text for text in tells if text not in page.text] == []
        assert [text for text in silent if text in page.text] == []


@pytest.mark.requirement("AS-21", "T-061")
@pytest.mark.parametrize("host", ["claude.ai", "claude.ai:8443"])
async def test_a_client_document_vouches_with_its_host(tmp_path: Path, host: str) -> None:
    url = f"https://{host}/oauth/client.json"
    client = introduced(client_id=url, kind="document")
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        await site.clients.put_document(client, etag=None, lifetime_s=600, most=9)

        page = await browser.authorize(client_id=url)

        assert f"Verified: {host}</dd>" in page.text
        assert (await browser.submit(page, GOOD)).status == 303


@pytest.mark.requirement("S1-16", "X-08", "Z-16")
@pytest.mark.parametrize(("kind", "short"), [("preregistered", True), ("dynamic", False)])
async def test_only_whom_the_operator_registered_is_explained_less(
    tmp_path: Path, kind: str, *, short: bool
) -> None:
    client = introduced(kind=kind)
    async with (
        authorizing(tmp_path, client=client, auto_approve=client.client_id) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()

        assert ("has approved <bdi>Receptionist</bdi>" in page.text) is short
        assert ("It will be able to" in page.text) is not short
        # The login is asked for in any case.
        assert "field-password" in page.forms[0].values


@pytest.mark.requirement("T-041", "T-152")
async def test_what_a_client_says_is_text(tmp_path: Path) -> None:
    name = '"><script>alert(1)</script>\u202e{{7*7}}\r\n' + "x" * 100
    client = introduced(name=name)
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        page = await browser.authorize(state="<script>alert(2)</script>")

        assert "<script" not in page.text
        assert "49" not in page.text.partition("<main>")[2].partition("<dl>")[0]
        assert "\u202e" not in page.text
        assert "alert(2)" not in page.text


async def test_what_was_typed_is_text(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site, site.browser() as browser:
        page = await browser.authorize()
        again = await browser.submit(
            page, {**GOOD, "field-email": '"><script>x', "field-password": ""}
        )

        assert "<script" not in again.text
        assert again.forms[0].values["field-email"] == '"><script>x'


async def test_the_style_sheet_may_be_kept(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site, site.browser() as browser:
        page = await browser.authorize()
        link = page.text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
        sheet = await browser.get(link)

        assert sheet.status == 200
        assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "immutable" in sheet.headers["Cache-Control"]
        assert "prefers-color-scheme: dark" in sheet.text
        assert REDIRECT not in sheet.text
