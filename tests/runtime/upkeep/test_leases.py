"""Refreshes that take long: given up before their lease ends, and never at the expense of a better one."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from tests.support.authorizing import Site
from tests.support.databases import travel
from tests.support.provider_login import CLIENT, Town, connector, town
from tests.support.tenants import credential_store, instance_store, obtained
from treenail_runtime.app.directory import Directory
from treenail_runtime.app.instances import make_instances
from treenail_runtime.app.providing import UpstreamProviders
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.contract import BearerAuth
from treenail_runtime.providers import OAuthClient
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.tables import connections, credentials
from treenail_runtime.upkeep import ProviderAway, TokenKeeper, TokenSource, TokenStore, Waiting
from treenail_runtime.upstream import Credentials, credentials_for


@asynccontextmanager
async def keeper(
    place: Town, waiting: Waiting, around: Callable[[CredentialStore], TokenStore] = lambda it: it
) -> AsyncGenerator[TokenKeeper]:
    """That of another worker, in less time, with what is `around` its store."""
    made = connector(place.fake)
    connectors, base_url = {made.name: made}, place.site.base_url
    rows = instance_store(place.site.database)
    directory = Directory(
        make_instances([made], base_url), connectors, rows, base_url, believed_s=0
    )
    async with httpx.AsyncHTTPTransport() as transport:
        oauth = OAuthClient(transport)
        providers = UpstreamProviders(connectors, {made.name: CLIENT}, directory, oauth)
        store = around(credential_store(place.site.database))
        made_keeper = TokenKeeper(store, providers, owner="another", waiting=waiting)
        yield made_keeper
        await made_keeper.aclose()
        await oauth.aclose()


class Away:
    """The store of a worker whose database goes away before it takes new tokens."""

    def __init__(self, store: CredentialStore) -> None:
        self.get, self.claim = store.get, store.claim
        self.owe_unused, self.failed = store.owe_unused, store.failed
        self.mark_reauth, self._replace = store.mark_reauth, store.replace
        self.asked, self.back = asyncio.Event(), asyncio.Event()

    async def replace(self, connection_id: str, version: int, tokens: ObtainedTokens) -> int | None:
        self.asked.set()
        if not self.back.is_set():
            raise StoreUnavailableError("away")
        return await self._replace(connection_id, version, tokens)


async def _connection(site: Site) -> str:
    (row,) = await site.rows(connections)
    return str(row.id)


def test_a_refresh_that_may_outlast_its_lease_cannot_be_set() -> None:
    assert Waiting().patience_s <= 10
    with pytest.raises(ValueError, match="longer than its lease"):
        Waiting(lease_s=15, asking_s=10, courtesy_s=5)


@pytest.mark.requirement("LEASE", "T-075")
async def test_a_refresh_is_given_up_before_its_lease_ends_and_calls_wait_less_than_that(
    tmp_path: Path,
) -> None:
    async with (
        town(tmp_path) as place,
        keeper(place, Waiting(lease_s=30, asking_s=0.6, patience_s=0.3)) as another,
    ):
        await place.connect()
        await place.expire()
        connection = await _connection(place.site)
        place.fake.switches.fall_ill("hang", "token")
        with pytest.raises(ProviderAway, match="has not finished"):
            await another.current(connection, place.fake.issuer)
        (during,) = await place.site.rows(credentials)
        await another.aclose()
        (after,) = await place.site.rows(credentials)
        place.fake.switches.recover()

        assert during.lease_owner.startswith("another-")
        assert (after.lease_owner, after.last_error) == (None, "no answer in time")
        assert after.version == during.version


@pytest.mark.requirement("LEASE", "T-075")
async def test_tokens_survive_a_database_that_is_away_for_longer_than_the_lease(
    tmp_path: Path,
) -> None:
    """The provider rotates: whoever shows the old refresh token again has lost the login."""
    away = list[Away]()

    def around(store: CredentialStore) -> TokenStore:
        away.append(Away(store))
        return away[0]

    async with (
        town(tmp_path) as place,
        keeper(place, Waiting(), around) as one,
        keeper(place, Waiting(courtesy_s=2)) as another,
    ):
        await place.connect()
        await place.expire()
        connection = await _connection(place.site)
        first = asyncio.create_task(one.current(connection, place.fake.issuer))
        await away[0].asked.wait()
        (before,) = after = await place.site.rows(credentials)
        await travel(place.site.database, 40)
        second = asyncio.create_task(another.current(connection, place.fake.issuer))
        while after[0].lease_owner == before.lease_owner:
            after = await place.site.rows(credentials)
        away[0].back.set()

        assert (await first).version == (await second).version == before.version + 1
        assert len(place.fake.journal.of("token", grant_type="refresh_token")) == 1


@pytest.mark.requirement("LEASE")
async def test_the_lease_of_a_killed_worker_is_taken_over(tmp_path: Path) -> None:
    async with town(tmp_path) as place, keeper(place, Waiting(courtesy_s=0.1)) as another:
        await place.connect()
        await place.expire()
        (row,) = await place.site.rows(credentials)
        store = credential_store(place.site.database)
        await store.claim(row.connection_id, version=row.version, attempt="killed", seconds=0)
        tokens = await another.current(row.connection_id, place.fake.issuer)

        assert tokens.version == row.version + 1


@pytest.mark.requirement("T-075")
async def test_a_call_that_waits_when_the_server_ends_is_told_to_come_again(
    tmp_path: Path,
) -> None:
    async with (
        town(tmp_path) as place,
        keeper(place, Waiting(farewell_s=0.1)) as another,
    ):
        await place.connect()
        await place.expire()
        connection = await _connection(place.site)
        place.fake.switches.fall_ill("hang", "token")
        waiting = asyncio.create_task(another.current(connection, place.fake.issuer))
        await place.fake.journal.reaches(2, "token")
        await another.aclose()

        with pytest.raises(ProviderAway, match="the server ends"):
            await waiting
        place.fake.switches.recover()


@pytest.mark.requirement("S2-30")
async def test_refusals_of_one_token_one_after_another_cause_one_refresh(tmp_path: Path) -> None:
    """A tool may ask the upstream many times at once."""

    def with_token(access: SecretStr) -> Credentials:
        return credentials_for(BearerAuth("{token}"), {}, {"token": access}, None)

    async with town(tmp_path) as place, keeper(place, Waiting()) as another:
        await place.connect()
        connection = await _connection(place.site)
        source = TokenSource(another, connection, place.fake.issuer, with_token)
        sent = [await source.current() for _ in range(6)]
        given = [await source.renewed(each) for each in sent]

        assert (len(set(sent)), len(set(given))) == (1, 1)
        assert given[0] not in {None, sent[0]}
        assert len(place.fake.journal.of("token", grant_type="refresh_token")) == 1


@pytest.mark.requirement("LEASE", "T-075")
async def test_a_call_goes_on_with_tokens_that_are_newer_than_those_that_are_refused(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        (before,) = await place.site.rows(credentials)
        place.fake.switches.fall_ill("hang", "token")
        place.fake.switches.refuses_refresh = True
        calling = asyncio.create_task(tokens.call())
        await place.fake.journal.reaches(2, "token")
        newer = obtained("newer", issuer=before.issuer)
        await credential_store(place.site.database).replace(
            before.connection_id, before.version, newer
        )
        place.fake.switches.recover()
        answer = await calling

        assert (answer.status, answer.error) == (200, "")
        sent = place.site.upstream_seen[-1].value("Authorization")
        assert sent == f"Bearer {newer.access.get_secret_value()}"
        (connection,) = await place.site.rows(connections)
        assert connection.status == "active"
