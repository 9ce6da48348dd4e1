"""Servers on one database that serve different connectors."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.support import sample
from tests.support.authorizing import Site
from tests.support.provider_login import CLIENT, town
from tests.support.tenants import credential_store, instance_store
from treenail_runtime.app.directory import Directory
from treenail_runtime.app.instances import make_instances
from treenail_runtime.app.providing import UpstreamProviders
from treenail_runtime.contract import Connector
from treenail_runtime.providers import OAuthClient
from treenail_runtime.storage.tables import connections, credentials
from treenail_runtime.upkeep import TokenKeeper, refresh_due


async def _round(site: Site, connector: Connector) -> None:
    """A round of a server that serves nothing but `connector`."""
    connectors = {connector.name: connector}
    configured = make_instances([connector], site.base_url)
    rows = instance_store(site.database)
    directory = Directory(configured, connectors, rows, site.base_url, believed_s=0)
    async with httpx.AsyncHTTPTransport() as transport:
        oauth = OAuthClient(transport)
        providers = UpstreamProviders(connectors, {connector.name: CLIENT}, directory, oauth)
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
