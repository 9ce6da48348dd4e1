"""POST /token on the real server, from login to the last refresh."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import CLIENT, Site, authorizing
from tests.support.databases import travel
from tests.support.tokens import (
    CONFIDENTIAL,
    call,
    exchange,
    log_in,
    post,
    proof,
    refresh,
    tokens_of,
)
from treenail_runtime.crypto.opaque import is_well_formed, new_token
from treenail_runtime.storage.tables import audit_events, auth_codes, tokens

ONE_SHOT = replace(CLIENT, client_id="one-shot", grant_types=frozenset({"authorization_code"}))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        await site.clients.add(CONFIDENTIAL)
        await site.clients.add(ONE_SHOT)
        yield site


async def events(site: Site) -> list[str]:
    return [row.type for row in await site.rows(audit_events)]


@pytest.mark.requirement("S0-22", "S1-18", "AS-01", "AS-13", "AS-29", "S4-17", "S4-06")
@pytest.mark.parametrize("client", [CLIENT, CONFIDENTIAL])
async def test_a_code_gives_tokens_that_work(site: Site, client: object) -> None:
    asking = CONFIDENTIAL if client is CONFIDENTIAL else CLIENT
    told = await exchange(site, await log_in(site, asking), asking)

    assert told.status == 200
    assert told.headers["Cache-Control"] == "no-store"
    assert told.headers["Pragma"] == "no-cache"
    assert told.headers["Content-Type"] == "application/json"
    access, renewal = told.body["access_token"], told.body["refresh_token"]
    assert told.body == {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "mcp.tools.call",
        "refresh_token": renewal,
    }
    assert is_well_formed(access, "atk")
    assert is_well_formed(renewal, "rtk")
    assert await call(site, access) != 401
    assert await call(site, renewal) == 401
    assert "code.redeemed" in await events(site)


@pytest.mark.requirement("Z-01")
async def test_each_kind_of_token_is_good_for_one_thing_only(site: Site) -> None:
    code, spare = await log_in(site), await log_in(site)
    told = (await exchange(site, code)).body
    access, renewal = told["access_token"], told["refresh_token"]

    assert len({code, access, renewal}) == 3
    assert [await call(site, each) for each in (spare, renewal)] == [401, 401]
    refused = [await refresh(site, each) for each in (access, spare)]
    refused += [await exchange(site, each) for each in (access, renewal)]
    assert [each.outcome for each in refused] == [(400, "invalid_grant")] * 4
    assert await call(site, access) != 401


@pytest.mark.requirement("S0-28", "S1-35", "AS-14")
async def test_only_digests_of_tokens_are_kept(site: Site) -> None:
    code = await log_in(site)
    first = (await exchange(site, code)).body
    second = (await refresh(site, first["refresh_token"])).body

    kept = repr([*await site.rows(tokens), *await site.rows(auth_codes)])

    given = [code, *(told[name] for told in (first, second) for name in told if "token" in name)]
    for secret in given:
        assert secret == "Bearer" or secret not in kept  # noqa: S105  # the token type


@pytest.mark.requirement("AS-28")
async def test_a_client_without_the_refresh_grant_gets_no_refresh_token(site: Site) -> None:
    told = await exchange(site, await log_in(site, ONE_SHOT), ONE_SHOT)
    tried = await refresh(site, new_token("smpl", "rtk"), ONE_SHOT)

    assert told.status == 200
    assert "refresh_token" not in told.body
    assert tried.outcome == (400, "unauthorized_client")


@pytest.mark.requirement("T-045", "AS-34")
async def test_a_code_used_twice_kills_the_access_token(site: Site) -> None:
    code = await log_in(site)
    first = (await exchange(site, code)).body
    await travel(site.database, 6)

    again = await exchange(site, code)

    assert again.outcome == (400, "invalid_grant")
    assert await call(site, first["access_token"]) == 401
    assert (await events(site)).count("code.replayed") == 1


@pytest.mark.requirement("T-047", "T-071", "AS-26", "AS-27")
async def test_a_wrong_redirect_or_resource_keeps_the_code(site: Site) -> None:
    code = await log_in(site)

    redirect = await exchange(site, code, redirect_uri="https://app.example/other")
    target = await exchange(site, code, resource="https://elsewhere.example/mcp")
    right = await exchange(site, code, resource=f"{site.base_url.upper()}/mcp/")

    assert redirect.outcome == (400, "invalid_grant")
    assert target.outcome == (400, "invalid_target")
    assert right.status == 200


@pytest.mark.requirement("T-009", "AS-05", "Z-02")
async def test_a_malformed_verifier_keeps_the_code_and_a_wrong_one_burns_it(site: Site) -> None:
    code = await log_in(site)

    missing = await exchange(site, code, code_verifier=None)
    malformed = await exchange(site, code, code_verifier="é" * 10_000)
    wrong = await exchange(site, code, code_verifier="w" * 43)
    right = await exchange(site, code)

    assert missing.outcome == malformed.outcome == (400, "invalid_request")
    assert wrong.outcome == right.outcome == (400, "invalid_grant")
    assert (await events(site)).count("code.refused") == 1


@pytest.mark.requirement("T-044")
async def test_all_refusals_of_codes_and_refresh_tokens_read_alike(site: Site) -> None:
    code, expired = await log_in(site), await log_in(site)
    first = await tokens_of(site, CONFIDENTIAL)
    await travel(site.database, 30)
    told = [
        await exchange(site, new_token("smpl", "cod")),
        await exchange(site, code[:-1]),
        await exchange(site, code, CONFIDENTIAL),
        await refresh(site, first["refresh_token"]),
        await refresh(site, "x" * 30_000),
    ]
    await travel(site.database, 31)
    told.append(await exchange(site, expired))

    assert {each.outcome for each in told} == {(400, "invalid_grant")}
    assert len({str(each.body) for each in told}) == 1
    assert {each.headers["Cache-Control"] for each in told} == {"no-store"}
    assert (await refresh(site, first["refresh_token"], CONFIDENTIAL)).status == 200


@pytest.mark.requirement("S0-24", "T-051", "T-052", "T-057", "S1-24", "S4-16", "Z-10")
async def test_a_refresh_is_repeated_for_a_minute_and_then_ends_the_grant(site: Site) -> None:
    first = await tokens_of(site)
    second = await refresh(site, first["refresh_token"])
    await travel(site.database, 5)
    again = await refresh(site, first["refresh_token"])
    await travel(site.database, 60)
    late = await refresh(site, first["refresh_token"])
    after = await refresh(site, second.body["refresh_token"])

    assert second.status == again.status == 200
    assert again.body == {**second.body, "expires_in": again.body["expires_in"]}
    assert 3590 <= again.body["expires_in"] <= 3595
    assert late.outcome == after.outcome == (400, "invalid_grant")
    assert await call(site, second.body["access_token"]) == 401
    told = await site.rows(audit_events)
    reused = [row for row in told if row.type == "token.reused"]
    used = {row.grant_id for row in told if row.type in {"token.refreshed", "token.replayed"}}
    assert [row.grant_id for row in reused] == list(used)
    assert reused[0].ip_mac is not None


@pytest.mark.requirement("AS-38", "AS-39")
async def test_a_refresh_may_narrow_the_scope_only(site: Site) -> None:
    first = await tokens_of(site)

    wider = await refresh(site, first["refresh_token"], scope="mcp.tools.call admin")
    malformed = await refresh(site, first["refresh_token"], scope='a"b')
    less = await refresh(site, first["refresh_token"], scope="mcp.tools.read")

    assert wider.outcome == malformed.outcome == (400, "invalid_scope")
    assert less.body["scope"] == "mcp.tools.read"


@pytest.mark.requirement("S1-18", "S1-37", "AS-30", "S4-18")
async def test_requests_that_are_not_understood_are_told_apart(site: Site) -> None:
    known = proof(CLIENT)

    assert (await post(site, "/token", **known)).outcome == (400, "invalid_request")
    assert (await post(site, "/token", **known, grant_type="password")).outcome == (
        400,
        "unsupported_grant_type",
    )
    assert (await post(site, "/token", grant_type="refresh_token", **known)).outcome == (
        400,
        "invalid_request",
    )
    assert (await exchange(site, "x", client_id="nobody")).outcome == (401, "invalid_client")


@pytest.mark.requirement("T-153", "S4-18")
async def test_a_fault_inside_is_told_without_its_stack(site: Site) -> None:
    first = await tokens_of(site)

    async def break_it(connection: AsyncConnection) -> None:
        await connection.run_sync(tokens.drop)

    await site.database.write(break_it)
    told = await refresh(site, first["refresh_token"])

    assert told.outcome == (500, "server_error")
    assert told.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in str(told.body)
    assert "oauth_tokens" not in str(told.body)


@pytest.mark.requirement("S1-36")
async def test_a_client_that_asks_too_often_has_to_wait(tmp_path: Path) -> None:
    async with authorizing(tmp_path, rate_limits="token_client=2/1m") as site:
        told = [await refresh(site, "x") for _ in range(3)]

    assert [each.status for each in told] == [400, 400, 429]
    assert int(told[2].headers["Retry-After"]) > 0
