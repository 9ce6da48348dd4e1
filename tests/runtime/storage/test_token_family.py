"""Refreshing: one family of tokens, asked by impatient clients and by thieves."""

import asyncio

import pytest

from tests.support.databases import travel
from tests.support.families import CLIENT, Authorizer, RefusedError, Tokens, instance
from treenail_runtime.auth.scopes import CALL, READ
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import tokens as token_table

DAY = 86_400


@pytest.fixture
def server(database: Database) -> Authorizer:
    return Authorizer(database)


async def refused(
    server: Authorizer, token: str, *, client_id: str = CLIENT, resource: str | None = None
) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await server.refresh(token, client_id=client_id, resource=resource)
    return caught.value


def pair(tokens: Tokens) -> tuple[str, str]:
    return tokens.access, tokens.refresh


@pytest.mark.requirement("S0-24", "S1-23", "AS-12")
async def test_each_refresh_gives_new_tokens_and_ends_the_old_one(server: Authorizer) -> None:
    first = await server.with_policy(grace_s=0).tokens()

    second = await server.with_policy(grace_s=0).refresh(first.refresh)

    assert {first.access, first.refresh}.isdisjoint(pair(second))
    assert await server.is_live(second.access)
    assert await server.is_live(first.access)
    assert second.granted.expires_in_s == 3600


@pytest.mark.requirement("T-051", "T-140")
async def test_a_refresh_whose_answer_was_lost_gives_the_same_tokens_again(
    server: Authorizer,
) -> None:
    first = await server.tokens()
    lost = await server.refresh(first.refresh)
    await travel(server.database, 5)

    again = await server.refresh(first.refresh)

    assert pair(again) == pair(lost)
    assert again.granted.expires_in_s in {3594, 3595}
    assert await server.is_live(again.access)


@pytest.mark.requirement("T-052", "S1-24", "AS-12")
async def test_reused_refresh_token_revokes_the_family(server: Authorizer) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)
    await travel(server.database, 61)

    refusal = await refused(server, first.refresh)

    assert refusal.error == "invalid_grant"
    assert refusal.ended_grant == second.granted.grant_id
    assert await server.status(second.granted.grant_id) == "compromised"
    assert not await server.is_live(first.access)
    assert not await server.is_live(second.access)
    assert (await refused(server, second.refresh)).error == "invalid_grant"


@pytest.mark.requirement("T-057")
async def test_when_thief_and_owner_collide_both_are_out_with_one_event(
    server: Authorizer,
) -> None:
    first = await server.tokens()
    thief = await server.refresh(first.refresh)
    await travel(server.database, 61)

    owner = await refused(server, first.refresh)
    once_more = await refused(server, thief.refresh)

    assert owner.ended_grant == thief.granted.grant_id
    assert once_more.ended_grant is None
    assert await server.live_tokens(thief.granted.grant_id) == 0


@pytest.mark.requirement("T-053", "V-25")
async def test_only_the_direct_predecessor_is_answered_again(server: Authorizer) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)
    third = await server.refresh(second.refresh)

    again = await server.refresh(second.refresh)
    refusal = await refused(server, first.refresh)

    assert pair(again) == pair(third)
    assert refusal.ended_grant == first.granted.grant_id
    assert await server.live_tokens(first.granted.grant_id) == 0


async def test_nothing_is_answered_again_once_the_successor_was_used(server: Authorizer) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)
    await server.refresh(second.refresh)

    assert (await refused(server, first.refresh)).ended_grant is not None


@pytest.mark.requirement("S1-24")
async def test_without_grace_any_second_use_ends_the_grant_at_once(server: Authorizer) -> None:
    strict = server.with_policy(grace_s=0)
    first = await strict.tokens()
    second = await strict.refresh(first.refresh)

    refusal = await refused(strict, first.refresh)

    assert refusal.ended_grant == first.granted.grant_id
    assert not await strict.is_live(second.access)


async def test_an_answer_is_repeated_a_hundred_times_at_most(server: Authorizer) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)

    for _ in range(100):
        assert pair(await server.refresh(first.refresh)) == pair(second)

    assert (await refused(server, first.refresh)).ended_grant is not None


@pytest.mark.requirement("T-056")
async def test_a_family_that_is_refreshed_daily_ends_after_ninety_days(server: Authorizer) -> None:
    newest = await server.tokens()
    for _ in range(89):
        await travel(server.database, DAY)
        newest = await server.refresh(newest.refresh)
    await travel(server.database, DAY - 300)
    last = await server.refresh(newest.refresh)

    assert last.granted.expires_in_s <= 300
    await travel(server.database, 301)
    assert (await refused(server, last.refresh)).error == "invalid_grant"
    assert not await server.is_live(last.access)


async def test_a_refresh_token_that_nobody_used_for_thirty_days_is_dead(
    server: Authorizer,
) -> None:
    used, unused = await server.tokens(), await server.tokens()
    await travel(server.database, 30 * DAY - 60)
    assert await server.refresh(used.refresh)
    await travel(server.database, 61)

    assert (await refused(server, unused.refresh)).reason == "refresh token expired"


@pytest.mark.requirement("AS-39", "AS-38")
async def test_a_refresh_may_ask_for_less_but_never_for_more(server: Authorizer) -> None:
    first = await server.tokens(scopes=frozenset({CALL}))

    less = await server.refresh(first.refresh, scopes=frozenset({READ}))
    all_again = await server.refresh(less.refresh)
    with pytest.raises(RefusedError) as caught:
        await server.refresh(all_again.refresh, scopes=frozenset({CALL, "admin"}))

    assert less.granted.scopes == {READ}
    assert all_again.granted.scopes == {CALL}
    assert caught.value.error == "invalid_scope"
    assert await server.refresh(all_again.refresh)


async def test_a_repetition_that_asks_for_another_scope_is_refused_without_harm(
    server: Authorizer,
) -> None:
    first = await server.tokens()
    less = await server.refresh(first.refresh, scopes=frozenset({READ}))

    assert (await refused(server, first.refresh)).error == "invalid_scope"
    assert pair(await server.refresh(first.refresh, scopes=frozenset({READ}))) == pair(less)


@pytest.mark.requirement("AS-26", "T-080")
async def test_a_refresh_for_another_resource_or_instance_changes_nothing(
    server: Authorizer,
) -> None:
    first = await server.tokens()
    elsewhere = server.at(instance("other"))

    foreign = await refused(server, first.refresh, resource="https://mcp.example/other/mcp")
    other = await refused(elsewhere, first.refresh)

    assert foreign.error == "invalid_target"
    assert other.error == "invalid_grant"
    assert await server.refresh(first.refresh, resource="HTTPS://MCP.EXAMPLE/mcp/")


@pytest.mark.requirement("T-044", "V-15")
async def test_another_client_changes_nothing_with_a_used_token(server: Authorizer) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)
    await travel(server.database, 120)

    refusal = await refused(server, first.refresh, client_id="client-b")

    assert refusal.error == "invalid_grant"
    assert await server.status(first.granted.grant_id) == "active"
    assert await server.refresh(second.refresh)


@pytest.mark.requirement("T-075")
@pytest.mark.parametrize(
    "change", [{"status": "reauth"}, {"status": "deleted"}, {"fingerprint": "k1.another"}]
)
async def test_a_connection_that_ended_or_changed_gives_no_tokens(
    server: Authorizer, change: dict[str, str]
) -> None:
    code = await server.code()
    first = await server.exchange(code)
    await server.change_connection(code.connection_id, **change)

    assert (await refused(server, first.refresh)).reason == "connection ended"


async def test_a_fingerprint_under_another_key_is_left_to_the_next_tool_call(
    server: Authorizer,
) -> None:
    code = await server.code()
    first = await server.exchange(code)
    await server.change_connection(code.connection_id, fingerprint="k2.renewed")

    assert await server.refresh(first.refresh)


async def test_earlier_access_tokens_end_with_a_refresh_when_the_operator_wants_it(
    server: Authorizer,
) -> None:
    eager = server.with_policy(revoke_previous_access=True)
    first = await eager.tokens()

    second = await eager.refresh(first.refresh)

    assert not await eager.is_live(first.access)
    assert await eager.is_live(second.access)


@pytest.mark.requirement("V-26", "S1-23")
async def test_parallel_refreshes_give_every_caller_the_same_tokens(server: Authorizer) -> None:
    families = [await server.tokens() for _ in range(12)]
    before = await server.count(token_table)

    answers = await asyncio.gather(
        *(server.refresh(each.refresh) for each in families for _ in range(16))
    )

    distinct = {pair(answer) for answer in answers}
    assert len(answers) == 192
    assert len(distinct) == 12
    assert await server.count(token_table) == before + 24
    for each in families:
        assert await server.status(each.granted.grant_id) == "active"


@pytest.mark.requirement("V-26", "S1-23")
@pytest.mark.parametrize("parallel", [16, 40])
async def test_an_impatient_client_compromises_nothing(server: Authorizer, parallel: int) -> None:
    first = await server.tokens()

    answers = await asyncio.gather(*(server.refresh(first.refresh) for _ in range(parallel)))

    assert len({pair(answer) for answer in answers}) == 1
    assert await server.status(first.granted.grant_id) == "active"
    assert await server.refresh(answers[0].refresh)


async def test_parallel_refreshes_without_grace_leave_nobody_a_token(server: Authorizer) -> None:
    strict = server.with_policy(grace_s=0)
    first = await strict.tokens()

    answers = await asyncio.gather(
        *(strict.refresh(first.refresh) for _ in range(16)), return_exceptions=True
    )

    assert len([answer for answer in answers if isinstance(answer, Tokens)]) == 1
    assert await server.live_tokens(first.granted.grant_id) == 0


@pytest.mark.requirement("T-055")
async def test_after_a_revocation_no_rotation_that_was_under_way_leaves_a_live_token(
    server: Authorizer,
) -> None:
    for _ in range(100):
        first = await server.tokens()
        raced = asyncio.gather(
            *(server.refresh(first.refresh) for _ in range(3)), return_exceptions=True
        )
        await server.revoke(first.refresh)
        after_revoking = await server.live_tokens(first.granted.grant_id)
        answers = await raced

        assert after_revoking == 0
        assert await server.live_tokens(first.granted.grant_id) == 0
        assert all(isinstance(each, Tokens | RefusedError) for each in answers)
