"""Administrators of a running server, and people who are logged in at its instances."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.support.authorizing import CLIENT, GOOD, REDIRECT, VERIFIER, Browser, Page, Site, request
from tests.support.wire import modern, modern_headers
from treenail_runtime.auth.admins import AdminRole
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.storage.admins import AdminStore

API = "/api/v1"
REGISTRY = f"{API}/auth-registry/auth"


@dataclass(frozen=True)
class Told:
    """What came of a request."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The stable word of a problem; empty for what is none."""
        return str(self.body.get("type", "")).removeprefix("urn:treenail:problem:")


@dataclass(frozen=True)
class Api:
    """The API as somebody with a token sees it; nobody in particular with an empty one."""

    base_url: str
    token: str = ""

    async def get(self, path: str) -> Told:
        return await self.send("GET", path)

    async def post(self, path: str, body: object = None) -> Told:
        return await self.send("POST", path, body)

    async def send(self, method: str, path: str, body: object = None, **fields: str) -> Told:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, self.base_url + path, data=data, headers={**headers, **fields}
            ) as answer,
        ):
            text = await answer.text()
            told = json.loads(text) if "json" in answer.content_type else text
            return Told(answer.status, told, dict(answer.headers))

    async def create(self, slug: str = "acme", **more: object) -> Told:
        """A new instance of the sample."""
        return await self.post(f"{API}/instances", {"slug": slug, "service": "sample", **more})


async def administering(site: Site, owner: str = "ann", role: AdminRole = "owner") -> Api:
    """The API for a new admin token."""
    token = new_token("treenail", "adm")
    await AdminStore(site.database).add(Digest(digest(token)), owner=owner, role=role)
    return Api(site.base_url, token)


@dataclass(frozen=True)
class Member:
    """Somebody whose agent is connected at an instance."""

    base_url: str
    slug: str
    access: str
    refresh: str

    async def call(self, name: str = "list_items") -> Told:
        body = modern("tools/call", {"name": name, "arguments": {}})
        headers = dict(modern_headers("tools/call", name))
        return await self._post("mcp", body, headers)

    async def renew(self) -> int:
        """The status of a refresh at the token endpoint."""
        form = {
            "grant_type": "refresh_token",
            "client_id": CLIENT.client_id,
            "refresh_token": self.refresh,
        }
        url = f"{self.base_url}/{self.slug}/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
            return answer.status

    @property
    def api(self) -> Api:
        """The pages of instances, with the agent's token."""
        return Api(self.base_url, self.access)

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Told:
        shown = {**headers, "Authorization": f"Bearer {self.access}"}
        url = f"{self.base_url}/{self.slug}/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=shown) as answer,
        ):
            return Told(answer.status, await answer.json(), dict(answer.headers))


async def log_in(site: Site, slug: str, typed: Mapping[str, str] = GOOD) -> Member:
    """Log in on an instance's page, and exchange the code."""
    async with site.browser() as browser:
        page = await opened(browser, slug)
        assert page.status == 200, page.text
        form = page.forms[0]
        known = {name: value for name, value in typed.items() if name in form.values}
        done = await browser.post(f"/{slug}/{form.action}", {**form.values, **known})
    assert done.status == 303, done.text
    return await redeem(site, slug, dict(done.answer)["code"])


async def opened(browser: Browser, slug: str) -> Page:
    """The page on which an instance asks."""
    asked = request(scope="mcp.tools.read offline_access")
    return await browser.get(f"/{slug}/authorize?{urlencode(asked)}")


async def redeem(site: Site, slug: str, code: str) -> Member:
    """Our tokens for a code of an instance."""
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT.client_id,
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
    }
    url = f"{site.base_url}/{slug}/token"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        told = await answer.json()
    assert answer.status == 200, told
    return Member(site.base_url, slug, told["access_token"], told["refresh_token"])
