"""Tokens that the provider grants to a client itself: asked for once, and again when refused."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from tests.support.providers import Upstream, upstream
from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.contract import OAuthClientAuth
from treenail_runtime.upkeep import ClientTokens, ClientTokenSource
from treenail_runtime.upstream import Credentials, credentials_for


@asynccontextmanager
async def sources(
    count: int = 1, stopwatch: Stopwatch = monotonic
) -> AsyncGenerator[tuple[Upstream, list[ClientTokenSource]]]:
    """Sources of one client, as so many calls at once have them."""
    async with upstream() as place:
        auth = OAuthClientAuth(provider=place.auth.provider, scopes=("jobs",))

        async def ask() -> ObtainedTokens:
            granted = await place.oauth.client_credentials(auth, place.client)
            return ObtainedTokens(
                access=granted.access, expires_in_s=granted.expires_in_s, issuer=granted.issuer
            )

        def with_token(access: SecretStr) -> Credentials:
            return credentials_for(auth, {}, {}, access)

        tokens = ClientTokens(stopwatch)
        yield place, [ClientTokenSource(tokens, "default", ask, with_token) for _ in range(count)]


def asked(place: Upstream) -> int:
    return len(place.fake.journal.of("token", grant_type="client_credentials"))


async def test_many_calls_at_once_ask_once_for_a_token_that_works() -> None:
    async with sources(16) as (place, found):
        given = await asyncio.gather(*(each.current() for each in found))

        assert (len(set(given)), asked(place)) == (1, 1)
        ((name, value),) = given[0].headers
        assert name == "Authorization"
        assert place.fake.is_live(value.removeprefix("Bearer "))


async def test_a_refused_token_is_replaced_once() -> None:
    async with sources(2) as (place, (one, other)):
        first = await one.current()
        second = await one.renewed(first)

        assert second is not None
        assert second != first
        assert await other.current() == second
        assert asked(place) == 2


@pytest.mark.requirement("UP-CLIENT")
async def test_refusals_of_one_token_one_after_another_have_one_token_asked_for() -> None:
    """Without authorization all calls have one source."""
    async with sources() as (place, (one,)):
        sent = [await one.current() for _ in range(6)]
        given = [await one.renewed(each) for each in sent]

        assert (len(set(given)), asked(place)) == (1, 2)
        assert given[0] not in {None, sent[0]}


@pytest.mark.requirement("UP-CLIENT")
async def test_after_a_minute_refused_tokens_are_replaced_again() -> None:
    now = 0.0
    async with sources(stopwatch=lambda: now) as (_, (one,)):

        async def refusals() -> list[bool]:
            return [await one.renewed(await one.current()) is None for _ in range(5)]

        first = await refusals()
        now = 60.0

        assert first == await refusals() == [False] * 3 + [True] * 2


async def test_what_is_forgotten_while_the_provider_is_asked_is_not_kept() -> None:
    """The client may have been changed just then."""
    asks, tokens = list[asyncio.Future[ObtainedTokens]](), ClientTokens()

    async def ask() -> ObtainedTokens:
        asks.append(asyncio.get_running_loop().create_future())
        return await asks[-1]

    async def given(name: str) -> str:
        asking = asyncio.create_task(tokens.token("acme of-a-client", ask))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asks[-1].set_result(ObtainedTokens(access=SecretStr(name), issuer="i"))
        return (await asking).get_secret_value()

    for forget in (lambda: tokens.forget_where("acme".__eq__), tokens.forget_all):
        late = asyncio.create_task(tokens.token("acme of-a-client", ask))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        forget()
        now = await given("new")
        asks[-2].set_result(ObtainedTokens(access=SecretStr("old"), issuer="i"))
        await late

        assert now == "new"
        assert (await tokens.token("acme of-a-client", ask)).get_secret_value() == "new"
        tokens.forget_all()


async def test_a_token_with_a_short_life_is_used_while_it_lasts() -> None:
    async with sources() as (place, (one,)):
        place.fake.switches.access_life_s = 15
        await one.prepare()
        await one.current()

        assert asked(place) == 1
