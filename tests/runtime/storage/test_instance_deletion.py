"""The end of an instance: nothing of it works or opens any more, and nobody else notices."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.runtime.storage.test_logins import CONFIG as TYPED
from tests.runtime.storage.test_logins import logins
from tests.runtime.storage.test_pending_logins import REQUEST, address, some, store_of
from tests.support.databases import travel
from tests.support.families import RefusedError
from tests.support.rows import a_client, a_row
from tests.support.tenants import (
    CONFIG,
    ISSUER,
    SETTINGS,
    Member,
    at,
    credential_store,
    holdings,
    instance_store,
    joined,
    made,
    obtained,
    revocation_store,
    texts_of,
)
from treenail_runtime.auth.records import Digest
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import (
    audit_events,
    connections,
    credentials,
    grants,
    instances,
    sessions,
    tokens,
)

EMPTY = {
    "mcp_instances": 0,
    "oauth_clients": 0,
    "oauth_pending_logins": 0,
    "oauth_auth_codes": 0,
    "oauth_grants": 0,
    "mcp_sessions": 0,
    "oauth_connections": 0,
    "mcp_credentials": 0,
}


async def waiting(database: Database, instance_id: str, number: int = 0) -> Digest:
    """An authorization at an instance that waits for its person."""
    txn = some()
    request = replace(REQUEST, instance_id=instance_id)
    await store_of(database).add(
        txn,
        browser=some(),
        csrf=some(),
        request=request,
        address=address(number),
        lifetime_s=600,
    )
    return txn


async def join(database: Database, instance_id: str, txn: Digest) -> bool:
    """Log in at an instance with an account of its own, as it is now."""
    stored = await instance_store(database).show(instance_id)
    assert stored is not None
    return await logins(database).join(
        txn,
        request=replace(REQUEST, instance_id=instance_id),
        code=some(),
        code_s=60,
        version=stored.record.version,
    )


async def session(database: Database, instance_id: str, member: Member) -> None:
    """A session of an older MCP version."""
    row = {"client_id": "client-a", "subject": "s", "fingerprint": "f", "instance_id": instance_id}
    times = {"created_at": now_ms, "last_seen": now_ms}
    grant_id = member.tokens.granted.grant_id
    work = a_row(sessions, session_hash=os.urandom(32), grant_id=grant_id, **row, **times)
    await database.write(work)


async def peopled(database: Database, instance_id: str, count: int = 3) -> list[Member]:
    """People, their sessions, a login that waits, a code, and a client that only it knows."""
    members = [await joined(database, instance_id) for _ in range(count)]
    for member in members:
        await session(database, instance_id, member)
    await waiting(database, instance_id)
    await at(database, instance_id).code()
    await database.write(a_client(f"client of {instance_id}", instance_id=instance_id))
    return members


@pytest.mark.requirement("T-111", "ONE-DELETION", "S2-21", "S2-27", "S2-37")
async def test_all_of_a_deleted_instance_is_gone_and_nothing_of_another(database: Database) -> None:
    store = instance_store(database)
    first, second = await made(database), await made(database, "beta")
    gone, stays = await peopled(database, first.id), await peopled(database, second.id)
    configured = await peopled(database, "default")
    others = [await holdings(database, each) for each in (second.id, "default")]

    ended = await store.delete(first.id)

    assert ended is not None
    assert (ended.grants, ended.connections) == (3, 4)
    assert await holdings(database, first.id) == EMPTY
    assert [await holdings(database, each) for each in (second.id, "default")] == others
    assert others[0]["oauth_grants"] == others[0]["mcp_credentials"] == 3
    live = [await at(database, first.id).is_live(each.tokens.access) for each in gone]
    assert live == [False] * 3
    for place, members in ((second.id, stays), ("default", configured)):
        assert all([await at(database, place).is_live(each.tokens.access) for each in members])
    with pytest.raises(RefusedError, match="invalid_grant"):
        await at(database, first.id).refresh(gone[0].tokens.refresh)


@pytest.mark.requirement("ANY-NUMBER")
async def test_an_instance_of_any_size_is_deleted(postgres_url: str) -> None:
    """On a server that takes a millisecond for a row, so that few stand for many."""
    database = Database(postgres_url)
    await upgrade(database)
    record = await made(database)
    await peopled(database, record.id, 1)
    for table in (connections, grants, sessions, credentials):
        await database.write(lambda connection, each=table: _multiply(connection, each, 3_000))
    await database.write(lambda connection: _slow_down(connection, connections, 2))

    ended = await instance_store(database).delete(record.id)

    assert ended is not None
    assert (ended.grants, ended.connections) == (3_001, 3_001 + 1)
    assert await holdings(database, record.id) == EMPTY
    await database.aclose()


async def _multiply(connection: AsyncConnection, table: Table, count: int) -> None:
    """So many more rows like the first one; those of a connection are of as many."""
    row = dict((await connection.execute(select(table).limit(1))).mappings().one())
    await connection.execute(insert(table), [row | _renamed(row, n) for n in range(count)])


def _renamed(row: Mapping[str, object], number: int) -> dict[str, object]:
    texts = {"id", "connection_id", "grant_id"} & row.keys()
    named: dict[str, object] = {name: f"{name[0]}-{number}" for name in texts}
    if "id" in texts:
        named["id"] = f"{'g' if 'connection_id' in texts else 'c'}-{number}"
    return named | ({"session_hash": os.urandom(32)} if "session_hash" in row else {})


async def _slow_down(connection: AsyncConnection, table: Table, milliseconds: int) -> None:
    wait = f"PERFORM pg_sleep({milliseconds / 1000}); RETURN COALESCE(NEW, OLD);"
    function = f"FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {wait} END $$"
    when = f"BEFORE UPDATE OR DELETE ON {table.name} FOR EACH ROW"
    for line in (f"CREATE {function}", f"CREATE TRIGGER slow {when} EXECUTE FUNCTION slow()"):
        await connection.execute(text(line))


@pytest.mark.requirement("T-111", "S2-37")
async def test_what_is_to_be_revoked_upstream_is_owed_once(database: Database) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG, obtained("own"))
    member = await joined(database, record.id)

    ended = await store.delete(record.id)

    assert ended is not None
    assert (ended.record.slug, ended.tokens) == ("acme", 2)
    owed = await revocation_store(database).claim(10, 60)
    assert {each.access.get_secret_value() for each in owed} == {
        "access-canary-own",
        f"access-canary-{member.connection_id}",
    }
    assert all(isinstance(each.refresh, SecretStr) for each in owed)
    assert {(each.service, each.issuer, each.client) for each in owed} == {
        ("phorest", ISSUER, SETTINGS.client)
    }
    assert await store.delete(record.id) is None
    assert await store.by_slug("acme") is None
    assert not await store.set_status(record.id, "active")
    assert not await store.connect(record.id, CONFIG)
    assert await credential_store(database).put(record.id, obtained()) is None


@pytest.mark.requirement("T-111", "ONE-DELETION")
async def test_the_rows_that_are_left_tell_why_and_hold_nothing(database: Database) -> None:
    record = await made(database)
    await peopled(database, record.id)

    await instance_store(database).delete(record.id)

    query = select(grants.c.status, grants.c.reason).distinct()
    ended = (await database.read(lambda connection: connection.execute(query))).all()
    assert [tuple(row) for row in ended] == [("revoked", "instance_deleted")]
    kept = select(connections.c.config, connections.c.kid, connections.c.status).distinct()
    emptied = (await database.read(lambda connection: connection.execute(kept))).all()
    assert [tuple(row) for row in emptied] == [("", "", "deleted")]
    assert await texts_of(database, credentials) == ""
    last = select(audit_events.c.type, audit_events.c.detail).order_by(audit_events.c.at.desc())
    event = (await database.read(lambda connection: connection.execute(last))).first()
    assert event is not None
    assert tuple(event) == ("instance.deleted", '{"count": 3}')


@pytest.mark.requirement("T-111")
async def test_cleanup_removes_what_is_left_of_it(database: Database) -> None:
    record = await made(database)
    await peopled(database, record.id)
    await instance_store(database).delete(record.id)

    await travel(database, 8 * 86_400)
    await Cleanup(database).run(thorough=True)
    after_a_week = [
        await texts_of(database, table) != "" for table in (tokens, grants, connections, instances)
    ]
    await travel(database, 23 * 86_400)
    await Cleanup(database).run(thorough=True)

    assert after_a_week == [False, False, False, True]
    assert await texts_of(database, instances) == ""


@pytest.mark.requirement("ONE-DELETION", "Z-06")
async def test_logins_under_way_leave_nothing_that_works(
    database: Database, database_url: str
) -> None:
    record, other = await made(database), Database(database_url)
    request = replace(REQUEST, instance_id=record.id)
    pending = [await waiting(database, record.id, number) for number in range(16)]
    began = asyncio.Event()

    async def log_in(number: int, txn: Digest) -> str | None:
        worker = (database, other)[number % 2]
        connection_id = await logins(worker).complete(
            txn,
            request=request,
            config=TYPED,
            code=some(),
            code_s=60,
            version=record.version,
            tokens=obtained(),
        )
        began.set()
        return connection_id

    async def delete() -> None:
        await began.wait()
        await instance_store(other).delete(record.id)

    done, _ = await asyncio.gather(
        asyncio.gather(*(log_in(*each) for each in enumerate(pending))), delete()
    )
    late = await log_in(0, await waiting(database, record.id))
    await other.aclose()

    assert done != [None] * 16
    assert late is None
    held = await holdings(database, record.id)
    assert held == {**EMPTY, "oauth_pending_logins": 1}  # the late one, until it expires


@pytest.mark.requirement("ONE-DELETION", "T-111")
async def test_exchanges_and_refreshes_under_way_leave_no_token_that_works(
    database: Database, database_url: str
) -> None:
    record, other = await made(database), Database(database_url)
    here, there = at(database, record.id), at(other, record.id)
    codes = [await here.code() for _ in range(8)]
    members = [await joined(database, record.id) for _ in range(8)]
    given: list[str] = []
    began = asyncio.Event()

    async def exchange(number: int) -> None:
        given.append((await (here, there)[number % 2].exchange(codes[number])).access)
        began.set()

    async def refresh(number: int) -> None:
        presented = members[number].tokens.refresh
        given.append((await (here, there)[number % 2].refresh(presented)).access)
        began.set()

    async def delete() -> None:
        await began.wait()
        assert await instance_store(other).delete(record.id) is not None

    ended = await asyncio.gather(
        *(work(number) for number in range(8) for work in (exchange, refresh)),
        delete(),
        return_exceptions=True,
    )
    live = [await here.is_live(each) for each in given]
    await other.aclose()

    assert all(isinstance(each, RefusedError) for each in ended if each is not None)
    assert given
    assert not any(live)
    assert await holdings(database, record.id) == EMPTY


@pytest.mark.requirement("ONE-DELETION")
async def test_two_that_delete_at_once_owe_once(database: Database, database_url: str) -> None:
    record, other = await made(database), Database(database_url)
    await peopled(database, record.id)

    ended = await asyncio.gather(
        *(instance_store(each).delete(record.id) for each in (database, other, database, other))
    )
    await other.aclose()

    handed = [each for each in ended if each is not None]
    assert [each.tokens for each in handed] == [3]
    assert len(await revocation_store(database).claim(10, 60)) == 3


async def test_a_deletion_that_fails_changes_nothing(database: Database) -> None:
    record = await made(database)
    await peopled(database, record.id)
    before = await holdings(database, record.id)

    async def break_audit(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("ALTER TABLE audit_events RENAME TO audit_events_away")

    async def mend_audit(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("ALTER TABLE audit_events_away RENAME TO audit_events")

    await database.write(break_audit)
    with pytest.raises(Exception, match="audit_events"):
        await instance_store(database).delete(record.id)
    await database.write(mend_audit)

    assert await holdings(database, record.id) == before
    assert await instance_store(database).by_slug("acme") is not None


@pytest.mark.requirement("S2-21")
async def test_a_person_joins_an_instance_with_credentials_of_its_own(database: Database) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")

    async def came() -> bool:
        return await join(database, record.id, await waiting(database, record.id))

    too_early = await came()
    await store.connect(record.id, CONFIG)
    joins = [await came(), await came()]
    await store.set_status(record.id, "disabled")
    switched_off = await came()

    async def count(connection: AsyncConnection) -> tuple[int, ...]:
        rows = select(func.count()).select_from(connections)
        return ((await connection.execute(rows)).scalar_one(),)

    assert (too_early, joins, switched_off) == (False, [True, True], False)
    assert await database.read(count) == (1,)
    held = await holdings(database, record.id)
    assert (held["oauth_auth_codes"], held["oauth_pending_logins"]) == (2, 2)


@pytest.mark.requirement("S2-21")
async def test_many_join_an_instance_at_once(database: Database, database_url: str) -> None:
    store, other = instance_store(database), Database(database_url)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG)
    pending = [await waiting(database, record.id, number) for number in range(16)]

    joined_all = await asyncio.gather(
        *(
            join(worker, record.id, txn)
            for worker, txn in zip((database, other) * 8, pending, strict=True)
        )
    )
    await other.aclose()

    assert joined_all == [True] * 16
    assert (await holdings(database, record.id))["oauth_auth_codes"] == 16


async def test_its_own_connection_outlives_codes_and_logins(database: Database) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG, obtained())
    grant = {"client_id": "c", "subject": "s", "fingerprint": "f", "scope": "s", "resource": "r"}
    times = {"created_at": now_ms, "last_used_at": now_ms, "ended_at": now_ms}
    ended = a_row(
        grants,
        id="g",
        connection_id=record.id,
        instance_id=record.id,
        redirect_uri="u",
        status="revoked",
        absolute_expires_at=now_ms,
        **grant,
        **times,
    )
    await database.write(ended)
    txn = await waiting(database, record.id)
    assert await join(database, record.id, txn)

    for days in (1, 8):
        await travel(database, days * 86_400)
        await Cleanup(database).run(thorough=True)

    held = await holdings(database, record.id)
    assert held == {**EMPTY, "mcp_instances": 1, "oauth_connections": 1, "mcp_credentials": 1}
    assert await texts_of(database, grants) == ""
