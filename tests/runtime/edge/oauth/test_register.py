"""POST /register, on the real server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.authorizing import Site, authorizing
from tests.support.loopback import loopback, reply
from treenail_runtime.storage.tables import audit_events, clients

NATIVE = {"redirect_uris": ["http://127.0.0.1/cb"], "client_name": "Newcomer"}
TOKEN = "initial-access-token-0123456789"  # noqa: S105  # of nothing


async def post(
    site: Site, body: object, path: str = "/register", **headers: str
) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(site.base_url + path, data=data, headers=sent) as response,
    ):
        text = await response.text()
        return response.status, response.headers, json.loads(text) if text else {}


@pytest.mark.requirement("AS-23", "S0-40", "S4-13", "S4-06")
async def test_a_client_that_registers_is_known_where_it_registered(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        status, headers, answer = await post(site, NATIVE)
        other = await post(site, NATIVE, "/sample/register")

        assert status == 201
        assert headers["Cache-Control"] == "no-store"
        assert answer["token_endpoint_auth_method"] == "none"  # noqa: S105  # a method
        assert "client_secret" not in answer
        found = await site.clients.find(answer["client_id"], "default")
        assert found is not None
        assert found.name == "Newcomer"
        assert await site.clients.find(answer["client_id"], "sample") is None
        assert await site.clients.find(other[2]["client_id"], "sample") is not None
        async with site.browser() as browser:
            page = await browser.authorize(
                client_id=answer["client_id"], redirect_uri="http://127.0.0.1:5555/cb"
            )
        assert page.status == 200
        assert "Newcomer" in page.text
        types = [row.type for row in await site.rows(audit_events)]
        assert types.count("client.registered") == 2


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "invalid_client_metadata"),
        (b"{", "invalid_client_metadata"),
        (b"[]", "invalid_client_metadata"),
        (b'{"redirect_uris":["http://127.0.0.1/"],"redirect_uris":[]}', "invalid_client_metadata"),
        (b"\xff\xfe{\x00}\x00", "invalid_client_metadata"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "invalid_client_metadata"),
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://evil.example/"]}, "invalid_redirect_uri"),
        ({**NATIVE, "client_name": "a\u202eb"}, "invalid_client_metadata"),
        ({**NATIVE, "scope": "admin"}, "invalid_client_metadata"),
    ],
)
@pytest.mark.requirement("T-041", "S1-37")
async def test_a_registration_that_breaks_a_rule_leaves_nothing(
    tmp_path: Path, body: object, error: str
) -> None:
    async with authorizing(tmp_path) as site:
        status, headers, answer = await post(site, body)

        assert (status, answer["error"]) == (400, error)
        assert headers["Cache-Control"] == "no-store"
        assert await site.count(clients) == 1


@pytest.mark.requirement("T-041")
async def test_another_content_type_and_a_large_body_are_refused(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        form = await post(site, NATIVE, **{"Content-Type": "text/plain"})
        large = await post(site, {**NATIVE, "x": "x" * 40_000})

        assert (form[0], large[0]) == (400, 413)
        assert await site.count(clients) == 1


@pytest.mark.requirement("T-041")
async def test_nothing_that_a_registration_names_is_fetched(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site, loopback(reply()) as named:
        await post(site, {**NATIVE, "jwks_uri": f"{named.url}/keys"})
        await post(site, {**NATIVE, "logo_uri": f"{named.url}/logo.png"})

        assert named.connections == 0


@pytest.mark.requirement("AS-23")
async def test_registration_can_need_a_token(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"registration": "token", "registration_token": TOKEN}
    async with authorizing(tmp_path, **settings) as site:
        none = await post(site, NATIVE)
        wrong = await post(site, NATIVE, Authorization=f"Bearer {TOKEN}x")
        right = await post(site, NATIVE, Authorization=f"Bearer {TOKEN}")

        assert [none[0], wrong[0], right[0]] == [401, 401, 201]
        assert none[2] == wrong[2]
        assert none[1]["WWW-Authenticate"].startswith("Bearer")
        assert await site.count(clients) == 2


@pytest.mark.requirement("AS-23")
async def test_registration_can_be_off(tmp_path: Path) -> None:
    async with authorizing(tmp_path, registration="off") as site:
        status, _, _ = await post(site, NATIVE)

        assert status == 404
        assert await site.count(clients) == 1


@pytest.mark.requirement("T-040", "T-041")
async def test_registrations_are_limited_and_bounded(tmp_path: Path) -> None:
    async with authorizing(tmp_path, rate_limits="register=4/1m", max_clients=2) as site:
        answers = [await post(site, NATIVE) for _ in range(5)]

        assert [status for status, _, _ in answers] == [201, 201, 201, 201, 429]
        assert int(answers[-1][1]["Retry-After"]) > 0
        assert await site.count(clients) == 2
