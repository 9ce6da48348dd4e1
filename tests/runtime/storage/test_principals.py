"""Bearer tokens looked up: by the database's clock, through every row that can end them."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.families import CLIENT, Authorizer, Tokens, instance
from tests.support.postgres import Postgres
from treenail_runtime.auth.bearer import (
    PrincipalFacts,
    Refusal,
    decide_principal,
    principal_of,
)
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.records import ConnectionConfig, Digest, Principal
from treenail_runtime.auth.scopes import CALL
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.principals import PrincipalStore
from treenail_runtime.storage.tables import connections, grants

CONFIG = ConnectionConfig(
    connector="phorest", values={"region": "eu"}, secrets={"password": SecretStr("hunter22")}
)


@pytest.fixture
def server(database: Database) -> Authorizer:
    return Authorizer(database)


@pytest.fixture
def principals(database: Database) -> PrincipalStore:
    return PrincipalStore(database)


async def found(principals: PrincipalStore, token: str) -> PrincipalFacts:
    facts = await principals.find(Digest(digest(token)))
    assert facts is not None
    return facts


async def reason(server: Authorizer, token: str) -> str:
    facts = await PrincipalStore(server.database).find(Digest(digest(token)))
    decided = decide_principal(facts, server.instance)
    return decided.reason if isinstance(decided, Refusal) else "accepted"


async def last_uses(server: Authorizer, tokens: Tokens) -> tuple[int, int]:
    async def work(connection: AsyncConnection) -> tuple[int, int]:
        row = await connection.execute(
            select(grants.c.last_used_at, connections.c.last_used_at)
            .join_from(grants, connections, grants.c.connection_id == connections.c.id)
            .where(grants.c.id == tokens.granted.grant_id)
        )
        first, second = row.one()
        return first, second

    return await server.database.read(work)


@pytest.mark.requirement("S0-23", "S0-28")
async def test_a_live_access_token_stands_for_its_connection(
    server: Authorizer, principals: PrincipalStore
) -> None:
    code = await server.code()
    tokens = await server.exchange(code)

    facts = await found(principals, tokens.access)
    principal = principal_of(facts, CONFIG, lambda fingerprint, _: fingerprint == "k1.fingerprint")

    assert principal == Principal(
        grant_id=tokens.granted.grant_id,
        client_id=CLIENT,
        subject=facts.subject,
        instance_id="default",
        connection_id=code.connection_id,
        fingerprint="k1.fingerprint",
        scopes=frozenset({CALL}),
        config=CONFIG,
    )
    assert decide_principal(facts, server.instance) is facts
    assert facts.config == "sealed"


@pytest.mark.requirement("T-079")
async def test_a_token_for_credentials_that_changed_is_refused(
    server: Authorizer, principals: PrincipalStore
) -> None:
    facts = await found(principals, (await server.tokens()).access)

    assert principal_of(facts, CONFIG, lambda _, __: False) == Refusal("credentials changed")


@pytest.mark.requirement("T-059")
async def test_an_access_token_lives_for_its_hour_by_the_databases_clock(
    server: Authorizer,
) -> None:
    tokens = await server.tokens()

    await travel(server.database, 3599)
    before = await reason(server, tokens.access)
    await travel(server.database, 2)

    assert before == "accepted"
    assert await reason(server, tokens.access) == "token expired"


@pytest.mark.requirement("T-080", "RS-07")
async def test_every_refusal_has_its_reason_in_the_log(server: Authorizer) -> None:
    code = await server.code()
    connected, revoked = await server.exchange(code), await server.tokens()
    elsewhere = await server.at(instance("other")).tokens()
    same_name = await Authorizer(server.database, instance=instance(host="https://b")).tokens()
    reused = await server.tokens()
    alone = await server.tokens()
    await server.revoke(revoked.refresh)
    await server.revoke(alone.access)
    strict = server.with_policy(grace_s=0)
    await strict.refresh(reused.refresh)
    with pytest.raises(Exception, match="used twice"):
        await strict.refresh(reused.refresh)
    await server.change_connection(code.connection_id, status="reauth")

    assert await reason(server, new_token("phmcp", "atk")) == "unknown token"
    assert await reason(server, connected.refresh) == "not an access token"
    assert await reason(server, connected.access) == "connection ended"
    assert await reason(server, elsewhere.access) == "token of another instance"
    assert await reason(server, same_name.access) == "token of another instance"
    assert await reason(server, revoked.access) == "grant revoked"
    assert await reason(server, reused.access) == "grant compromised"
    assert await reason(server, alone.access) == "token revoked"


async def test_the_look_up_is_one_statement(server: Authorizer, principals: PrincipalStore) -> None:
    tokens = await server.tokens()
    await found(principals, tokens.access)
    statements: list[str] = []

    def note(query: Any) -> None:
        statements.append(query.query)

    # Asked of the driver, as SQLAlchemy does not run this one.
    async def listen(connection: AsyncConnection) -> None:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if server.database.dialect == "sqlite":
            await driver.set_trace_callback(statements.append)
        else:
            driver.add_query_logger(note)

    await server.database.read(listen)
    await found(principals, tokens.access)
    await asyncio.sleep(0)  # asyncpg tells one step of the loop later

    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


async def test_the_use_of_a_grant_is_noted_once_a_minute(
    server: Authorizer, principals: PrincipalStore
) -> None:
    tokens = await server.tokens()
    fresh = await last_uses(server, tokens)
    await principals.note_use(await found(principals, tokens.access))
    unchanged = await last_uses(server, tokens)
    await travel(server.database, 61)
    old = await last_uses(server, tokens)

    await principals.note_use(await found(principals, tokens.access))
    noted = await last_uses(server, tokens)

    assert unchanged == fresh
    assert all(after >= before + 60_000 for before, after in zip(old, noted, strict=True))


async def test_a_use_that_cannot_be_noted_disturbs_nobody(
    server: Authorizer, principals: PrincipalStore
) -> None:
    tokens = await server.tokens()
    await travel(server.database, 61)
    facts = await found(principals, tokens.access)
    nowhere = PrincipalStore(Database("postgresql://nobody@127.0.0.1:1/none"))

    await nowhere.note_use(facts)

    assert (await last_uses(server, tokens))[0] == facts.last_used_at


async def test_after_a_restart_of_the_server_the_look_up_finds_the_way_again(
    own_postgres: Postgres,
) -> None:
    database = Database(own_postgres.fresh_database())
    await schema.upgrade(database)
    tokens, principals = await Authorizer(database).tokens(), PrincipalStore(database)
    before = await found(principals, tokens.access)

    own_postgres.restart()
    after = await found(principals, tokens.access)
    own_postgres.kill()
    with pytest.raises(StoreUnavailableError):
        await found(principals, tokens.access)

    assert after.grant_id == before.grant_id
    await database.aclose()


async def test_a_look_up_that_is_given_up_leaves_no_answer_for_the_next_one(
    server: Authorizer, principals: PrincipalStore
) -> None:
    first, second = await server.tokens(), await server.tokens()
    for _ in range(20):
        given_up = asyncio.create_task(found(principals, first.access))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up

        facts = await asyncio.gather(*(found(principals, second.access) for _ in range(3)))

        assert {each.grant_id for each in facts} == {second.granted.grant_id}
