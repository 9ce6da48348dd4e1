"""Codes turned into grants, and grants that end."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.families import CLIENT, Authorizer, Code, RefusedError, Tokens, instance
from treenail_runtime.auth.introspecting import TokenFacts
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import grants, tokens

WRONG = "w" * 43


@pytest.fixture
def server(database: Database) -> Authorizer:
    return Authorizer(database)


async def refused(server: Authorizer, code: Code, **changes: str | None) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await server.exchange(code, replace(server.asked(code), **changes))
    return caught.value


async def facts(server: Authorizer, token: str) -> TokenFacts | None:
    return await server.store.introspect(Digest(digest(token)))


@pytest.mark.requirement("S0-22", "AS-13", "AS-34")
async def test_a_code_gives_an_access_token_for_an_hour_and_a_refresh_token_for_thirty_days(
    server: Authorizer,
) -> None:
    first = await server.tokens()

    access, refresh = await facts(server, first.access), await facts(server, first.refresh)

    assert first.granted.expires_in_s == 3600
    assert access is not None
    assert refresh is not None
    assert access.expires_at - access.issued_at == 3600 * 1000
    assert refresh.expires_at - refresh.issued_at == 30 * 86_400 * 1000
    assert access.resource == refresh.resource == server.instance.resource


async def test_a_client_that_does_not_refresh_gets_no_refresh_token(server: Authorizer) -> None:
    code = await server.code()

    got = await server.exchange(code, replace(server.asked(code), refreshes=False))

    assert got.refresh == ""
    assert await server.count(tokens) == 1
    await travel(server.database, 3601)
    assert await server.live_tokens(got.granted.grant_id) == 0


@pytest.mark.requirement("T-045", "AS-34")
async def test_a_code_used_twice_ends_what_was_made_of_it(server: Authorizer) -> None:
    code = await server.code()
    first = await server.exchange(code)
    await travel(server.database, 6)

    refusal = await refused(server, code)

    assert refusal.error == "invalid_grant"
    assert refusal.ended_grant == first.granted.grant_id
    assert not await server.is_live(first.access)
    with pytest.raises(RefusedError):
        await server.refresh(first.refresh)


@pytest.mark.requirement("T-045")
@pytest.mark.parametrize("verifier", [WRONG, None, "short"])
async def test_a_used_code_without_its_verifier_ends_what_was_made_of_it_at_once(
    server: Authorizer, verifier: str | None
) -> None:
    code = await server.code()
    first = await server.exchange(code)

    assert (await refused(server, code, verifier=verifier)).ended_grant is not None
    assert not await server.is_live(first.access)


async def test_a_client_that_repeats_its_exchange_at_once_keeps_its_tokens(
    server: Authorizer,
) -> None:
    code = await server.code()
    first = await server.exchange(code)

    refusal = await refused(server, code)

    assert (refusal.error, refusal.ended_grant) == ("invalid_grant", None)
    assert await server.is_live(first.access)


async def test_only_the_first_reuse_is_told_as_the_end_of_the_grant(server: Authorizer) -> None:
    code = await server.code()
    await server.exchange(code)

    ended = [(await refused(server, code, verifier=WRONG)).ended_grant for _ in range(2)]

    assert ended[0] is not None
    assert ended[1] is None


@pytest.mark.requirement("T-044", "V-15")
async def test_codes_that_are_not_the_clients_change_nothing(server: Authorizer) -> None:
    used, unused, expired = await server.code(), await server.code(), await server.code()
    first = await server.exchange(used)
    await travel(server.database, 10)
    elsewhere = server.at(instance("other"))
    unknown = replace(unused, code=new_token("phmcp", "cod"))

    refusals = [
        await refused(server, unknown),
        await refused(server, replace(unused, code=unused.code[:-1])),
        await refused(server, unused, client_id="client-b"),
        await refused(elsewhere, unused),
        await refused(server, used, client_id="client-b"),
        await refused(elsewhere, used),
    ]
    await travel(server.database, 49)
    assert await server.exchange(unused)
    await travel(server.database, 2)
    refusals.append(await refused(server, expired))

    assert {each.error for each in refusals} == {"invalid_grant"}
    assert {each.ended_grant for each in refusals} == {None}
    assert await server.is_live(first.access)


@pytest.mark.requirement("T-047", "T-071", "V-21")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "https://client.example/callback/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"resource": "https://mcp.example/other/mcp"}, "invalid_target"),
    ],
)
async def test_another_redirect_or_resource_is_refused_without_using_the_code_up(
    server: Authorizer, change: dict[str, str | None], error: str
) -> None:
    code = await server.code()

    assert (await refused(server, code, **change)).error == error
    assert await server.count(grants) == 0
    assert await server.exchange(code)


async def test_a_redirect_uri_that_was_not_named_may_be_left_out(server: Authorizer) -> None:
    code = await server.code(redirect_explicit=False)

    assert await server.exchange(code, replace(server.asked(code), redirect_uri=None))


@pytest.mark.requirement("T-009", "AS-05")
@pytest.mark.parametrize("verifier", [None, "x" * 42, "ä" * 43, "x" * 10_240, "x" * 42 + "\n"])
async def test_a_malformed_verifier_is_refused_without_using_the_code_up(
    server: Authorizer, verifier: str | None
) -> None:
    code = await server.code()

    assert (await refused(server, code, verifier=verifier)).error == "invalid_request"
    assert await server.exchange(code)


@pytest.mark.requirement("T-009", "AS-05", "AS-35")
async def test_a_wrong_verifier_uses_the_code_up(server: Authorizer) -> None:
    code, other = await server.code(), await server.code()

    wrong = await refused(server, code, verifier=other.verifier)
    right = await refused(server, code)

    assert wrong.error == right.error == "invalid_grant"
    assert await server.count(grants) == 0
    assert await server.exchange(other)


@pytest.mark.requirement("AS-34")
async def test_of_sixteen_parallel_exchanges_of_a_code_one_gets_tokens(server: Authorizer) -> None:
    for _ in range(20):
        code = await server.code()

        answers = await asyncio.gather(
            *(server.exchange(code) for _ in range(16)), return_exceptions=True
        )

        winners = [answer for answer in answers if isinstance(answer, Tokens)]
        losers = [answer for answer in answers if isinstance(answer, RefusedError)]
        assert (len(winners), len(losers)) == (1, 15)
        assert await server.is_live(winners[0].access)


async def test_a_thief_who_races_the_client_gets_nothing(server: Authorizer) -> None:
    for _ in range(20):
        code = await server.code()
        stolen = replace(server.asked(code), verifier=WRONG)

        client, thief = await asyncio.gather(
            server.exchange(code), server.exchange(code, stolen), return_exceptions=True
        )

        assert isinstance(thief, RefusedError)
        if isinstance(client, Tokens):
            assert thief.ended_grant == client.granted.grant_id
            assert not await server.is_live(client.access)


@pytest.mark.parametrize("status", ["reauth", "deleted"])
async def test_a_code_of_a_connection_that_ended_gives_nothing(
    server: Authorizer, status: str
) -> None:
    code = await server.code()
    await server.change_connection(code.connection_id, status=status)

    assert (await refused(server, code)).reason == "connection ended"


@pytest.mark.requirement("T-049", "AS-32", "S1-22")
async def test_giving_back_a_refresh_token_ends_the_whole_grant(server: Authorizer) -> None:
    first, bystander = await server.tokens(), await server.tokens()
    second = await server.refresh(first.refresh)

    ended = await server.revoke(first.refresh)

    assert ended is not None
    assert (ended.grant_id, ended.kind) == (first.granted.grant_id, "refresh")
    assert not await server.is_live(second.access)
    with pytest.raises(RefusedError):
        await server.refresh(second.refresh)
    assert await server.is_live(bystander.access)
    assert await server.revoke(second.refresh) is None


@pytest.mark.requirement("T-049", "AS-32")
async def test_giving_back_an_access_token_ends_that_one_only(server: Authorizer) -> None:
    first = await server.tokens()

    ended = await server.revoke(first.access)

    assert ended is not None
    assert ended.kind == "access"
    assert not await server.is_live(first.access)
    assert await server.is_live((await server.refresh(first.refresh)).access)


async def test_a_repeated_answer_tells_that_its_access_token_was_given_back(
    server: Authorizer,
) -> None:
    first = await server.tokens()
    second = await server.refresh(first.refresh)
    await server.revoke(second.access)

    again = await server.refresh(first.refresh)

    assert again.refresh == second.refresh
    assert again.granted.expires_in_s == 0


@pytest.mark.requirement("T-049", "V-15", "AS-32")
async def test_nobody_revokes_what_is_not_theirs(server: Authorizer) -> None:
    first, code = await server.tokens(), await server.code()

    ended = [
        await server.revoke(first.refresh, client_id="client-b"),
        await server.revoke(first.access, client_id="client-b"),
        await server.at(instance("other")).revoke(first.refresh),
        await server.at(instance("other")).revoke(first.access),
        await server.revoke(new_token("phmcp", "rtk")),
        await server.revoke(code.code),
    ]

    assert ended == [None] * 6
    assert await server.is_live(first.access)
    assert await server.exchange(code)


async def test_ending_a_client_ends_its_grants_and_voids_its_codes(server: Authorizer) -> None:
    first, code = await server.tokens(), await server.code()
    theirs = await server.code(client_id="client-b")

    assert await server.store.revoke_client(CLIENT) == 1

    assert not await server.is_live(first.access)
    assert (await refused(server, code)).error == "invalid_grant"
    assert await server.exchange(theirs, replace(server.asked(theirs), client_id="client-b"))


@pytest.mark.requirement("T-135")
async def test_ending_everything_leaves_no_token_and_no_code(server: Authorizer) -> None:
    first, second, code = await server.tokens(), await server.tokens(), await server.code()

    assert await server.store.revoke_all() == 2

    assert not await server.is_live(first.access)
    assert not await server.is_live(second.access)
    assert (await refused(server, code)).error == "invalid_grant"


@pytest.mark.requirement("T-135")
async def test_everything_ends_however_much_it_is(server: Authorizer, database: Database) -> None:
    """More than one statement may end within its time."""
    await server.tokens()

    async def multiply(connection: AsyncConnection) -> None:
        row = dict((await connection.execute(select(grants))).mappings().one())
        await connection.execute(insert(grants), [row | {"id": f"g-{n}"} for n in range(12_000)])

    await database.write(multiply)

    assert await server.store.revoke_all() == 12_001


async def test_an_exchange_that_races_the_end_of_its_client_leaves_nothing_alive(
    server: Authorizer,
) -> None:
    for _ in range(20):
        code = await server.code()
        raced = asyncio.gather(server.exchange(code), return_exceptions=True)
        await server.store.revoke_client(CLIENT)
        (answer,) = await raced

        if isinstance(answer, Tokens):
            assert not await server.is_live(answer.access)
