"""Client authentication at the token endpoint, on the real server (RFC 6749 2.3)."""

import base64
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import aiohttp
import pytest
from pydantic import SecretStr

from tests.support.authorizing import CLIENT, Site, authorizing
from tests.support.tokens import post
from treenail_runtime.auth.client_secrets import keep_chosen
from treenail_runtime.auth.records import AuthMethod, Client, Digest
from treenail_runtime.crypto.opaque import digest, new_token

SECRET = new_token("smpl", "sec")
OTHER = new_token("smpl", "sec")
CHOSEN = "operator's:own+secret%2B-0123456789-abc"

PROVEN = (400, "invalid_grant")
"""The client is known; the code that the tests send is not."""
REFUSED = (401, "invalid_client")


def confidential(client_id: str, method: AuthMethod) -> Client:
    secret = Digest(digest(SECRET))
    return replace(CLIENT, client_id=client_id, auth_method=method, secret_digest=secret)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        await site.clients.add(confidential("basic", "client_secret_basic"))
        await site.clients.add(confidential("post", "client_secret_post"))
        await site.clients.add(confidential("a:b+c%", "client_secret_basic"))
        chosen = replace(
            CLIENT, client_id="seed", kind="preregistered", auth_method="client_secret_basic"
        )
        await site.clients.add(chosen, chosen=keep_chosen(SecretStr(CHOSEN)))
        yield site


def basic(client_id: str, secret: str, scheme: str = "Basic") -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"{scheme} {base64.b64encode(pair.encode()).decode()}"


def raw(pair: bytes) -> str:
    return f"Basic {base64.b64encode(pair).decode()}"


async def ask(
    site: Site, form: Mapping[str, str], authorization: str | None = None
) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if authorization is not None:
        headers["Authorization"] = authorization
    asked = {
        "grant_type": "authorization_code",
        "code": new_token("smpl", "cod"),
        "redirect_uri": CLIENT.redirect_uris[0],
        "code_verifier": "v" * 43,
        **form,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.base_url}/token", data=urlencode(asked), headers=headers) as response,
    ):
        return response.status, response.headers, json.loads(await response.text())


async def outcome(
    site: Site, form: Mapping[str, str], authorization: str | None = None
) -> tuple[int, str]:
    status, _, answer = await ask(site, form, authorization)
    return status, answer["error"]


@pytest.mark.requirement("AS-01", "S1-08", "S1-09", "S1-19")
async def test_each_method_proves_the_client_that_registered_it(site: Site) -> None:
    assert await outcome(site, {"client_id": CLIENT.client_id}) == PROVEN
    assert await outcome(site, {}, basic("basic", SECRET)) == PROVEN
    assert await outcome(site, {"client_id": "basic"}, basic("basic", SECRET)) == PROVEN
    assert await outcome(site, {"client_id": "post", "client_secret": SECRET}) == PROVEN


@pytest.mark.requirement("T-043")
async def test_another_method_than_the_registered_one_proves_nothing(site: Site) -> None:
    for form, authorization in (
        ({"client_id": "basic", "client_secret": SECRET}, None),
        ({}, basic("post", SECRET)),
        ({"client_id": "basic"}, None),
        ({"client_id": "post"}, None),
        ({"client_id": CLIENT.client_id, "client_secret": SECRET}, None),
        ({}, basic(CLIENT.client_id, SECRET)),
        ({}, basic("basic", OTHER)),
        ({"client_id": "post", "client_secret": OTHER}, None),
        ({"client_id": "post", "client_secret": "x"}, None),
        ({}, basic(CLIENT.client_id, "")),
        ({"client_id": CLIENT.client_id}, basic(CLIENT.client_id, "")),
        ({}, basic(CLIENT.client_id, CHOSEN)),
        ({"client_id": CLIENT.client_id, "client_secret": CHOSEN}, None),
        ({}, basic("basic", "")),
        ({}, basic("seed", "")),
    ):
        assert await outcome(site, form, authorization) == REFUSED


@pytest.mark.requirement("AS-01", "S1-09")
async def test_an_operators_secret_may_come_either_way(site: Site) -> None:
    assert await outcome(site, {}, basic("seed", CHOSEN)) == PROVEN
    assert await outcome(site, {"client_id": "seed", "client_secret": CHOSEN}) == PROVEN
    assert await outcome(site, {}, basic("seed", CHOSEN + "x")) == REFUSED
    assert await outcome(site, {"client_id": "seed"}) == REFUSED
    assert await outcome(site, {"client_id": "post", "client_secret": CHOSEN}) == REFUSED


@pytest.mark.requirement("AS-31", "T-048")
async def test_id_and_secret_in_the_header_are_form_encoded(site: Site) -> None:
    assert await outcome(site, {}, basic("a:b+c%", SECRET)) == PROVEN
    assert await outcome(site, {}, basic("basic", SECRET, "basic")) == PROVEN
    assert await outcome(site, {}, basic("basic", SECRET, "BASIC")) == PROVEN


MALFORMED = [
    "Basic",
    "Basic ",
    "Basic !!!!",
    "Basic YWJj",
    "Basic YWJjOg=",
    raw(b":secret"),
    raw(b"%20%zz:x"),
    raw(b"basic:%"),
    raw(b"\xff\xfe:x"),
    raw(b"basic:%ff"),
    raw(b"basic"),
    raw(b"x" * 5000 + b":y"),
    "Bearer abc",
    "Digest username=x",
    "Basic \u00e9",
]


@pytest.mark.requirement("T-048", "V-16", "AS-31")
async def test_a_malformed_header_is_a_401_that_names_the_scheme(site: Site) -> None:
    for authorization in MALFORMED:
        status, headers, answer = await ask(site, {}, authorization)

        assert (status, answer["error"]) == REFUSED
        assert headers["WWW-Authenticate"].startswith("Basic ")
        assert headers["Cache-Control"] == "no-store"


UNUSABLE = [
    "\0",
    "app-1\0",
    "app 1",
    "app\n1",
    "\u00e9",
    "app\ud7ff",
    "\x7f",
    "x" * 513,
    "x" * 60_000,
]


@pytest.mark.requirement("T-048")
async def test_what_cannot_be_a_client_id_is_an_unknown_client(
    tmp_path: Path, database_url: str
) -> None:
    async with authorizing(tmp_path, database_url=database_url, rate_limits="revoke=off") as site:
        for name in UNUSABLE:
            for secret in (None, SECRET, CHOSEN):
                form = {"client_id": name, **({} if secret is None else {"client_secret": secret})}
                assert await outcome(site, form) == REFUSED
            if len(name) < 1000:
                assert await outcome(site, {}, basic(name, CHOSEN)) == REFUSED
            told = await post(site, "/revoke", client_id=name, token=new_token("smpl", "rtk"))
            assert told.outcome == REFUSED


@pytest.mark.requirement("T-048")
async def test_two_methods_at_once_are_no_request(site: Site) -> None:
    header = basic("basic", SECRET)
    twice = await outcome(site, {"client_id": "basic", "client_secret": SECRET}, header)
    two_ids = await outcome(site, {"client_id": "post"}, header)

    assert twice == two_ids == (400, "invalid_request")


@pytest.mark.requirement("AS-31")
async def test_the_scheme_is_named_only_to_whoever_used_it(site: Site) -> None:
    _, by_header, _ = await ask(site, {}, basic("nobody", SECRET))
    _, by_form, _ = await ask(site, {"client_id": "nobody", "client_secret": SECRET})
    _, nothing, _ = await ask(site, {})

    assert "WWW-Authenticate" in by_header
    assert "WWW-Authenticate" not in by_form
    assert "WWW-Authenticate" not in nothing


@pytest.mark.requirement("T-043", "S0-35")
async def test_unknown_disabled_and_wrong_are_one_answer(site: Site) -> None:
    await site.clients.add(confidential("off", "client_secret_post"))
    await site.clients.disable("off")
    await site.clients.add(
        replace(confidential("elsewhere", "client_secret_post"), instance_id="sample")
    )
    answers = [
        await ask(site, {"client_id": client_id, "client_secret": secret})
        for client_id, secret in (
            ("nobody", SECRET),
            ("off", SECRET),
            ("elsewhere", SECRET),
            ("post", OTHER),
            ("post", "some other text"),
            ("nobody", "some other text"),
            ("x" * 600, SECRET),
            ("\u00e9", SECRET),
        )
    ]

    assert {(status, json.dumps(answer)) for status, _, answer in answers} == {
        (401, json.dumps(answers[0][2]))
    }


async def test_a_client_that_proved_itself_was_used(site: Site) -> None:
    await outcome(site, {"client_id": "post", "client_secret": OTHER})
    await outcome(site, {}, basic("basic", SECRET))

    used = {each.client.client_id for each in await site.clients.list() if each.last_used_at}
    assert used == {"basic"}
