"""The sample behind a provider that gives tokens to clients themselves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.support import sample
from tests.support.authorizing import Browser, Page, authorizing
from tests.support.loopback import Reply
from tests.support.provider_login import ITEM, Tokens, Town
from tests.support.providers import CLIENT_ID, CLIENT_SECRET
from treenail_runtime.contract import Connector, LoginField, OAuthClientAuth
from treenail_runtime.contract.auth import TokenAuth
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.providers import ProviderClient

TYPED = (
    LoginField(name="client_id", label="Client"),
    LoginField(name="client_secret", label="Client secret", secret=True),
)
GOOD = {"field-client_id": CLIENT_ID, "field-client_secret": CLIENT_SECRET}
WRONG = {**GOOD, "field-client_secret": "wrong"}


def connector(fake: FakeProvider, way: TokenAuth = "basic", *, typed: bool = False) -> Connector:
    """The sample with a client: a person types it, or it is the operator's."""
    auth = OAuthClientAuth(
        provider=replace(fake.declared(), token_auth=way),
        scopes=("jobs",),
        client_id="{client_id}" if typed else "",
        client_secret="{client_secret}" if typed else "",
    )
    return replace(sample.CONNECTOR, auth=auth, login=TYPED if typed else ())


@dataclass
class Shop(Town):
    """Our server, and the upstream's provider."""

    async def answer(self, browser: Browser, **typed: str) -> Page:
        """What comes of the consent page."""
        page = await browser.authorize(scope="mcp.tools.read offline_access")
        assert page.status == 200, page.text
        return await browser.submit(page, typed or {"decision": "allow"})

    async def connect(self, **typed: str) -> Tokens:
        """Connect, and exchange the code."""
        async with self.site.browser() as browser:
            page = await self.answer(browser, **typed)
        assert page.status == 303, page.text
        return await self.redeem(dict(page.answer)["code"])

    @property
    def asked(self) -> int:
        """How often the provider was asked for a token."""
        return len(self.fake.journal.of("token", grant_type="client_credentials"))

    @property
    def sent(self) -> list[str]:
        """The credentials that reached the upstream, in their order."""
        return [seen.value("authorization") for seen in self.site.upstream_seen]


@asynccontextmanager
async def shop(
    folder: Path,
    *replies: Reply,
    typed: bool = False,
    way: TokenAuth = "basic",
    secret: str | None = CLIENT_SECRET,
    **settings: Any,
) -> AsyncGenerator[Shop]:
    """The upstream answers with `replies`; with `secret` None the operator has no client."""
    known = None if typed or secret is None else ProviderClient(CLIENT_ID, SecretStr(secret))
    async with (
        serving_provider("oidc", clients=[FakeClient(CLIENT_ID, CLIENT_SECRET)]) as fake,
        authorizing(
            folder,
            *(replies or (ITEM,)),
            connector=connector(fake, way, typed=typed),
            provider_client=known,
            **settings,
        ) as site,
    ):
        yield Shop(site, fake)
