"""The server, a provider, and administrators who fetch accounts there for instances."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support.admin_api import REGISTRY, Api, Told, administering
from tests.support.authorizing import Browser, Page
from tests.support.loopback import Reply
from tests.support.provider_login import Town, town
from tests.support.providers import CLIENT_ID, CLIENT_SECRET, browsing
from treenail_runtime.auth.admins import AdminRole
from treenail_runtime.demo.provider import FakeClient

OWN_ID, OWN_SECRET = "client-of-acme", "own-secret-canary"


@dataclass
class Office:
    """A town, somebody who administers instances in it, and whoever has the account.

    Attributes:
        browser: Of the latter.
    """

    town: Town
    api: Api
    browser: Browser

    async def initiate(self, slug: str = "acme", **more: object) -> Told:
        """Begin to fetch an account."""
        return await self.api.post(f"{REGISTRY}/initiate-oauth/sample", {"instance": slug, **more})

    async def open(self, url: str) -> Page:
        """What an invitation shows."""
        return await self.browser.get(url.removeprefix(self.town.site.base_url))

    async def decide(self, page: Page, decision: str = "allow") -> Page:
        """Answer it."""
        form = page.forms[0]
        path = f"{REGISTRY}/connect/{form.action}"
        return await self.browser.post(path, {**form.values, "decision": decision})

    async def agree(self, url: str, **typed: str) -> str:
        """Go on from our page through those of the provider; the path and query that lead back."""
        return await self.go_on(await self.decide(await self.open(url)), **typed)

    async def go_on(self, left: Page, **typed: str) -> str:
        """The same, once our page has been left."""
        assert left.status == 303, left.text
        async with browsing(**typed) as person:
            answer = await person.visit(left.headers["Location"])
        query = urlencode({name: values[0] for name, values in answer.items()})
        return f"{REGISTRY}/callback/sample?{query}"

    async def come_back(self, path: str) -> Told:
        """What the browser gets there in which they agreed."""
        page = await self.browser.get(path)
        return Told(page.status, page.text, page.headers)

    async def connect(self, slug: str = "acme", **more: object) -> Told:
        """An instance with an account of its own."""
        begun = await self.initiate(slug, **more)
        assert begun.status == 200, begun.body
        page = await self.come_back(await self.agree(begun.body["authorization_url"]))
        assert page.status == 200, page.body
        return begun


@asynccontextmanager
async def office(
    folder: Path,
    *replies: Reply,
    owner: str = "ann",
    role: AdminRole = "owner",
    **changes: Any,
) -> AsyncGenerator[Office]:
    """A town whose provider knows our client, and one of an instance's own."""
    async with town(folder, *replies, **changes) as place:
        base_url = place.site.base_url
        back = (f"{base_url}{REGISTRY}/callback/sample", f"{base_url}/callback")
        for slug in ("acme", "bolt"):
            back = (*back, f"{base_url}/{slug}/callback")
        for client_id, secret in ((CLIENT_ID, CLIENT_SECRET), (OWN_ID, OWN_SECRET)):
            place.fake.ledger.clients[client_id] = FakeClient(client_id, secret, back)
        async with place.site.browser() as browser:
            yield Office(place, await administering(place.site, owner, role), browser)
