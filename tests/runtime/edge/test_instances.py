"""Instances that are made while the server runs: places of their own, with or without an account."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from tests.support.authorizing import REDIRECT, VERIFIER, Browser, Page, Site, authorizing, request
from tests.support.provider_login import ITEM, Tokens
from treenail_runtime.auth.instances import InstanceRecord, NewInstance, read_slug
from treenail_runtime.auth.records import ConnectionConfig, Digest
from treenail_runtime.crypto.opaque import digest, new_token

OWN = ConnectionConfig(
    connector="sample",
    values={"email": "shop@example.test", "region": "eu"},
    secrets={"password": SecretStr("the shop's own")},
)

PERSON = {"email": "a@b.test", "password": "p", "region": "eu"}


async def _made(site: Site, slug: str, **facts: object) -> InstanceRecord:
    new = NewInstance(slug=read_slug(slug, ()), service="sample", title=f"Shop {slug}", owner="ann")
    return await site.instances.create(replace(new, **facts))


async def _asked(browser: Browser, slug: str) -> Page:
    query = request(resource=f"{browser.base_url}/{slug}/mcp")
    pairs = "&".join(f"{name}={value}" for name, value in query.items())
    return await browser.get(f"/{slug}/authorize?{pairs}")


async def _typed(browser: Browser, slug: str, page: Page, typed: Mapping[str, str]) -> Page:
    form = page.forms[0]
    fields = {f"field-{name}": value for name, value in typed.items()}
    return await browser.post(f"/{slug}/{form.action}", {**form.values, **fields})


async def _redeemed(site: Site, slug: str, page: Page) -> Tokens:
    form = {
        "grant_type": "authorization_code",
        "client_id": "app-1",
        "redirect_uri": REDIRECT,
        "code": dict(page.answer)["code"],
        "code_verifier": VERIFIER,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.base_url}/{slug}/token", data=form) as answer,
    ):
        told = await answer.json()
    assert answer.status == 200, told
    return Tokens(f"{site.base_url}/{slug}", told["access_token"], "")


@pytest.mark.requirement("T-080")
async def test_each_instance_has_tokens_of_its_own(tmp_path: Path) -> None:
    async with (
        authorizing(tmp_path, ITEM, instance_cache_seconds=0) as site,
        site.browser() as browser,
    ):
        await _made(site, "north")
        await _made(site, "south")
        page = await _asked(browser, "north")
        assert "Shop north" in page.text
        page = await _typed(browser, "north", page, PERSON)
        tokens = await _redeemed(site, "north", page)
        here = await tokens.call()
        there = await replace(tokens, base_url=f"{site.base_url}/south").call()

        assert (here.status, here.error, there.status) == (200, "", 401)


async def test_an_instance_with_an_account_of_its_own_is_joined_by_its_access_key(
    tmp_path: Path,
) -> None:
    async with (
        authorizing(tmp_path, ITEM, instance_cache_seconds=0) as site,
        site.browser() as browser,
    ):
        key = new_token("sample", "iak")
        made = await _made(site, "shop", credentials="instance", access_key=Digest(digest(key)))
        waiting = await _asked(browser, "shop")
        assert await site.instances.connect(made.id, OWN)
        page = await _asked(browser, "shop")
        wrong = await _typed(browser, "shop", page, {"access_key": new_token("sample", "iak")})
        page = await _typed(browser, "shop", wrong, {"access_key": key})
        tokens = await _redeemed(site, "shop", page)
        answer = await tokens.call()

        assert (waiting.status, wrong.status) == (503, 422)
        assert (answer.status, answer.error) == (200, "")
        assert "shop's own" not in wrong.text
