"""Without authorization: a client of the environment has a token of its own, and people have none."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.client_grants import connector
from tests.support.commands import connectors_folder, run
from tests.support.loopback import loopback, reply
from tests.support.provider_login import ITEM
from tests.support.providers import CLIENT_ID, CLIENT_SECRET
from tests.support.serving import Running, serving
from tests.support.wire import Answer, modern, modern_headers
from treenail_runtime.app.connecting import Offering, connected
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.settings import Settings

REGISTERED = FakeClient(CLIENT_ID, CLIENT_SECRET)
OPERATORS = {"SAMPLE_OAUTH_CLIENT_ID": CLIENT_ID, "SAMPLE_OAUTH_CLIENT_SECRET": CLIENT_SECRET}
TYPED = {"SAMPLE_CLIENT_ID": CLIENT_ID, "SAMPLE_CLIENT_SECRET": CLIENT_SECRET}

_MODULE = """

import dataclasses
from treenail_runtime.contract import BearerAuth, ChainAuth, OAuthClientAuth, OAuthCodeAuth, OAuthProvider

_PROVIDER = OAuthProvider(authorize_url="{url}/authorize", token_url="{url}/token")
_PEOPLE = OAuthCodeAuth(provider=_PROVIDER)
_TOKEN = LoginField(name="token", label="Token", secret=True, required=False)
CONNECTOR = dataclasses.replace(CONNECTOR, {changes})
"""


def module(folder: Path, changes: str, url: str = "https://login.example.test") -> Path:
    """A connectors folder whose `sample` is changed."""
    made = connectors_folder(folder)
    with (made / "sample.py").open("a", encoding="utf-8") as file:
        file.write(_MODULE.format(url=url, changes=changes))
    return made


async def get_item(server: Running) -> Answer:
    body = modern("tools/call", {"name": "get_item", "arguments": {"item_id": "i-1"}})
    return await server.request(headers=modern_headers("tools/call", "get_item"), body=body)


def offered(
    fake: FakeProvider, upstream: str, environment: Mapping[str, str], *, typed: bool = False
) -> Offering:
    made = replace(connector(fake, typed=typed), check=None)
    return connected(Settings(no_auth=True, upstream_url=upstream), environment, made)


@pytest.mark.requirement("UP-CLIENT", "NO-AUTH")
@pytest.mark.parametrize("typed", [False, True])
async def test_the_client_of_the_environment_calls_with_its_own_token(*, typed: bool) -> None:
    environment = TYPED if typed else OPERATORS
    async with (
        serving_provider("oidc", clients=[REGISTERED]) as fake,
        loopback(ITEM, reply(401), ITEM) as upstream,
        serving(offered(fake, upstream.url, environment, typed=typed)) as server,
    ):
        first, renewed = await get_item(server), await get_item(server)

        assert not first.json["result"].get("isError")
        assert not renewed.json["result"].get("isError")
        shown = [seen.value("authorization") for seen in upstream.requests]
        assert shown[0] == shown[1] != shown[2]
        assert fake.is_live(shown[2].removeprefix("Bearer "))
        assert len(fake.journal.of("token")) == 2


@pytest.mark.requirement("UP-CLIENT", "NO-AUTH")
async def test_a_client_that_the_provider_refuses_is_told_at_the_call() -> None:
    async with (
        serving_provider("oidc", clients=[FakeClient(CLIENT_ID, "another secret")]) as fake,
        loopback(ITEM) as upstream,
        serving(offered(fake, upstream.url, OPERATORS)) as server,
    ):
        answer = (await get_item(server)).json["result"]

        assert answer["isError"]
        assert "refuses this server's client" in answer["content"][0]["text"]
        assert CLIENT_SECRET not in str(answer)
        assert not upstream.requests


@pytest.mark.requirement("UP-CLIENT")
async def test_a_tool_called_from_the_shell_gets_a_token_too(tmp_path: Path) -> None:
    async with (
        serving_provider("oidc", clients=[REGISTERED]) as fake,
        loopback(ITEM) as upstream,
    ):
        changes = "auth=OAuthClientAuth(provider=_PROVIDER), login=(), check=None"
        folder = module(tmp_path, changes, fake.base_url)
        arguments = ("call", "sample", "get_item", "item_id=i-1", "--upstream-url", upstream.url)
        status, out, err = await run(*arguments, folder=folder, environment=OPERATORS)

        assert (status, err) == (0, "")
        assert "Comb" in out
        assert fake.is_live(upstream.requests[0].value("authorization").removeprefix("Bearer "))


@pytest.mark.requirement("UP-CLIENT", "NO-AUTH")
@pytest.mark.parametrize(
    ("changes", "environment", "told"),
    [
        (
            "auth=OAuthClientAuth(provider=_PROVIDER), login=()",
            {},
            "SAMPLE_OAUTH_CLIENT_ID: is not set",
        ),
        (
            "auth=_PEOPLE, login=()",
            OPERATORS,
            "serve it without --no-auth, and have the agent connect\n",
        ),
        (
            'auth=ChainAuth((BearerAuth("{token}"), _PEOPLE)), login=(_TOKEN,)',
            {},
            "and have the agent connect, or set SAMPLE_TOKEN\n",
        ),
    ],
)
async def test_what_cannot_be_served_without_authorization_is_told_with_what_to_do(
    tmp_path: Path, changes: str, environment: Mapping[str, str], told: str
) -> None:
    folder = module(tmp_path, changes)
    status, _, err = await run("serve", "--no-auth", folder=folder, environment=environment)

    assert status == 2
    assert err.startswith("treenail: ")
    assert told in err
