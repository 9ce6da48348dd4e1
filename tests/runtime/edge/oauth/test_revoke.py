"""POST /revoke on the real server."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.authorizing import CLIENT, Site, authorizing
from tests.support.tokens import CONFIDENTIAL, call, log_in, post, proof, refresh, tokens_of
from treenail_runtime.crypto.opaque import new_token
from treenail_runtime.storage.tables import audit_events


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        await site.clients.add(CONFIDENTIAL)
        yield site


@pytest.mark.requirement("T-049", "AS-32", "S1-22", "S0-06", "Z-10")
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
async def test_a_public_client_ends_its_grant_without_a_secret(
    site: Site, hint: str | None
) -> None:
    first = await tokens_of(site)

    told = await post(
        site, "/revoke", **proof(CLIENT), token=first["refresh_token"], token_type_hint=hint
    )

    assert (told.status, told.body) == (200, {})
    assert told.headers["Cache-Control"] == "no-store"
    assert await call(site, first["access_token"]) == 401
    assert (await refresh(site, first["refresh_token"])).outcome == (400, "invalid_grant")
    assert [row.type for row in await site.rows(audit_events)].count("grant.revoked") == 1


@pytest.mark.requirement("T-049", "AS-32")
async def test_an_access_token_is_given_back_alone(site: Site) -> None:
    first = await tokens_of(site)

    await post(
        site,
        "/revoke",
        **proof(CLIENT),
        token=first["access_token"],
        token_type_hint="refresh_token",  # noqa: S106  # a hint that is wrong
    )

    assert await call(site, first["access_token"]) == 401
    assert (await refresh(site, first["refresh_token"])).status == 200


@pytest.mark.requirement("T-049", "AS-32", "V-15")
async def test_what_is_not_the_clients_is_left_alone_with_the_same_answer(site: Site) -> None:
    theirs, code = await tokens_of(site, CONFIDENTIAL), await log_in(site)
    given = [*(theirs[name] for name in ("access_token", "refresh_token")), code]
    given += [new_token("smpl", "rtk"), "garbage", "x" * 30_000]

    told = [await post(site, "/revoke", **proof(CLIENT), token=token) for token in given]

    assert {(each.status, str(each.body)) for each in told} == {(200, "{}")}
    assert await call(site, theirs["access_token"]) != 401
    assert (await refresh(site, theirs["refresh_token"], CONFIDENTIAL)).status == 200


@pytest.mark.requirement("T-049", "AS-32")
async def test_a_client_has_to_be_known_and_proven(site: Site) -> None:
    token = (await tokens_of(site, CONFIDENTIAL))["access_token"]

    unknown = await post(site, "/revoke", client_id="nobody", token=token)
    unproven = await post(site, "/revoke", client_id=CONFIDENTIAL.client_id, token=token)
    without = await post(site, "/revoke", **proof(CLIENT))

    assert unknown.outcome == unproven.outcome == (401, "invalid_client")
    assert without.outcome == (400, "invalid_request")
    assert await call(site, token) != 401
