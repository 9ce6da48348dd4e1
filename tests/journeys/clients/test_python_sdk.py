"""The Python SDK's client, with its own OAuth provider, from nothing to a refreshed token."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
)
from pydantic import AnyUrl
from sqlalchemy import select

from tests.support.fergus import TOOLS, fergus
from tests.support.loopback import Loopback, loopback, reply
from tests.support.mock_upstream import MockUpstream
from tests.support.person import Person, Visit
from tests.support.phorest import BOTH_ERAS, PASSWORD, VERSIONS, answered
from tests.support.serving_oauth import Served
from treenail_runtime.demo.authorizing import Memory
from treenail_runtime.storage.tables import grants, tokens


@dataclass(frozen=True)
class Application:
    """An application that uses the SDK, with a page of its own for answers."""

    memory: Memory
    person: Person
    provider: OAuthClientProvider
    heard: list[httpx2.Response]

    @property
    def client_id(self) -> str:
        assert self.memory.client is not None
        return self.memory.client.client_id

    def paths(self) -> list[str]:
        """What it asked the server for, in order; its calls of the MCP endpoint once only."""
        asked = [f"{each.request.method} {each.request.url.path}" for each in self.heard]
        return list(dict.fromkeys(asked))

    @asynccontextmanager
    async def connected(self, url: str, mode: str = "auto") -> AsyncGenerator[Client]:
        async def hear(response: httpx2.Response) -> None:
            self.heard.append(response)

        async with (
            httpx2.AsyncClient(
                trust_env=False,
                timeout=20,
                auth=self.provider,
                event_hooks={"response": [hear]},
            ) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            yield client


@asynccontextmanager
async def application(
    url: str, client: OAuthClientInformationFull | None = None
) -> AsyncGenerator[Application]:
    """An application of the server at `url`; it registers itself unless it is a known `client`."""
    memory, person = Memory(), Person()
    memory.client = client
    async with loopback(reply(200, b"Thank you.")) as callback:
        metadata = OAuthClientMetadata(
            client_name="Receptionist", redirect_uris=[AnyUrl(f"{callback.url}/callback")]
        )

        async def opened(page: str) -> None:
            await person.visit(page)

        async def returned() -> AuthorizationCodeResult:
            return _result(callback, person.visits[-1])

        provider = OAuthClientProvider(url, metadata, memory, opened, returned)
        yield Application(memory, person, provider, [])


def _result(callback: Loopback, visit: Visit) -> AuthorizationCodeResult:
    """What came to the application's own page."""
    assert visit.told == "Thank you."
    assert visit.location.endswith(callback.requests[-1].target)
    answer = visit.answer
    return AuthorizationCodeResult(
        code=answer["code"], state=answer.get("state"), iss=answer.get("iss")
    )


@pytest.mark.requirement(
    "AS-01",
    "AS-02",
    "AS-12",
    "RS-01",
    "RS-02",
    "S0-02",
    "S0-03",
    "S0-11",
    "S0-12",
    "S0-17",
    "S0-18",
    "S0-19",
    "S0-24",
)
@BOTH_ERAS
async def test_the_client_finds_its_way_in_works_and_refreshes(served: Served, mode: str) -> None:
    async with application(served.url) as app, app.connected(served.url, mode) as client:
        assert client.protocol_version == VERSIONS[mode]
        assert len((await client.list_tools()).tools) == 20
        assert (await answered(client, "list_branches"))["branches"]
        first = app.memory.tokens
        assert first is not None

        await served.expire_access(app.client_id)
        app.provider.context.token_expiry_time = 1.0
        again = await answered(client, "list_branches")

        assert again["branches"]
        assert app.memory.tokens is not None
        assert app.memory.tokens.access_token != first.access_token
        assert app.memory.tokens.refresh_token != first.refresh_token
    assert app.paths()[:5] == [
        "POST /mcp",
        "GET /.well-known/oauth-protected-resource/mcp",
        "GET /.well-known/oauth-authorization-server",
        "POST /register",
        "POST /token",
    ]
    assert app.heard[0].status_code == 401
    (visit,) = app.person.visits
    assert "Sign in with your Phorest access" in visit.pages[0]
    assert visit.answer["iss"] == served.base_url
    assert (first.token_type, first.expires_in) == ("Bearer", 3600)
    assert (await served.family(app.client_id)).was_refreshed_once


@pytest.mark.requirement("AS-13", "AS-14", "S0-21", "S0-22", "NO-SECRETS")
async def test_what_is_stored_and_logged_of_a_login_opens_nothing(served: Served) -> None:
    async with application(served.url) as app, app.connected(served.url) as client:
        await answered(client, "list_branches")

    got, code = app.memory.tokens, app.person.visits[0].answer["code"]
    assert got is not None
    assert got.refresh_token is not None
    mine = select(grants.c.id).where(grants.c.client_id == app.client_id).scalar_subquery()
    lasts = select(tokens.c.kind, tokens.c.expires_at - tokens.c.issued_at)
    assert dict(await served.rows(lasts.where(tokens.c.grant_id == mine))) == {
        "access": 3_600_000,
        "refresh": 30 * 86_400_000,
    }
    files = [each.read_bytes() for each in served.log.parent.iterdir()]
    assert any(app.client_id.encode() in content for content in files)
    for secret in (got.access_token, got.refresh_token, code, PASSWORD):
        assert not any(secret.encode() in content for content in files)


@pytest.mark.requirement("S0-13", "S0-14", "S0-16", "S0-20", "S0-23")
async def test_each_call_reaches_the_upstream_with_the_credentials_that_were_typed(
    served: Served, mock_upstream: MockUpstream
) -> None:
    async with application(served.url) as app:
        mock_upstream.reset()
        async with app.connected(served.url) as client:
            checked = mock_upstream.log(100)
            await answered(client, "list_branches")
            called = mock_upstream.log(100)[len(checked) :]

    # The login checks what was typed, offers a choice of branches, and sees that it is one of them.
    assert [each["query"] for each in checked] == ["size=1", "size=100", "size=100"]
    assert [each["query"] for each in called] == ["size=100"]
    for each in (*checked, *called):
        assert each["path"].endswith("/business/b1/branch")
        assert "authorization" in dict(each["headers"])
    calls = [each.request for each in app.heard if each.request.url.path == "/mcp"]
    assert app.memory.tokens is not None
    assert {call.headers.get("authorization") for call in calls[1:]} == {
        f"Bearer {app.memory.tokens.access_token}"
    }


@pytest.mark.requirement("AS-01", "S1-09")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_confidential_client_gets_in_and_refreshes_with_its_secret(
    served: Served, method: str
) -> None:
    how = method.removeprefix("client_secret_")
    where = ("--redirect-uri", "http://127.0.0.1/callback")
    client_id, secret = served.add_client(method, "--confidential", how, *where)
    assert secret
    known = OAuthClientInformationFull(
        client_id=client_id, client_secret=secret, token_endpoint_auth_method=method
    )

    async with (
        application(served.url, known) as app,
        app.connected(served.url) as client,
    ):
        assert (await answered(client, "list_branches"))["branches"]
        await served.expire_access(client_id)
        app.provider.context.token_expiry_time = 1.0
        assert (await answered(client, "list_branches"))["branches"]

    requests = [each.request for each in app.heard if each.request.url.path == "/token"]
    assert len(requests) == 2
    for request in requests:
        in_head = request.headers.get("authorization", "").startswith("Basic ")
        in_body = secret.encode() in request.content
        assert (in_head, in_body) == (method == "client_secret_basic", not in_head)
    assert "POST /register" not in app.paths()
    assert (await served.family(client_id)).was_refreshed_once


@pytest.mark.requirement("PX-06", "S4-01")
async def test_no_token_goes_through_the_server(tmp_path: Path) -> None:
    async with fergus(tmp_path) as place:
        async with application(place.url) as app, app.connected(place.url) as client:
            assert len((await client.list_tools()).tools) == TOOLS
            first = await answered(client, "get_company")
            await place.expire(app.client_id)
            app.provider.context.token_expiry_time = 1.0
            again = await answered(client, "get_company")
        assert first == again
        assert "Allow and sign in at Fergus" in app.person.visits[0].pages[0]
        place.check_that_no_token_went_through()
