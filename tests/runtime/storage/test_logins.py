"""The end of a login: connection and code together, once, sealed and bound."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.runtime.storage.test_pending_logins import REQUEST, added, some, store_of
from tests.support.authorizing import SECRET
from tests.support.databases import travel
from treenail_runtime.auth.records import ConnectionConfig, Digest
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer
from treenail_runtime.storage.connections import config_facts, open_config
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.logins import LoginStore
from treenail_runtime.storage.tables import auth_codes, connections

RING = KeyRing.from_settings(SecretStr(SECRET), None)
CONFIG = ConnectionConfig(
    connector="sample",
    values={"email": "ann@example.test"},
    secrets={"password": SecretStr(" hunter2-canary ")},
)


def logins(database: Database) -> LoginStore:
    return LoginStore(database, Sealer(RING), Macs(RING))


async def complete(database: Database, txn: Digest | None) -> str | None:
    assert txn is not None
    return await logins(database).complete(
        txn, request=REQUEST, config=CONFIG, code=some(), code_s=60, version=0
    )


async def rows(database: Database, table: Table) -> list[Any]:
    async def work(connection: AsyncConnection) -> list[Any]:
        return list((await connection.execute(select(table))).all())

    return await database.read(work)


@pytest.mark.requirement("S0-21", "S0-26", "S0-07")
async def test_connection_and_code_are_made_together(database: Database) -> None:
    txn = await added(store_of(database))

    connection_id = await complete(database, txn)

    (connected,) = await rows(database, connections)
    (code,) = await rows(database, auth_codes)
    assert connected.id == code.connection_id == connection_id
    assert connected.status == "active"
    assert Macs(RING).fits(connected.fingerprint, config_facts(CONFIG))
    assert open_config(Sealer(RING), connected.id, connected.config) == CONFIG
    assert "hunter2" not in connected.config
    assert (code.client_id, code.redirect_uri, code.redirect_explicit) == (
        REQUEST.client_id,
        REQUEST.redirect_uri,
        True,
    )
    assert (code.code_challenge, code.resource) == (REQUEST.code_challenge, REQUEST.resource)
    assert code.scope == "mcp.tools.read offline_access"
    assert code.expires_at - connected.created_at == pytest.approx(60_000, abs=50)
    assert (code.consumed_at, code.grant_id) == (None, None)


@pytest.mark.requirement("Z-08")
async def test_without_a_pending_login_nothing_is_made(database: Database) -> None:
    txn = await added(store_of(database))
    await travel(database, 601)

    assert await complete(database, txn) is None
    assert await complete(database, some()) is None
    assert await rows(database, connections) == []
    assert await rows(database, auth_codes) == []


async def test_of_many_that_come_at_once_one_connects(database: Database) -> None:
    txn = await added(store_of(database))

    done = await asyncio.gather(*(complete(database, txn) for _ in range(8)))

    assert len([each for each in done if each is not None]) == 1
    assert len(await rows(database, connections)) == 1
    assert len(await rows(database, auth_codes)) == 1


@pytest.mark.requirement("T-128")
async def test_a_configuration_opens_in_its_own_row_only(database: Database) -> None:
    store = store_of(database)
    for _ in range(2):
        await complete(database, await added(store))
    one, other = await rows(database, connections)

    async def swap(connection: AsyncConnection) -> None:
        change = update(connections).where(connections.c.id == one.id)
        await connection.execute(change.values(config=other.config))

    await database.write(swap)

    with pytest.raises(BrokenSealError):
        open_config(Sealer(RING), one.id, other.config)
    assert open_config(Sealer(RING), other.id, other.config) == CONFIG
