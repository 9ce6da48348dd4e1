"""Refresh, and giving back, at a provider that keeps books."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from tests.support.providers import CLIENT_SECRET, Upstream, upstream
from treenail_runtime.demo.provider.modes import ModeName
from treenail_runtime.providers import (
    ProviderBroken,
    ProviderClient,
    ProviderRefused,
    ProviderUnavailable,
    TokenSet,
)


async def _given_back(up: Upstream, tokens: TokenSet, issuer: str = "") -> bool:
    return await up.oauth.revoke(
        up.auth.provider,
        up.client,
        access=tokens.access,
        refresh=tokens.refresh,
        issuer=issuer or tokens.issuer,
    )


async def test_each_refresh_has_another_token_where_they_rotate() -> None:
    async with upstream() as up:
        first = await up.logged_in()
        second = await up.refreshed(first)
        third = await up.refreshed(second)

        assert len({tokens.refresh for tokens in (first, second, third)}) == 3
        assert up.fake.is_live(third.access.get_secret_value())


@pytest.mark.requirement("T-075")
async def test_a_refresh_token_that_was_used_before_ends_the_grant() -> None:
    async with upstream() as up:
        first = await up.logged_in()
        second = await up.refreshed(first)
        for tokens in (first, second):
            with pytest.raises(ProviderRefused) as refused:
                await up.refreshed(tokens)
            assert refused.value.ends_the_grant

        assert not up.fake.is_live(second.access.get_secret_value())


@pytest.mark.requirement("UP-COGNITO", "T-073")
async def test_cognito_sends_no_new_refresh_token_and_the_old_one_goes_on() -> None:
    async with upstream("cognito") as up:
        tokens = await up.logged_in()
        for _ in range(3):
            renewed = await up.refreshed(tokens)
            assert renewed.refresh == tokens.refresh
            assert renewed.access != tokens.access
            tokens = renewed


@pytest.mark.requirement("T-073")
async def test_a_provider_may_give_no_refresh_token_at_all() -> None:
    async with upstream() as up:
        up.fake.switches.gives_refresh = False
        assert (await up.logged_in()).refresh is None


async def test_a_refresh_looks_at_neither_keys_nor_id_token() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        up.fake.switches.fall_ill("error", "keys", "document")
        up.fake.switches.id_claims = {"iss": "https://other.example.test"}

        assert (await up.refreshed(tokens)).refresh is not None


@pytest.mark.requirement("T-075")
async def test_an_outage_keeps_the_refresh_token_good() -> None:
    async with upstream(seconds=0.3) as up:
        tokens = await up.logged_in()
        for outage in ("error", "hang"):
            up.fake.switches.fall_ill(outage, "token", retry_after="5")
            with pytest.raises(ProviderUnavailable):
                await up.refreshed(tokens)
        up.fake.switches.fall_ill("cut", "token")
        with pytest.raises(ProviderBroken):
            await up.refreshed(tokens)
        up.fake.switches.recover()


async def test_what_was_refreshed_before_an_outage_can_be_refreshed_after_it() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        up.fake.switches.fall_ill("error")
        with pytest.raises(ProviderUnavailable):
            await up.refreshed(tokens)
        up.fake.switches.recover()

        assert up.fake.is_live((await up.refreshed(tokens)).access.get_secret_value())


@pytest.mark.requirement("T-075")
async def test_a_person_who_withdraws_it_at_the_provider_ends_the_grant() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        up.fake.ledger.end_all()
        with pytest.raises(ProviderRefused) as refused:
            await up.refreshed(tokens)

        assert refused.value.ends_the_grant


@pytest.mark.requirement("PX-08")
async def test_tokens_of_another_issuer_are_neither_refreshed_nor_given_back() -> None:
    async with upstream() as old, upstream() as new:
        tokens = await old.logged_in()
        with pytest.raises(ProviderRefused) as refused:
            await new.refreshed(tokens)

        assert refused.value.ends_the_grant
        assert not await _given_back(new, tokens)
        assert new.fake.journal.of("token") == new.fake.journal.of("revoke") == []


@pytest.mark.requirement("UP-REVOKE")
@pytest.mark.parametrize("mode", ["oidc", "cognito"])
async def test_both_tokens_are_given_back(mode: ModeName) -> None:
    async with upstream(mode) as up:
        tokens = await up.logged_in()
        assert await _given_back(up, tokens)

        assert not up.fake.is_live(tokens.access.get_secret_value())
        hints = [asked.form["token_type_hint"] for asked in up.fake.journal.of("revoke")]
        assert hints == ["refresh_token", "access_token"]
        with pytest.raises(ProviderRefused):
            await up.refreshed(tokens)


@pytest.mark.requirement("UP-REVOKE", "UP-GITHUB")
async def test_github_takes_tokens_back_in_its_own_way_also_twice() -> None:
    async with upstream("github", scopes=("repo",)) as up:
        tokens = await up.logged_in()
        for _ in range(2):
            assert await _given_back(up, tokens)
            assert not up.fake.is_live(tokens.access.get_secret_value())

        asked = up.fake.journal.of("revoke")[0]
        assert asked.method == "DELETE"
        assert asked.headers["Authorization"].startswith("Basic ")


@pytest.mark.requirement("UP-GITHUB")
async def test_the_made_up_github_ends_all_logins_of_a_person_where_it_is_asked_for_that() -> None:
    async with upstream("github", scopes=("repo",)) as up:
        logins = [await up.logged_in(), await up.logged_in()]
        url = up.fake.url("end").replace("<client_id>", "{client_id}")
        up.auth = replace(up.auth, provider=replace(up.auth.provider, revoke_url=url))
        assert await _given_back(up, logins[0])

        assert not any(up.fake.is_live(each.access.get_secret_value()) for each in logins)


@pytest.mark.requirement("UP-REVOKE", "UP-GITHUB")
async def test_github_ends_no_refresh_token_whose_access_token_it_forgot() -> None:
    async with upstream("github", scopes=("repo",)) as up:
        tokens = replace(await up.logged_in(), refresh=SecretStr("ghr_alive"))
        assert await _given_back(up, tokens)
        assert not await _given_back(up, tokens)


@pytest.mark.requirement("UP-REVOKE")
async def test_an_outage_while_giving_back_is_told() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        up.fake.switches.fall_ill("error", "revoke")
        with pytest.raises(ProviderUnavailable):
            await _given_back(up, tokens)


@pytest.mark.requirement("UP-REVOKE")
async def test_a_wrong_secret_while_giving_back_is_told_without_it() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        up.client = ProviderClient(up.client.client_id, SecretStr(CLIENT_SECRET + "?"))
        with pytest.raises(ProviderRefused) as refused:
            await _given_back(up, tokens)

        assert refused.value.error == "invalid_client"


async def test_without_an_endpoint_nothing_is_given_back() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        provider = replace(
            up.auth.provider,
            preset="oauth2",
            issuer=up.fake.issuer,
            authorize_url=up.fake.url("authorize"),
            token_url=up.fake.url("token"),
        )
        up.auth = replace(up.auth, provider=provider)

        assert not await _given_back(up, tokens)
        assert up.fake.is_live(tokens.access.get_secret_value())
