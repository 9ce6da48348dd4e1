"""Which ID tokens are believed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwk

from tests.support.providers import CLIENT_ID, upstream
from treenail_runtime.providers import ProviderBroken, ProviderUnavailable


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


NOW = int(_Clock().now.timestamp())


@pytest.mark.requirement("UP-ID-TOKEN")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.test"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": None},
        {"aud": ["another client"]},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"azp": "another"},
        {"aud": {"a": 1}},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"nonce": "\ud800"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "a\nb"},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(claims: dict[str, Any]) -> None:
    async with upstream(clock=_Clock()) as up:
        up.fake.switches.id_claims = claims
        with pytest.raises(ProviderBroken):
            await up.logged_in()


@pytest.mark.requirement("UP-ID-TOKEN")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
        {"azp": CLIENT_ID},
        {"exp": NOW - 59},
        {"iat": NOW + 59},
    ],
)
async def test_a_token_that_is_unusual_but_right_is_believed(claims: dict[str, Any]) -> None:
    async with upstream(clock=_Clock()) as up:
        up.fake.switches.id_claims = claims
        assert (await up.logged_in()).subject == "Ann"


@pytest.mark.requirement("UP-ID-TOKEN")
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_only_signatures_with_public_keys_count(algorithm: Any) -> None:
    async with upstream() as up:
        up.fake.switches.id_algorithm = algorithm
        with pytest.raises(ProviderBroken, match="not signed with a public key"):
            await up.logged_in()


@pytest.mark.requirement("UP-ID-TOKEN")
async def test_a_signature_with_elliptic_curves_counts() -> None:
    async with upstream() as up:
        up.fake.switches.id_algorithm = "ES256"
        assert (await up.logged_in()).subject == "Ann"


@pytest.mark.requirement("UP-ID-TOKEN")
@pytest.mark.parametrize("token", ["", "a.b.c", "ключ.b.c", 7, {"a": 1}, "a" * 70_000])
async def test_what_is_no_signed_token_is_refused(token: Any) -> None:
    async with upstream() as up:
        up.fake.switches.token_answer["id_token"] = token
        with pytest.raises(ProviderBroken):
            await up.logged_in()


@pytest.mark.requirement("UP-ID-TOKEN")
@pytest.mark.parametrize("ahead_s", [-50, 50])
async def test_a_provider_whose_clock_differs_a_little_is_believed(ahead_s: int) -> None:
    async with upstream() as up:
        up.fake.switches.skew_s = ahead_s
        assert (await up.logged_in()).subject == "Ann"


@pytest.mark.requirement("UP-ID-TOKEN")
async def test_a_provider_whose_clock_is_far_ahead_is_not() -> None:
    async with upstream() as up:
        up.fake.switches.skew_s = 300
        with pytest.raises(ProviderBroken, match="future"):
            await up.logged_in()


@pytest.mark.requirement("UP-ID-TOKEN")
async def test_keys_are_asked_for_once_and_new_ones_are_found() -> None:
    clock = _Clock()
    async with upstream(clock=clock) as up:
        await up.logged_in()
        await up.logged_in()
        assert len(up.fake.journal.of("keys")) == 1

        up.fake.signer.rotate()
        clock.now += timedelta(minutes=2)
        assert (await up.logged_in()).subject == "Ann"
        assert len(up.fake.journal.of("keys")) == 2


@pytest.mark.requirement("UP-ID-TOKEN")
async def test_unknown_keys_make_us_ask_once_a_minute_at_most() -> None:
    clock = _Clock()
    async with upstream(clock=clock) as up:
        await up.logged_in()
        stranger = jwk.RSAKey.generate_key(2048, {"kid": "of somebody else"})
        up.fake.signer.sign_with(stranger)
        for _ in range(5):
            with pytest.raises(ProviderBroken, match="not in its key set"):
                await up.logged_in()
        assert len(up.fake.journal.of("keys")) == 1

        clock.now += timedelta(minutes=2)
        for _ in range(5):
            with pytest.raises(ProviderBroken, match="not in its key set"):
                await up.logged_in()
        assert len(up.fake.journal.of("keys")) == 2


@pytest.mark.requirement("UP-ID-TOKEN")
async def test_a_signature_of_somebody_else_under_a_known_name_is_refused() -> None:
    async with upstream() as up:
        stranger = jwk.RSAKey.generate_key(2048, {"kid": "key-1"})
        up.fake.signer.sign_with(stranger)
        with pytest.raises(ProviderBroken, match="BadSignature"):
            await up.logged_in()


async def test_keys_that_are_slow_are_waited_for() -> None:
    async with upstream() as up:
        code, attempt = await up.authorized()
        up.fake.switches.fall_ill("hang", "keys")
        async with asyncio.TaskGroup() as tasks:
            exchanging = tasks.create_task(up.exchanged(code, attempt))
            await up.fake.journal.reaches(1, "keys")
            up.fake.switches.recover()

        assert exchanging.result().subject == "Ann"


async def test_keys_that_never_come_are_an_outage() -> None:
    async with upstream(seconds=0.2) as up:
        up.fake.switches.fall_ill("hang", "keys")
        with pytest.raises(ProviderUnavailable, match="in time"):
            await up.logged_in()


@pytest.mark.requirement("UP-COGNITO")
async def test_cognito_keeps_document_and_keys_on_the_path_of_its_issuer() -> None:
    async with upstream("cognito") as up:
        tokens = await up.logged_in()

        assert up.fake.issuer.endswith("/eu-west-1_Demo")
        assert tokens.access.get_secret_value().count(".") == 2
        assert tokens.issuer == up.fake.issuer
