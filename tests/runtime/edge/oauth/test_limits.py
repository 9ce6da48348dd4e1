"""Who is told to wait at the authorization server, and whom that leaves alone."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.support.authorizing import CLIENT, Site, authorizing
from tests.support.tokens import CONFIDENTIAL, proof
from treenail_runtime.crypto.opaque import new_token
from treenail_runtime.edge.oauth.stylesheet import STYLESHEET_PATH
from treenail_runtime.storage.tables import rate_buckets

HERE = "203.0.113.7"
ELSEWHERE = "198.51.100.7"
GUESS = "some other text"
REFRESH = {"grant_type": "refresh_token", "refresh_token": new_token("smpl", "rtk")}


@asynccontextmanager
async def limited(folder: Path, rate_limits: str = "") -> AsyncGenerator[Site]:
    async with authorizing(folder, trusted_proxies="127.0.0.1", rate_limits=rate_limits) as site:
        await site.clients.add(CONFIDENTIAL)
        yield site


async def asked(site: Site, address: str, **form: str) -> tuple[int, str]:
    """Status and error of a token request that comes from `address`."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": address,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.base_url}/token", data=urlencode(form), headers=headers) as answer,
    ):
        return answer.status, json.loads(await answer.text())["error"]


@pytest.mark.requirement("S1-36", "X-12")
async def test_junk_of_one_address_stops_nobody_elsewhere(tmp_path: Path) -> None:
    async with limited(tmp_path) as site:
        junk = await asyncio.gather(*(asked(site, HERE, client_id="nobody") for _ in range(150)))
        named = await asyncio.gather(
            *(asked(site, HERE, **proof(CLIENT), **REFRESH) for _ in range(50))
        )
        public = await asked(site, ELSEWHERE, **proof(CLIENT), **REFRESH)
        proven = await asked(site, ELSEWHERE, **proof(CONFIDENTIAL), **REFRESH)

    assert set(junk) == {(401, "invalid_client")}
    assert named.count((400, "invalid_grant")) == 30
    assert named.count((429, "slow_down")) == 20
    assert public == proven == (400, "invalid_grant")


@pytest.mark.requirement("S1-36")
async def test_guesses_of_secrets_are_limited_by_address_whoever_they_are_for(
    tmp_path: Path,
) -> None:
    async with limited(tmp_path, "token_ip=3/1m") as site:
        told = [
            await asked(site, HERE, client_id=name, client_secret=GUESS)
            for name in (CONFIDENTIAL.client_id, "nobody", CLIENT.client_id, "x")
        ]
        elsewhere = await asked(site, ELSEWHERE, **proof(CONFIDENTIAL), **REFRESH)

    assert told == [(401, "invalid_client")] * 3 + [(429, "slow_down")]
    assert elsewhere == (400, "invalid_grant")


async def test_whoever_is_not_proven_uses_up_no_clients_limit(tmp_path: Path) -> None:
    async with limited(tmp_path, "token_client=1/1m,token=1/1m") as site:
        for _ in range(3):
            wrong = await asked(site, HERE, client_id=CONFIDENTIAL.client_id)
            assert wrong == (401, "invalid_client")
        counted = {row.bucket for row in await site.rows(rate_buckets)}
        first = await asked(site, HERE, **proof(CONFIDENTIAL), **REFRESH)
        second = await asked(site, HERE, **proof(CONFIDENTIAL), **REFRESH)

    assert counted == {"token_ip"}
    assert (first, second) == ((400, "invalid_grant"), (429, "slow_down"))


@pytest.mark.requirement("S1-36")
async def test_a_client_with_a_secret_is_counted_across_its_addresses(tmp_path: Path) -> None:
    async with limited(tmp_path, "token=2/1m") as site:
        told = [
            await asked(site, f"198.51.100.{number}", **proof(CONFIDENTIAL), **REFRESH)
            for number in range(3)
        ]
        public = [
            await asked(site, f"198.51.100.{number}", **proof(CLIENT), **REFRESH)
            for number in range(3)
        ]

    assert told == [(400, "invalid_grant")] * 2 + [(429, "slow_down")]
    assert public == [(400, "invalid_grant")] * 3


@pytest.mark.requirement("S3-28")
async def test_style_sheets_are_counted_too(tmp_path: Path) -> None:
    async with (
        limited(tmp_path, "static=2/10m") as site,
        aiohttp.ClientSession(site.base_url) as session,
    ):
        statuses: list[int] = []
        for _ in range(3):
            async with session.get(STYLESHEET_PATH) as answer:
                statuses.append(answer.status)
        elsewhere = {"X-Forwarded-For": ELSEWHERE}
        async with session.get(STYLESHEET_PATH, headers=elsewhere) as answer:
            assert answer.status == 200

    assert statuses == [200, 200, 429]
