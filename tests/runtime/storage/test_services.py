"""What servers say of the connectors that they have loaded."""

import asyncio
from dataclasses import replace

import pytest

from treenail_runtime.auth.instances import ServiceRecord
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.services import ServiceStore

PHOREST = ServiceRecord(
    name="phorest",
    title="Phorest",
    version="1.2",
    contract=2,
    sha256="a" * 64,
    status="healthy",
)
BROKEN = ServiceRecord(
    name="fergus",
    title="fergus",
    version="",
    contract=None,
    sha256="b" * 64,
    status="unhealthy",
    reason="line 3: invalid syntax",
)


async def known(store: ServiceStore) -> list[ServiceRecord]:
    return [replace(each, loaded_at=None) for each in await store.list()]


@pytest.mark.requirement("S2-17", "S2-20")
async def test_what_the_last_server_said_is_what_is_known(database: Database) -> None:
    store = ServiceStore(database)
    await store.register([])
    await store.register([PHOREST, BROKEN])
    mended = replace(BROKEN, status="degraded", reason="the lock is missing")

    await store.register([mended])

    assert await known(store) == [mended, PHOREST]
    assert all(each.loaded_at is not None for each in await store.list())
    assert [await store.forget("fergus"), await store.forget("fergus")] == [True, False]
    assert await known(store) == [PHOREST]


@pytest.mark.requirement("S2-17")
async def test_servers_that_start_at_once_register_each_connector_once(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    orders = [[PHOREST, BROKEN], [BROKEN, PHOREST]] * 4

    await asyncio.gather(
        *(
            ServiceStore((database, other)[number % 2]).register(order)
            for number, order in enumerate(orders)
        )
    )
    await other.aclose()

    assert await known(ServiceStore(database)) == [BROKEN, PHOREST]


@pytest.mark.requirement("S2-17")
async def test_what_no_table_takes_is_left_out_of_what_is_known(database: Database) -> None:
    store = ServiceStore(database)
    odd = "a\0b\udcff"

    await store.register([replace(BROKEN, name=f"{odd}{'c' * 64}", title=odd, reason=odd)])

    (kept,) = await store.list()
    assert (kept.name, kept.title, kept.reason) == (f"ab?{'c' * 61}", "ab?", "ab?")
