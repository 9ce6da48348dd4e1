"""Connectors that name another provider than the one that gave the tokens."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from tests.support import sample
from tests.support.authorizing import SECRET, served
from tests.support.loopback import loopback
from tests.support.ports import free_port
from tests.support.provider_login import CLIENT, ITEM, connector, town
from tests.support.serving import offering
from tests.support.tenants import instance_store
from treenail_runtime.app.directory import Directory
from treenail_runtime.app.instances import make_instances
from treenail_runtime.app.providing import UpstreamProviders
from treenail_runtime.app.registry import Registry
from treenail_runtime.contract import OAuthClientAuth, OAuthProvider
from treenail_runtime.demo.provider import serving_provider
from treenail_runtime.providers import OAuthClient
from treenail_runtime.settings import Settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import connections, credentials


@pytest.mark.requirement("PX-08")
async def test_tokens_of_another_provider_are_neither_sent_nor_removed(tmp_path: Path) -> None:
    async with (
        town(tmp_path) as place,
        serving_provider("oidc") as other,
        loopback(ITEM) as elsewhere,
    ):
        tokens = await place.connect()
        settings = Settings(
            port=free_port(),
            base_url=place.site.base_url,
            auth_secret=SecretStr(SECRET),
            database_url=SecretStr(f"sqlite:///{tmp_path}/site.db"),
            upstream_url=elsewhere.url,
            cleanup=False,
        )
        changed = replace(offering(connector=connector(other)), client=CLIENT)
        async with served(settings, Registry.of([changed])):
            there = replace(tokens, base_url=f"http://127.0.0.1:{settings.port}")
            answers = [await there.call()]
            await place.expire()
            answers.append(await there.call())
            refused = await there.refreshed()

        # A client that refreshes first, and is refused again, would never ask its person.
        assert refused == "invalid_grant"
        assert [answer.status for answer in answers] == [401, 401]
        assert (elsewhere.requests, other.journal.of("token")) == ([], [])
        assert await place.site.count(credentials) == 1
        (connection,) = await place.site.rows(connections)
        assert connection.status == "active"
        answer = await tokens.call()
        assert (answer.status, answer.error) == (200, "")
        assert await tokens.refreshed() == ""


@pytest.mark.requirement("PX-08", "UP-CLIENT")
async def test_tokens_of_clients_go_by_provider_client_and_what_is_asked_for(
    database: Database,
) -> None:
    rows, base_url = instance_store(database), "http://127.0.0.1:8000"
    (default, *_) = configured = make_instances([sample.CONNECTOR], base_url)
    connectors = {"sample": sample.CONNECTOR}
    directory = Directory(configured, connectors, rows, base_url, believed_s=0)
    declared = OAuthProvider(issuer="https://a.test")
    auth = OAuthClientAuth(provider=declared, scopes=("jobs",))
    another = replace(auth, provider=replace(declared, issuer="https://b.test"))
    wider = replace(auth, scopes=("jobs", "staff"))
    async with httpx.AsyncHTTPTransport() as transport:
        oauth = OAuthClient(transport)
        clients = [CLIENT, replace(CLIENT, client_id="another")]
        both = [
            UpstreamProviders(connectors, {"sample": client}, directory, oauth)
            for client in clients
        ]
        names = [
            *(providers.named(default, auth, None) for providers in both),
            *(both[0].named(default, each, None) for each in (another, wider)),
            *(both[0].named(default, auth, typed) for typed in ("f1", CLIENT.client_id)),
        ]

    assert len(set(names)) == len(names)
    assert {name.partition(" ")[0] for name in names} == {default.id}
    assert both[0].named(default, auth, None) == names[0]
