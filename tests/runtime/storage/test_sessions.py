"""Sessions belong to one grant, end when idle, and are few."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from tests.support.databases import travel
from tests.support.rows import a_connection, a_grant
from treenail_runtime.auth.records import ConnectionConfig, Digest, Principal
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.sessions import SessionStore
from treenail_runtime.storage.tables import audit_events, grants, sessions

PRINCIPAL = Principal(
    grant_id="g1",
    client_id="client",
    subject="subject",
    instance_id="default",
    connection_id="c1",
    fingerprint="k1.print",
    scopes=frozenset(),
    config=ConnectionConfig(connector="phorest", values={}, secrets={}),
)


def digest(name: object) -> Digest:
    return Digest(hashlib.sha256(str(name).encode()).digest())


async def a_store(database: Database, most: int = 32) -> SessionStore:
    await database.write(a_connection("c1"))
    await database.write(a_grant("g1", connection_id="c1"))
    return SessionStore(database, most=most)


async def test_an_opened_session_is_its_principals_until_it_ends(database: Database) -> None:
    store = await a_store(database)
    assert await store.open(digest("s"), PRINCIPAL)
    assert await store.touch(digest("s"), PRINCIPAL)
    assert await store.end(digest("s"), PRINCIPAL)
    assert not await store.touch(digest("s"), PRINCIPAL)
    assert not await store.end(digest("s"), PRINCIPAL)


@pytest.mark.parametrize(
    "claim", ["grant_id", "client_id", "subject", "instance_id", "fingerprint"]
)
async def test_a_session_is_of_nobody_else(database: Database, claim: str) -> None:
    store = await a_store(database)
    other = replace(PRINCIPAL, **{claim: "other"})
    assert await store.open(digest("s"), PRINCIPAL)
    assert not await store.touch(digest("s"), other)
    assert not await store.end(digest("s"), other)
    assert await store.touch(digest("s"), PRINCIPAL)


async def test_an_idle_session_ends_and_a_used_one_does_not(database: Database) -> None:
    store = await a_store(database)
    assert await store.open(digest("used"), PRINCIPAL)
    assert await store.open(digest("idle"), PRINCIPAL)
    await travel(database, 1_000)
    assert await store.touch(digest("used"), PRINCIPAL)
    await travel(database, 1_000)
    assert await store.touch(digest("used"), PRINCIPAL)
    assert not await store.touch(digest("idle"), PRINCIPAL)


async def test_use_is_noted_once_a_minute(database: Database) -> None:
    store = await a_store(database)
    query = select(sessions.c.last_seen)

    async def last_seen() -> int:
        return (await database.read(lambda each: each.execute(query))).scalar_one()

    assert await store.open(digest("s"), PRINCIPAL)
    opened = await last_seen()
    assert await store.touch(digest("s"), PRINCIPAL)
    assert await last_seen() == opened
    await travel(database, 61)
    assert await store.touch(digest("s"), PRINCIPAL)
    assert await last_seen() >= opened


async def test_the_session_that_is_idle_longest_makes_room(database: Database) -> None:
    store = await a_store(database, most=2)
    for name in ("first", "second"):
        assert await store.open(digest(name), PRINCIPAL)
        await travel(database, 61)
    assert await store.touch(digest("first"), PRINCIPAL)
    assert await store.open(digest("third"), PRINCIPAL)
    alive = [await store.touch(digest(name), PRINCIPAL) for name in ("first", "second", "third")]
    assert alive == [True, False, True]


async def test_the_audit_tells_which_sessions_began_and_ended(database: Database) -> None:
    store = await a_store(database, most=1)
    assert await store.open(digest("first"), PRINCIPAL)
    assert await store.open(digest("second"), PRINCIPAL)
    assert await store.end(digest("second"), PRINCIPAL)
    assert not await store.end(digest("second"), PRINCIPAL)

    rows = await database.read(lambda each: each.execute(select(audit_events)))
    told = [(row.type, row.detail) for row in rows if row.grant_id == "g1"]
    assert sorted(told, key=str) == [
        ("session.ended", '{"count": 1, "reason": "client"}'),
        ("session.ended", '{"count": 1, "reason": "displaced"}'),
        ("session.opened", None),
        ("session.opened", None),
    ]


async def test_an_ended_grant_opens_no_session(database: Database) -> None:
    store = await a_store(database)
    ended = update(grants).values(status="revoked")
    await database.write(lambda connection: connection.execute(ended))
    assert not await store.open(digest("s"), PRINCIPAL)
