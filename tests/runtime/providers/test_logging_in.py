from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from tests.support.providers import CALLBACK, CLIENT_SECRET, upstream
from treenail_runtime.contract import OAuthClientAuth
from treenail_runtime.demo.provider.modes import ModeName
from treenail_runtime.providers import ProviderBroken, ProviderClient, ProviderRefused


@pytest.mark.parametrize("mode", ["oidc", "cognito"])
async def test_a_person_logs_in_and_is_known_by_the_id_token(mode: ModeName) -> None:
    async with upstream(mode) as up:
        tokens = await up.logged_in()

        assert up.fake.is_live(tokens.access.get_secret_value())
        assert tokens.refresh is not None
        assert (tokens.subject, tokens.issuer) == ("Ann", up.fake.issuer)
        assert tokens.scopes == {"openid", "jobs"}
        assert tokens.expires_in_s == 3600


async def test_without_the_scope_openid_nobody_asks_for_an_id_token_or_keys() -> None:
    async with upstream(scopes=("jobs",)) as up:
        tokens = await up.logged_in()

        assert tokens.subject is None
        assert up.fake.journal.of("keys") == []
        assert "nonce" not in up.fake.journal.of("authorize")[0].form


async def test_the_browser_carries_state_nonce_and_challenge_and_no_secret() -> None:
    async with upstream() as up:
        departure = await up.oauth.depart(
            up.auth, up.client, redirect_uri=CALLBACK, state="our-state"
        )
        asked = parse_qs(urlsplit(departure.url).query)
        attempt = departure.attempt

        assert asked["state"] == ["our-state"]
        assert asked["response_type"] == ["code"]
        assert asked["code_challenge_method"] == ["S256"]
        assert attempt.verifier is not None
        assert attempt.nonce is not None
        assert asked["nonce"] == [attempt.nonce.get_secret_value()]
        for secret in (attempt.verifier.get_secret_value(), CLIENT_SECRET):
            assert secret not in departure.url
            assert secret not in repr(departure)


async def test_every_departure_has_secrets_of_its_own() -> None:
    async with upstream() as up:
        first, second = [
            (await up.oauth.depart(up.auth, up.client, redirect_uri=CALLBACK, state="s")).attempt
            for _ in range(2)
        ]

        assert first.verifier != second.verifier
        assert first.nonce != second.nonce


async def test_parameters_of_the_connector_go_along_but_never_replace_ours() -> None:
    async with upstream() as up:
        up.auth = replace(up.auth, parameters={"audience": "api", "state": "x", "client_id": "y"})
        await up.logged_in()
        asked = up.fake.journal.of("authorize")[0].form

        assert asked["audience"] == "api"
        assert (asked["state"], asked["client_id"]) == ("our-state", up.client.client_id)


@pytest.mark.parametrize("way", ["basic", "post"])
async def test_the_client_shows_itself_as_the_connector_says(way: str) -> None:
    async with upstream(token_auth=way) as up:
        await up.logged_in()
        (asked,) = up.fake.journal.of("token")

        assert ("Authorization" in asked.headers) == (way == "basic")
        assert ("client_secret" in asked.form) == (way == "post")


async def test_a_provider_that_only_takes_the_other_way_gets_it() -> None:
    async with upstream() as up:
        up.fake.switches.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        await up.logged_in()

        assert "client_secret" in up.fake.journal.of("token")[0].form


async def test_a_public_client_proves_itself_by_the_verifier_alone() -> None:
    async with upstream(secret=None) as up:
        tokens = await up.logged_in()

        (asked,) = up.fake.journal.of("token")
        assert tokens.subject == "Ann"
        assert "Authorization" not in asked.headers
        assert asked.form["client_id"] == up.client.client_id


async def test_a_code_with_another_verifier_is_refused_and_spent() -> None:
    async with upstream() as up:
        code, attempt = await up.authorized()
        stolen = replace(attempt, verifier=SecretStr("x" * 43))

        for tried in (stolen, attempt):
            with pytest.raises(ProviderRefused) as refused:
                await up.exchanged(code, tried)
            assert refused.value.error == "invalid_grant"


async def test_a_wrong_client_secret_does_not_end_the_grant() -> None:
    async with upstream() as up:
        up.client = ProviderClient(up.client.client_id, SecretStr("another"))
        with pytest.raises(ProviderRefused) as refused:
            await up.logged_in()

        assert refused.value.error == "invalid_client"
        assert not refused.value.ends_the_grant


async def test_a_person_who_says_no_is_told_from_a_fault() -> None:
    async with upstream() as up:
        with pytest.raises(ProviderRefused) as refused:
            await up.authorized(decision="deny")

        assert refused.value.error == "access_denied"


async def test_an_answer_without_the_id_token_that_was_asked_for_is_refused() -> None:
    async with upstream() as up:
        up.fake.switches.token_answer["id_token"] = None
        with pytest.raises(ProviderBroken, match="no ID token"):
            await up.logged_in()


@pytest.mark.requirement("UP-GOOGLE")
async def test_google_is_asked_for_a_refresh_token_and_may_leave_out_https_in_its_name() -> None:
    async with upstream(preset="google") as up:
        up.fake.switches.id_claims = {"iss": "accounts.google.com"}
        tokens = await up.logged_in()
        asked = up.fake.journal.of("authorize")[0].form

        assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
        assert tokens.subject == "Ann"


@pytest.mark.requirement("UP-GITHUB")
async def test_github_needs_no_document_and_lists_scopes_with_commas() -> None:
    async with upstream("github", scopes=("repo", "read:user")) as up:
        tokens = await up.logged_in()

        assert tokens.scopes == {"repo", "read:user"}
        assert (tokens.refresh, tokens.expires_in_s, tokens.subject) == (None, None, None)
        assert tokens.issuer == up.fake.url("token")
        (asked,) = up.fake.journal.of("token")
        assert "client_secret" in asked.form


@pytest.mark.requirement("UP-GITHUB")
async def test_github_says_no_with_status_200() -> None:
    async with upstream("github", scopes=("repo",)) as up:
        code, attempt = await up.authorized()
        await up.exchanged(code, attempt)
        with pytest.raises(ProviderRefused) as refused:
            await up.exchanged(code, attempt)

        assert refused.value.ends_the_grant


async def test_tokens_for_ourselves_come_without_a_person() -> None:
    async with upstream() as up:
        auth = OAuthClientAuth(
            provider=up.auth.provider, scopes=("jobs",), parameters={"audience": "api"}
        )
        tokens = await up.oauth.client_credentials(auth, up.client)

        (asked,) = up.fake.journal.of("token", grant_type="client_credentials")
        assert (asked.form["scope"], asked.form["audience"]) == ("jobs", "api")
        assert up.fake.is_live(tokens.access.get_secret_value())
        assert tokens.refresh is None
