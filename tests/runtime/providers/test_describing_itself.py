"""What is believed of what a provider says about itself."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.support.loopback import Reply, loopback, reply
from tests.support.providers import CALLBACK, CLIENT, upstream
from treenail_runtime.contract import OAuthCodeAuth, OAuthProvider
from treenail_runtime.providers import (
    OAuthClient,
    Provider,
    ProviderBroken,
    ProviderError,
    ProviderUnavailable,
)
from treenail_runtime.upstream import AiohttpTransport


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def document(issuer: str, /, **changes: Any) -> Reply:
    said = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        **changes,
    }
    told = {name: value for name, value in said.items() if value is not None}
    return reply(200, orjson.dumps(told), "Content-Type: application/json")


async def known(declared: OAuthProvider) -> Provider:
    transport = AiohttpTransport()
    try:
        return await OAuthClient(transport, seconds=2).provider(declared)
    finally:
        await transport.aclose()


async def refused(declared: OAuthProvider) -> str:
    with pytest.raises(ProviderBroken) as broken:
        await known(declared)
    return broken.value.reason


@pytest.mark.requirement("PX-07")
@pytest.mark.parametrize("issuer", ["https://other.example.test", None, "", 7])
async def test_a_document_that_names_another_issuer_is_refused(issuer: object) -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, issuer=issuer)]
        reason = await refused(OAuthProvider(preset="oidc", issuer=site.url))

        assert reason == "its document names another issuer"


@pytest.mark.requirement("PX-07")
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.test/x",
        "https://login.example.test/x#y",
        "https://user@login.example.test/x",
        "ftp://login.example.test/x",
        "javascript:alert(1)",
        "//login.example.test/x",
    ],
)
async def test_endpoints_that_are_not_https_are_refused(name: str, url: str) -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, **{name: url})]
        assert await refused(OAuthProvider(preset="oidc", issuer=site.url))


@pytest.mark.requirement("PX-07")
@pytest.mark.parametrize(
    ("issuer", "token_url"),
    [
        ("http://login.example.test", ""),
        ("https://login.example.test?tenant=1", ""),
        ("login.example.test", ""),
        ("", ""),
        ("", "http://login.example.test/token"),
        # A provider on the internet has no business on our own host.
        ("https://login.example.test", "http://127.0.0.1:9/token"),
        ("https://login.example.test", "https://127.0.0.1/token"),
    ],
)
async def test_what_a_connector_declares_is_held_to_the_same(issuer: str, token_url: str) -> None:
    declared = OAuthProvider(
        issuer=issuer, token_url=token_url, authorize_url=token_url and "https://x.example.test/a"
    )
    assert await refused(declared)


@pytest.mark.requirement("PX-07")
async def test_a_provider_that_lists_challenges_without_s256_is_refused() -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, code_challenge_methods_supported=["plain"])]
        declared = OAuthProvider(preset="oidc", issuer=site.url)
        without = OAuthProvider(preset="oidc", issuer=site.url, pkce=False)

        assert "S256" in await refused(declared)
        assert not (await known(without)).pkce


async def test_without_pkce_no_challenge_is_sent() -> None:
    async with upstream(pkce=False) as up:
        tokens = await up.logged_in()

        assert tokens.subject == "Ann"
        assert "code_challenge" not in up.fake.journal.of("authorize")[0].form
        assert "code_verifier" not in up.fake.journal.of("token")[0].form


async def test_what_a_connector_declares_goes_before_the_document() -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, revocation_endpoint=f"{site.url}/revoke")]
        found = await known(
            OAuthProvider(preset="oidc", issuer=site.url, token_url=f"{site.url}/own")
        )

        assert found.token_url == f"{site.url}/own"
        assert found.authorize_url == f"{site.url}/authorize"
        assert found.revoke_url == f"{site.url}/revoke"


@pytest.mark.parametrize(
    ("preset", "path", "asked"),
    [
        ("oidc", "", "/.well-known/openid-configuration"),
        ("oidc", "/", "/.well-known/openid-configuration"),
        ("cognito", "/eu-west-1_A", "/eu-west-1_A/.well-known/openid-configuration"),
        ("oauth2", "", "/.well-known/oauth-authorization-server"),
        ("oauth2", "/tenant", "/.well-known/oauth-authorization-server/tenant"),
    ],
)
async def test_the_document_is_looked_for_where_its_standard_puts_it(
    preset: Any, path: str, asked: str
) -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url + path)]
        found = await known(OAuthProvider(preset=preset, issuer=site.url + path))

        assert found.issuer == site.url + path
        assert [request.target for request in site.requests] == [asked]


async def test_a_connector_that_declares_all_of_a_plain_provider_asks_for_nothing() -> None:
    async with loopback() as site:
        found = await known(
            OAuthProvider(
                issuer=site.url,
                authorize_url=f"{site.url}/authorize",
                token_url=f"{site.url}/token",
            )
        )

        assert found.identity == site.url
        assert site.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"<html>", "Content-Type: text/html"),
        reply(200, b"[]"),
        reply(200, b"[" * 100_000),
        reply(200, b'{"issuer": NaN}'),
        reply(200, b"\xff\xfe"),
        reply(404, b"{}"),
        reply(302, b"", "Location: http://127.0.0.1:9/"),
        reply(200, b" " * 1_000_001),
    ],
)
async def test_what_is_no_document_is_told_so(answer: Reply) -> None:
    async with loopback(answer) as site:
        assert await refused(OAuthProvider(preset="oidc", issuer=site.url))
        assert len(site.requests) == 1


@pytest.mark.parametrize("name", ["token_endpoint", "code_challenge_methods_supported"])
async def test_a_member_of_another_type_is_refused(name: str) -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, **{name: {"a": 1}})]
        assert name in await refused(OAuthProvider(preset="oidc", issuer=site.url))


async def test_a_provider_without_token_endpoint_is_refused() -> None:
    async with loopback() as site:
        site.replies[:] = [document(site.url, token_endpoint=None)]
        assert "no token endpoint" in await refused(OAuthProvider(preset="oidc", issuer=site.url))


async def test_a_provider_without_authorization_endpoint_logs_nobody_in() -> None:
    transport = AiohttpTransport()
    auth = OAuthCodeAuth(provider=OAuthProvider(token_url="https://x.example.test/token"))  # noqa: S106  # an address
    with pytest.raises(ProviderBroken, match="no authorization endpoint"):
        await OAuthClient(transport).depart(auth, CLIENT, redirect_uri=CALLBACK, state="s")


async def test_the_document_is_read_once_an_hour_however_many_ask() -> None:
    clock = _Clock()
    async with upstream(clock=clock) as up:
        declared = up.auth.provider
        await asyncio.gather(*(up.oauth.provider(declared) for _ in range(50)))
        clock.now += timedelta(minutes=59)
        await up.oauth.provider(declared)
        assert len(up.fake.journal.of("document")) == 1

        clock.now += timedelta(minutes=2)
        await up.oauth.provider(declared)
        assert len(up.fake.journal.of("document")) == 2


@pytest.mark.requirement("PX-07")
async def test_a_document_of_one_issuer_is_not_taken_for_another_ones_at_its_address() -> None:
    async with upstream() as up:
        declared = up.auth.provider
        await up.oauth.provider(declared)
        with pytest.raises(ProviderBroken, match="another issuer"):
            await up.oauth.provider(replace(declared, issuer=f"{declared.issuer}/"))


async def test_whoever_gives_up_first_does_not_end_it_for_the_others() -> None:
    async with upstream() as up:
        up.fake.switches.fall_ill("hang", "document")
        first = asyncio.create_task(up.oauth.provider(up.auth.provider))
        await up.fake.journal.reaches(1, "document")
        second = asyncio.create_task(up.oauth.provider(up.auth.provider))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        up.fake.switches.recover()

        assert (await second).issuer == up.fake.issuer
        assert len(up.fake.journal.of("document")) == 1


async def test_in_an_outage_what_was_known_holds() -> None:
    clock = _Clock()
    async with upstream(clock=clock) as up:
        before = await up.oauth.provider(up.auth.provider)
        clock.now += timedelta(hours=3)
        up.fake.switches.fall_ill("error", "document")

        assert await up.oauth.provider(up.auth.provider) == before


async def test_in_an_outage_a_provider_is_asked_once_a_minute() -> None:
    clock = _Clock()
    async with upstream(clock=clock) as up:
        await up.oauth.provider(up.auth.provider)
        clock.now += timedelta(hours=3)
        up.fake.switches.fall_ill("error", "document")
        for _ in range(10):
            await up.oauth.provider(up.auth.provider)
        assert len(up.fake.journal.of("document")) == 2

        clock.now += timedelta(minutes=1)
        up.fake.switches.recover()
        for _ in range(10):
            await up.oauth.provider(up.auth.provider)
        assert len(up.fake.journal.of("document")) == 3


async def test_in_an_outage_without_anything_known_everybody_hears_of_it() -> None:
    async with upstream() as up:
        up.fake.switches.fall_ill("error", "document", retry_after="7")
        tried = [up.oauth.provider(up.auth.provider) for _ in range(5)]
        errors = await asyncio.gather(*tried, return_exceptions=True)

        assert [type(error) for error in errors] == [ProviderUnavailable] * 5
        up.fake.switches.recover()
        assert (await up.oauth.provider(up.auth.provider)).issuer == up.fake.issuer


async def test_errors_are_told_without_addresses_of_ours() -> None:
    async with loopback(reply(404)) as site:
        with pytest.raises(ProviderError) as broken:
            await known(OAuthProvider(preset="oidc", issuer=site.url))

        assert str(broken.value) == (
            "the provider cannot be used: status 404 where its document should be"
        )
