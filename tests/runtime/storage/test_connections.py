"""Connections whose credentials the upstream refuses."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.runtime.storage.test_logins import complete
from tests.runtime.storage.test_pending_logins import added, store_of
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import connections


async def connected(database: Database) -> tuple[str, str]:
    """Id and fingerprint of a new connection."""
    connection_id = await complete(database, await added(store_of(database)))
    assert connection_id is not None

    async def work(connection: AsyncConnection) -> str:
        found = select(connections.c.fingerprint).where(connections.c.id == connection_id)
        return (await connection.execute(found)).scalar_one()

    return connection_id, await database.read(work)


async def statuses(database: Database) -> dict[str, str]:
    async def work(connection: AsyncConnection) -> dict[str, str]:
        rows = await connection.execute(select(connections.c.id, connections.c.status))
        return {row.id: row.status for row in rows}

    return await database.read(work)


@pytest.mark.requirement("T-075")
async def test_one_connection_is_marked_once(database: Database) -> None:
    store = ConnectionStore(database)
    (connection_id, fingerprint), (other, _) = await connected(database), await connected(database)

    marked = [await store.mark_reauth(connection_id, fingerprint) for _ in range(2)]

    assert marked == [True, False]
    assert await statuses(database) == {connection_id: "reauth", other: "active"}


@pytest.mark.requirement("T-075")
async def test_other_credentials_than_the_refused_ones_are_not_marked(database: Database) -> None:
    store = ConnectionStore(database)
    connection_id, fingerprint = await connected(database)

    assert not await store.mark_reauth(connection_id, f"{fingerprint}x")
    assert not await store.mark_reauth("nobody", fingerprint)
    assert await statuses(database) == {connection_id: "active"}


@pytest.mark.requirement("CACHE-WRITE")
async def test_writes_through_a_connection_are_counted_for_all_workers(database: Database) -> None:
    (connection_id, _), (other, _) = await connected(database), await connected(database)

    await asyncio.gather(*(ConnectionStore(database).note_write(connection_id) for _ in range(5)))

    async def work(connection: AsyncConnection) -> dict[str, int]:
        rows = await connection.execute(select(connections.c.id, connections.c.writes))
        return {row.id: row.writes for row in rows}

    assert await database.read(work) == {connection_id: 5, other: 0}


@pytest.mark.requirement("CACHE-END")
async def test_connections_in_use_are_told_from_those_that_have_ended(database: Database) -> None:
    store = ConnectionStore(database)
    (ended, fingerprint), (other, _) = await connected(database), await connected(database)
    await store.mark_reauth(ended, fingerprint)
    removed = {f"c-{number}" for number in range(1_200)}

    assert await store.active({ended, other} | removed) == {other}
    assert await store.active(()) == frozenset()
