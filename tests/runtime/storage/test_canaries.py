"""A server starts only with the keys of its database."""

import asyncio
import re

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.sealed_rows import AFTER, BEFORE, CHANGING, FOREIGN, NEW, PREPARED, fill
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.storage.canaries import WrongKeysError, admit_keys, inspect_keys
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.sealed import SEALED
from treenail_runtime.storage.tables import crypto_keys

WRONG = KeyRing({"k1": FOREIGN})
TOLD = (
    (
        "the secret of k1 is not the one that sealed this database;"
        " give back the old secret, or give a new one a key id of its own"
    ),
)


async def known(database: Database) -> list[str]:
    async def work(connection: AsyncConnection) -> list[str]:
        return list((await connection.scalars(select(crypto_keys.c.kid))).all())

    return sorted(await database.read(work))


async def refusal(database: Database, ring: KeyRing) -> tuple[str, ...]:
    before = await known(database)
    with pytest.raises(WrongKeysError) as caught:
        await admit_keys(database, ring)
    assert await known(database) == before
    return caught.value.problems


@pytest.mark.requirement("T-132")
async def test_the_wrong_secret_is_refused_before_anything_was_sealed(database: Database) -> None:
    await admit_keys(database, BEFORE)

    assert await refusal(database, WRONG) == TOLD
    await admit_keys(database, BEFORE)


@pytest.mark.requirement("T-132")
async def test_one_wrong_secret_of_several_is_refused(database: Database) -> None:
    await admit_keys(database, CHANGING)

    assert await refusal(database, KeyRing({"k2": NEW, "k1": FOREIGN})) == TOLD
    assert await refusal(database, KeyRing({"k3": NEW, "k1": FOREIGN})) == TOLD


@pytest.mark.requirement("T-132")
async def test_a_lost_canary_does_not_make_a_wrong_secret_right(database: Database) -> None:
    await fill(database, BEFORE, range(2))

    assert await refusal(database, WRONG) == TOLD
    assert await known(database) == []
    await admit_keys(database, BEFORE)
    assert await known(database) == ["k1"]


@pytest.mark.requirement("T-131", "T-132")
async def test_a_missing_key_is_refused_with_the_rows_that_need_it(database: Database) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(3))
    await fill(database, CHANGING, range(3, 4))

    assert await refusal(database, AFTER) == tuple(
        f"3 rows are sealed with k1 in {table}, which is not among the keys;"
        " add it at the end of AUTH_SECRETS"
        for table in sorted(each.name for each in SEALED)
    )


async def test_logins_that_have_expired_need_no_key(database: Database) -> None:
    await fill(database, BEFORE, range(1))
    await travel(database, 7_200)

    told = await refusal(database, AFTER)

    assert [re.findall(r"(?:oauth|mcp)_\w+", problem) for problem in told] == [
        ["mcp_credentials"],
        ["mcp_instances"],
        ["mcp_revocations"],
        ["oauth_clients"],
        ["oauth_connections"],
    ]


@pytest.mark.requirement("T-131")
async def test_keys_may_stand_in_another_order_on_each_server(database: Database) -> None:
    for ring in (BEFORE, PREPARED, CHANGING, PREPARED, BEFORE):
        await admit_keys(database, ring)

    assert await known(database) == ["k1", "k2"]


@pytest.mark.requirement("T-132")
async def test_servers_that_start_at_once_agree_or_are_refused(
    database: Database, database_url: str
) -> None:
    others = [Database(database_url) for _ in range(4)]
    rings = [BEFORE, PREPARED, CHANGING, WRONG, BEFORE]

    ended = await asyncio.gather(
        *(admit_keys(each, ring) for each, ring in zip([database, *others], rings, strict=True)),
        return_exceptions=True,
    )
    refused = [isinstance(each, WrongKeysError) for each in ended]

    for each in others:
        await each.aclose()
    assert all(isinstance(each, WrongKeysError) for each in ended if isinstance(each, Exception))
    # Whoever came first decides which secret is k1.
    assert refused in ([False, False, False, True, False], [True, True, True, False, True])


async def test_looking_changes_nothing(database: Database) -> None:
    await fill(database, BEFORE, range(2))

    report = await inspect_keys(database, CHANGING)

    assert await known(database) == []
    assert report.unused == ("k2", "k1")
    assert report.problems == ()
    assert [(rows.table, rows.kid, rows.count) for rows in report.rows] == [
        ("mcp_credentials", "k1", 2),
        ("mcp_instances", "k1", 2),
        ("mcp_revocations", "k1", 2),
        ("mcp_setups", "k1", 2),
        ("oauth_clients", "k1", 2),
        ("oauth_connections", "k1", 2),
        ("oauth_pending_logins", "k1", 2),
    ]


def test_every_table_with_a_key_id_is_among_those_that_are_counted_and_rotated() -> None:
    with_kid = {name for name, table in crypto_keys.metadata.tables.items() if "kid" in table.c}

    assert with_kid == {crypto_keys.name, *(each.name for each in SEALED)}


@pytest.mark.requirement("T-128")
async def test_a_canary_that_was_moved_or_changed_is_refused(database: Database) -> None:
    await admit_keys(database, CHANGING)

    async def swap(connection: AsyncConnection) -> None:
        other = await connection.scalar(
            select(crypto_keys.c.canary).where(crypto_keys.c.kid == "k2")
        )
        await connection.execute(
            update(crypto_keys).where(crypto_keys.c.kid == "k1").values(canary=other)
        )

    await database.write(swap)

    assert await refusal(database, CHANGING) == TOLD


async def test_a_database_that_forgot_all_keys_learns_those_that_open_it(
    database: Database,
) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(1))

    async def forget(connection: AsyncConnection) -> None:
        await connection.execute(delete(crypto_keys))

    await database.write(forget)
    await admit_keys(database, CHANGING)

    assert await known(database) == ["k1", "k2"]
