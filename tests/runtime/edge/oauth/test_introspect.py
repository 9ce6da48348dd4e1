"""POST /introspect on the real server."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.support.authorizing import CLIENT, Site, authorizing
from tests.support.databases import travel
from tests.support.tokens import (
    CONFIDENTIAL,
    RESOURCE_SERVER,
    Told,
    post,
    proof,
    refresh,
    tokens_of,
)
from treenail_runtime.auth.records import Client
from treenail_runtime.crypto.opaque import new_token

INACTIVE = {"active": False}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        await site.clients.add(CONFIDENTIAL)
        await site.clients.add(RESOURCE_SERVER)
        yield site


async def ask(site: Site, client: Client, token: str | None) -> Told:
    return await post(site, "/introspect", **proof(client), token=token)


async def told(site: Site, client: Client, token: str) -> dict[str, Any]:
    return (await ask(site, client, token)).body


@pytest.mark.requirement("AS-33")
async def test_a_client_is_told_everything_about_its_own_token(site: Site) -> None:
    tokens = await tokens_of(site, CONFIDENTIAL)

    answer = await ask(site, CONFIDENTIAL, tokens["access_token"])

    body = answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["exp"] - body["iat"] == 3600
    assert len(body["sub"]) == 32
    assert {name: body[name] for name in body.keys() - {"exp", "iat", "sub"}} == {
        "active": True,
        "client_id": CONFIDENTIAL.client_id,
        "scope": "mcp.tools.call",
        "iss": site.base_url,
        "aud": f"{site.base_url}/mcp",
        "token_type": "Bearer",
    }


@pytest.mark.requirement("AS-33", "Z-11")
async def test_nobody_asks_without_a_secret(site: Site) -> None:
    token = (await tokens_of(site))["access_token"]

    anonymous = await post(site, "/introspect", token=token)
    public = await ask(site, CLIENT, token)

    assert anonymous.outcome == public.outcome == (401, "invalid_client")
    assert (await ask(site, CONFIDENTIAL, None)).outcome == (400, "invalid_request")


@pytest.mark.requirement("AS-33")
async def test_tokens_of_others_are_told_to_whom_the_operator_lets_ask(site: Site) -> None:
    tokens = await tokens_of(site)

    assert await told(site, CONFIDENTIAL, tokens["access_token"]) == INACTIVE
    assert (await told(site, RESOURCE_SERVER, tokens["access_token"]))["active"] is True
    assert await told(site, RESOURCE_SERVER, tokens["refresh_token"]) == INACTIVE


@pytest.mark.requirement("AS-33")
async def test_of_what_is_unknown_or_dead_nothing_else_is_told(site: Site) -> None:
    used, expired, revoked = [await tokens_of(site, CONFIDENTIAL) for _ in range(3)]
    await refresh(site, used["refresh_token"], CONFIDENTIAL)
    await post(site, "/revoke", **proof(CONFIDENTIAL), token=revoked["refresh_token"])

    live = await told(site, CONFIDENTIAL, expired["refresh_token"])
    answers = [
        await told(site, CONFIDENTIAL, used["refresh_token"]),
        await told(site, CONFIDENTIAL, revoked["access_token"]),
        await told(site, CONFIDENTIAL, new_token("smpl", "atk")),
        await told(site, CONFIDENTIAL, "garbage"),
    ]
    await travel(site.database, 3601)
    answers.append(await told(site, CONFIDENTIAL, expired["access_token"]))

    assert (live["active"], live["token_type"]) == (True, "refresh_token")
    assert answers == [INACTIVE] * 5
