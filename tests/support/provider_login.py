"""The server in front of an upstream that has a provider of its own, and people who go there."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support import sample
from tests.support.authorizing import REDIRECT, VERIFIER, Browser, Page, Site, authorizing
from tests.support.loopback import Reply, reply
from tests.support.providers import CLIENT_ID, CLIENT_SECRET, browsing
from tests.support.wire import modern, modern_headers
from treenail_runtime.contract import Auth, BearerAuth, ChainAuth, Connector, OAuthCodeAuth
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.demo.provider.modes import ModeName
from treenail_runtime.providers import ProviderClient
from treenail_runtime.storage.database import now_ms
from treenail_runtime.storage.tables import credentials

Shape: TypeAlias = Callable[[OAuthCodeAuth], Auth]

CLIENT = ProviderClient(CLIENT_ID, SecretStr(CLIENT_SECRET))
ITEM = reply(200, b'{"id":"i-1","name":"Comb"}')


@dataclass
class Town:
    """All of it.

    Attributes:
        site: Our server.
        fake: The upstream's provider.
    """

    site: Site
    fake: FakeProvider

    async def leave(self, browser: Browser, **typed: str) -> Page:
        """Consent at our page, up to the redirect to the provider."""
        page = await browser.authorize(scope="mcp.tools.read offline_access")
        assert page.status == 200, page.text
        return await browser.submit(page, {**typed, "way": "provider"})

    async def agree(self, left: Page, **typed: str) -> str:
        """Go through the provider's pages; the path and query to which they lead back."""
        async with browsing(**typed) as person:
            answer = await person.visit(left.headers["Location"])
        return f"/callback?{urlencode({name: values[0] for name, values in answer.items()})}"

    async def connect(self, **typed: str) -> "Tokens":
        """Log in through everything, and exchange the code."""
        async with self.site.browser() as browser:
            back = await self.agree(await self.leave(browser, **typed))
            page = await browser.get(back)
        assert page.status == 303, page.text
        return await self.redeem(dict(page.answer)["code"])

    async def expire(self) -> None:
        """Have the upstream's access tokens be over, as the database tells it."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(credentials).values(expires_at=now_ms - 1000))

        await self.site.database.write(work)

    async def revoke(self, tokens: "Tokens") -> None:
        """End a grant of ours."""
        form = {"client_id": "app-1", "token": tokens.refresh}
        url = f"{self.site.base_url}/revoke"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
            assert answer.status == 200

    async def redeem(self, code: str) -> "Tokens":
        """Our tokens for our code."""
        form = {
            "grant_type": "authorization_code",
            "client_id": "app-1",
            "redirect_uri": REDIRECT,
            "code": code,
            "code_verifier": VERIFIER,
        }
        url = f"{self.site.base_url}/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
            told = await answer.json()
        assert answer.status == 200, told
        return Tokens(self.site.base_url, told["access_token"], told["refresh_token"])


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    status: int
    told: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> str:
        """What the agent reads of a call that failed; empty when it did not."""
        result = self.told.get("result", {})
        return str(result["content"][0]["text"]) if result.get("isError") else ""


@dataclass(frozen=True)
class Tokens:
    """Ours, of one grant."""

    base_url: str
    access: str
    refresh: str

    async def call(self, name: str = "get_item", **arguments: Any) -> Answer:
        """A tool call."""
        body = modern("tools/call", {"name": name, "arguments": arguments or {"item_id": "i-1"}})
        return await self._send(body, modern_headers("tools/call", name))

    async def list(self) -> Answer:
        """The same of tools/list."""
        return await self._send(modern("tools/list"), modern_headers("tools/list"))

    async def refreshed(self) -> str:
        """The error of a refresh of these; empty when there was none."""
        form = {"grant_type": "refresh_token", "client_id": "app-1", "refresh_token": self.refresh}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.base_url}/token", data=form) as answer,
        ):
            return str((await answer.json()).get("error", ""))

    async def _send(self, body: bytes, headers: Sequence[tuple[str, str]]) -> Answer:
        shown = {**dict(headers), "Authorization": f"Bearer {self.access}"}
        url = f"{self.base_url}/mcp"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=shown) as answer,
        ):
            return Answer(answer.status, await answer.json(), dict(answer.headers))


def connector(
    fake: FakeProvider,
    *,
    choice: bool = False,
    provider_first: bool = False,
    shape: Shape | None = None,
    **changes: Any,
) -> Connector:
    """The sample, whose upstream takes the provider's tokens; with `choice`, also typed ones.

    `shape` makes of the provider's scheme what the connector declares.
    """
    grant = OAuthCodeAuth(provider=fake.declared(), scopes=("openid", "jobs"))
    ways = (BearerAuth("{password}"), grant)
    chain = ChainAuth(ways[::-1] if provider_first else ways)
    auth: Auth = chain if choice else grant
    asked = {"region", "password"} if choice else {"region"}
    if shape is not None:
        auth = shape(grant)
    login = tuple(
        replace(each, required=each.required and not choice)
        for each in sample.CONNECTOR.login
        if each.name in asked
    )
    return replace(sample.CONNECTOR, **{"auth": auth, "login": login, **changes})


@asynccontextmanager
async def town(
    folder: Path,
    *replies: Reply,
    mode: ModeName = "oidc",
    choice: bool = False,
    provider_first: bool = False,
    is_known: bool = True,
    shape: Shape | None = None,
    changes: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncGenerator[Town]:
    """Our server, a provider, and an upstream that answers with `replies`."""
    async with serving_provider(mode) as fake:
        made = connector(
            fake, choice=choice, provider_first=provider_first, shape=shape, **(changes or {})
        )
        async with authorizing(
            folder,
            *(replies or (ITEM,)),
            connector=made,
            provider_client=CLIENT if is_known else None,
            **settings,
        ) as site:
            callback = f"{site.base_url}/callback"
            fake.ledger.clients[CLIENT_ID] = FakeClient(CLIENT_ID, CLIENT_SECRET, (callback,))
            yield Town(site, fake)
