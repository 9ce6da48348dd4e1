"""Servers on one database that serve different connectors."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support import sample
from tests.support.authorizing import Site
from tests.support.provider_login import CLIENT, town
from tests.support.tenants import at, credential_store, instance_store, obtained, revocation_store
from treenail_runtime.app.directory import Directory
from treenail_runtime.app.instances import make_instances
from treenail_runtime.app.providing import UpstreamProviders
from treenail_runtime.contract import Connector
from treenail_runtime.providers import OAuthClient
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import connections, credentials
from treenail_runtime.upkeep import TokenKeeper, refresh_due


@asynccontextmanager
async def _another(
    database: Database, connector: Connector, base_url: str = "http://127.0.0.1:8000"
) -> AsyncGenerator[UpstreamProviders]:
    """What a server knows of providers that serves nothing but `connector`."""
    connectors = {connector.name: connector}
    configured = make_instances([connector], base_url)
    rows = instance_store(database)
    directory = Directory(configured, connectors, rows, base_url, believed_s=0)
    async with httpx.AsyncHTTPTransport() as transport:
        oauth = OAuthClient(transport)
        yield UpstreamProviders(connectors, {connector.name: CLIENT}, directory, oauth)


async def _round(site: Site, connector: Connector) -> None:
    """A round of a server that serves nothing but `connector`."""
    async with _another(site.database, connector, site.base_url) as providers:
        keeper = TokenKeeper(credential_store(site.database), providers, owner="elsewhere")
        await refresh_due(credential_store(site.database), keeper)


@pytest.mark.requirement("S2-29", "S2-31")
@pytest.mark.parametrize("name", ["other", "sample"])
async def test_a_server_without_the_connector_of_a_login_leaves_its_tokens_alone(
    tmp_path: Path, name: str
) -> None:
    """Also where the connector has another way to log in there, as in an older version."""
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        (before,) = await place.site.rows(credentials)

        await _round(place.site, replace(sample.CONNECTOR, name=name))

        assert await place.site.rows(credentials) == [before]
        (connection,) = await place.site.rows(connections)
        assert connection.status == "active"
        answer = await tokens.call()
        assert (answer.status, answer.error) == (200, "")


@pytest.mark.requirement("UP-OWED")
async def test_a_server_without_the_connector_knows_too_that_a_token_ends_all_of_a_person(
    database: Database,
) -> None:
    google = obtained(issuer="https://accounts.google.com")
    store, owed = credential_store(database), revocation_store(database)
    ended, going_on = [(await at(database, "default").code()).connection_id for _ in range(2)]
    for each in (ended, going_on):
        await store.put(each, google)

    async def end(connection: AsyncConnection) -> None:
        its = credentials.c.connection_id == ended
        await connection.execute(update(credentials).where(its).values(ended_at=now_ms))

    await database.write(end)
    async with _another(database, replace(sample.CONNECTOR, name="other")) as providers:
        assert await owed.take_ended(10, providers.ending_all()) == 1

    assert await owed.claim(10, 60) == []
    assert (await store.get(ended), await store.get(going_on) is None) == (None, False)
