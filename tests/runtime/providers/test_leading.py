"""A connector's provider in another place: the made-up one with the paths of the declared one."""

from dataclasses import replace

import pytest

from tests.support.providers import CALLBACK, CLIENT, CLIENT_ID, CLIENT_SECRET, Upstream
from treenail_runtime.clock import utc_now
from treenail_runtime.contract import (
    BearerAuth,
    ChainAuth,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
)
from treenail_runtime.demo.provider import FakeClient, mode_like, serving_provider
from treenail_runtime.providers import OAuthClient, led_to
from treenail_runtime.upstream import AiohttpTransport
from treenail_runtime.upstream.ways import code_grant

ORIGIN = "http://127.0.0.1:9"
ISSUER = "https://id.example.test"
FERGUS = OAuthProvider(
    authorize_url="https://auth.example.test/oauth2/authorize",
    token_url="https://auth.example.test/oauth2/token",  # noqa: S106  # an address
    revoke_url="https://auth.example.test/oauth2/revoke",
)
UNLIKE_ANY = replace(FERGUS, authorize_url="https://a.example.test/v7/ask", revoke_url="")


def led(provider: OAuthProvider, origin: str = ORIGIN) -> OAuthProvider:
    grant = code_grant(led_to(OAuthCodeAuth(provider=provider), origin))
    assert grant is not None
    return grant.provider


@pytest.mark.parametrize(
    "provider",
    [
        FERGUS,
        UNLIKE_ANY,
        OAuthProvider(issuer=f"{ISSUER}/tenant"),
        OAuthProvider(preset="oidc", issuer=ISSUER),
        OAuthProvider(preset="cognito", issuer=f"{ISSUER}/eu-central-1_Other"),
        OAuthProvider(preset="google"),
        OAuthProvider(preset="github"),
    ],
    ids=["endpoints", "other paths", "oauth2 issuer", "oidc", "cognito", "google", "github"],
)
async def test_whatever_is_declared_a_person_logs_in_at_the_made_up_one(
    provider: OAuthProvider,
) -> None:
    registered = FakeClient(CLIENT_ID, CLIENT_SECRET, (CALLBACK,))
    transport = AiohttpTransport()
    async with serving_provider(mode_like(led(provider)), clients=[registered]) as fake:
        auth = OAuthCodeAuth(provider=led(provider, fake.base_url), scopes=("jobs",))
        oauth = OAuthClient(transport, utc_now)
        try:
            tokens = await Upstream(fake, oauth, auth, CLIENT).logged_in()
        finally:
            await oauth.aclose()
            await transport.aclose()

        assert fake.is_live(tokens.access.get_secret_value())


def test_nothing_but_the_place_changes() -> None:
    there = led(UNLIKE_ANY)

    assert there == replace(
        UNLIKE_ANY,
        authorize_url=f"{ORIGIN}/v7/ask",
        token_url=f"{ORIGIN}/oauth2/token",
    )


def test_every_scheme_of_a_chain_is_led_there() -> None:
    chain = ChainAuth(
        (
            BearerAuth("{token}"),
            OAuthClientAuth(provider=FERGUS),
            ChainAuth((OAuthCodeAuth(provider=FERGUS),)),
        )
    )

    moved = led_to(chain, ORIGIN)

    assert moved == ChainAuth(
        (
            BearerAuth("{token}"),
            OAuthClientAuth(provider=led(FERGUS)),
            ChainAuth((OAuthCodeAuth(provider=led(FERGUS)),)),
        )
    )
    assert "example.test" not in str(moved)
