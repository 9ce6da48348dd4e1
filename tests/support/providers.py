"""Authorizations at the provider of the demo, with a browser that goes through its pages."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
from pydantic import SecretStr
from yarl import URL

from tests.support.person import first_form
from treenail_runtime.clock import Clock, utc_now
from treenail_runtime.contract import OAuthCodeAuth
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.demo.provider.modes import ModeName
from treenail_runtime.providers import Attempt, OAuthClient, ProviderClient, TokenSet
from treenail_runtime.upstream import AiohttpTransport

CLIENT_ID = "treenail at the provider"
CLIENT_SECRET = "s3cret: of the client & 100%"  # noqa: S105  # made up
CALLBACK = "http://127.0.0.1:1/fergus/callback"
CLIENT = ProviderClient(CLIENT_ID, SecretStr(CLIENT_SECRET))
ANN = "Ann"


@dataclass
class Browser:
    """A browser with cookies, and a person in front of it who agrees.

    Attributes:
        pages: Every page that was shown.
    """

    session: aiohttp.ClientSession
    typed: Mapping[str, str] = field(
        default_factory=lambda: {"username": ANN, "password": "right", "decision": "allow"}
    )
    pages: list[str] = field(default_factory=list[str])

    async def visit(self, url: str) -> Mapping[str, list[str]]:
        """Go through the pages; the parameters with which they lead back."""
        method, target, sent = "GET", url, None
        for _ in range(5):
            async with self.session.request(
                method, URL(target, encoded=True), data=sent, allow_redirects=False
            ) as answer:
                if "Location" in answer.headers:
                    parts = urlsplit(answer.headers["Location"])
                    return parse_qs(parts.query, keep_blank_values=True)
                self.pages.append(await answer.text())
                assert answer.status == 200, self.pages[-1]
            form = first_form(self.pages[-1])
            known = {name: self.typed[name] for name in form.values.keys() & self.typed.keys()}
            method, target, sent = "POST", urljoin(target, form.action), {**form.values, **known}
        raise AssertionError(f"the page came back again and again: {self.pages[-1]}")


@asynccontextmanager
async def browsing(**typed: str) -> AsyncGenerator[Browser]:
    cookies = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=cookies) as session:
        browser = Browser(session)
        browser.typed = {**browser.typed, **typed}
        yield browser


@dataclass
class Upstream:
    """A provider, and us as its client."""

    fake: FakeProvider
    oauth: OAuthClient
    auth: OAuthCodeAuth
    client: ProviderClient = CLIENT

    async def authorized(self, **typed: str) -> tuple[SecretStr, Attempt]:
        """A code, and the attempt that it belongs to."""
        departure = await self.oauth.depart(
            self.auth, self.client, redirect_uri=CALLBACK, state="our-state"
        )
        async with browsing(**typed) as browser:
            answer = await browser.visit(departure.url)
        assert answer["state"] == ["our-state"]
        return await self.oauth.code(self.auth, departure.attempt.issuer, answer), departure.attempt

    async def logged_in(self) -> TokenSet:
        """Tokens of a person who went through the pages."""
        code, attempt = await self.authorized()
        return await self.exchanged(code, attempt)

    async def exchanged(self, code: SecretStr, attempt: Attempt) -> TokenSet:
        return await self.oauth.exchange(
            self.auth.provider, self.client, code=code, attempt=attempt
        )

    async def refreshed(self, tokens: TokenSet) -> TokenSet:
        assert tokens.refresh is not None
        return await self.oauth.refresh(
            self.auth.provider, self.client, refresh=tokens.refresh, issuer=tokens.issuer
        )


@asynccontextmanager
async def upstream(
    mode: ModeName = "oidc",
    *,
    scopes: tuple[str, ...] = ("openid", "jobs"),
    clock: Clock = utc_now,
    seconds: float = 10.0,
    secret: str | None = CLIENT_SECRET,
    **declared: Any,
) -> AsyncGenerator[Upstream]:
    """A provider on loopback; `declared` changes how the connector declares it."""
    registered = FakeClient(CLIENT_ID, secret, (CALLBACK,))
    transport = AiohttpTransport()
    oauth = OAuthClient(transport, clock, seconds=seconds)
    client = ProviderClient(CLIENT_ID, SecretStr(secret) if secret else None)
    async with serving_provider(mode, clients=[registered], clock=clock) as fake:
        provider = replace(fake.declared(), **declared)
        auth = OAuthCodeAuth(provider=provider, scopes=scopes)
        try:
            yield Upstream(fake, oauth, auth, client)
        finally:
            await oauth.aclose()
            await transport.aclose()
