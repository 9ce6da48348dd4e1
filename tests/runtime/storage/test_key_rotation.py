"""Rotation: everything is sealed anew while servers run, nothing is lost, nobody is logged out."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.sealed_rows import (
    AFTER,
    BEFORE,
    CHANGING,
    FOREIGN,
    NEW,
    PREPARED,
    add_connection,
    add_grant,
    config_of,
    fill,
    read_all,
    texts,
    watch,
)
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of
from treenail_runtime.storage.canaries import WrongKeysError, admit_keys
from treenail_runtime.storage.connections import config_facts, open_config
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.key_rotation import Progress, RotationReport, rotate
from treenail_runtime.storage.tables import (
    audit_events,
    clients,
    connections,
    credentials,
    crypto_keys,
    grants,
    pending_logins,
)

TABLES = (
    "oauth_clients",
    "oauth_connections",
    "oauth_pending_logins",
    "mcp_instances",
    "mcp_credentials",
    "mcp_setups",
    "mcp_revocations",
)


def resealed(report: RotationReport) -> dict[str, int]:
    return {name: table.resealed for name, table in report.tables.items()}


async def retired(database: Database) -> set[str]:
    async def work(connection: AsyncConnection) -> set[str]:
        found = select(crypto_keys.c.kid).where(crypto_keys.c.retired_at.is_not(None))
        return set((await connection.scalars(found)).all())

    return await database.read(work)


@pytest.mark.requirement("T-131")
@pytest.mark.parametrize("batch", [1, 3, 500])
async def test_everything_opens_with_the_new_key_alone(database: Database, batch: int) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(7))
    before = await read_all(database, BEFORE)

    report = await rotate(database, CHANGING, batch=batch)

    assert resealed(report) == dict.fromkeys(TABLES, 7)
    assert report.complete
    assert report.retired == ("k1",)
    assert await retired(database) == {"k1"}
    await admit_keys(database, AFTER)
    after = await read_all(database, AFTER)
    assert after == before
    assert len(after.logged_in) == 7


@pytest.mark.requirement("T-131")
async def test_a_second_run_changes_nothing(database: Database) -> None:
    await fill(database, BEFORE, range(5))
    await rotate(database, CHANGING)
    before = await texts(database)

    report = await rotate(database, CHANGING)

    assert resealed(report) == dict.fromkeys(TABLES, 0)
    assert report.complete
    assert report.retired == ()
    assert await texts(database) == before


async def test_the_audit_tells_of_each_run(database: Database) -> None:
    await fill(database, BEFORE, range(2))
    await rotate(database, CHANGING)
    await rotate(database, CHANGING)

    query = select(audit_events).order_by(audit_events.c.at)
    rows = await database.read(lambda connection: connection.execute(query))
    assert [(row.type, row.outcome, row.detail) for row in rows] == [
        ("key.rotated", "success", '{"count": 14, "kid": "k2"}'),
        ("key.rotated", "success", '{"count": 0, "kid": "k2"}'),
    ]


@pytest.mark.requirement("T-131")
async def test_two_runs_at_once_seal_each_row_once(database: Database, database_url: str) -> None:
    await fill(database, BEFORE, range(40))
    before = await read_all(database, BEFORE)
    other = Database(database_url)

    reports = await asyncio.gather(
        rotate(database, CHANGING, batch=3), rotate(other, CHANGING, batch=4)
    )
    await other.aclose()

    assert all(report.complete for report in reports)
    one, two = map(resealed, reports)
    assert {name: one[name] + two[name] for name in TABLES} == dict.fromkeys(TABLES, 40)
    assert await read_all(database, AFTER) == before


@pytest.mark.requirement("T-131")
async def test_servers_in_any_phase_open_everything_at_every_moment(
    database: Database, database_url: str
) -> None:
    await fill(database, BEFORE, range(30))
    expected = await read_all(database, BEFORE)
    over = asyncio.Event()
    servers = [Database(database_url), Database(database_url)]
    watching = [
        asyncio.create_task(watch(each, ring, expected, over))
        for each, ring in zip(servers, (PREPARED, CHANGING), strict=True)
    ]

    report = await rotate(database, CHANGING, batch=2)
    over.set()
    times = await asyncio.gather(*watching)
    for each in servers:
        await each.aclose()

    assert report.complete
    assert min(times) > 1


@pytest.mark.requirement("T-131")
async def test_what_a_server_in_the_old_phase_writes_meanwhile_is_not_lost(
    database: Database, database_url: str
) -> None:
    await fill(database, BEFORE, range(20))
    late = Database(database_url)

    async def write_on() -> None:
        for number in range(20, 40):
            await fill(late, PREPARED, range(number, number + 1))

    first, _ = await asyncio.gather(rotate(database, CHANGING, batch=2), write_on())
    second = await rotate(database, CHANGING)
    await late.aclose()

    assert {name: resealed(first)[name] + resealed(second)[name] for name in TABLES} == (
        dict.fromkeys(TABLES, 40)
    )
    assert await retired(database) == {"k1"}
    assert len((await read_all(database, AFTER)).logged_in) == 40


@pytest.mark.requirement("T-131")
async def test_a_grant_that_was_made_from_an_old_fingerprint_is_found_later(
    database: Database,
) -> None:
    old = Macs(BEFORE).fingerprint(config_facts(config_of("1")))
    await fill(database, BEFORE, range(3))
    await rotate(database, CHANGING)
    await database.write(lambda connection: add_grant(connection, "late", "1", old))

    report = await rotate(database, CHANGING)

    assert resealed(report) == {**dict.fromkeys(TABLES, 0), "oauth_connections": 1}
    assert (await read_all(database, AFTER)).logged_in == {"g0", "g1", "g2", "late"}


@pytest.mark.requirement("T-131")
async def test_a_grant_of_another_configuration_stays_shut(database: Database) -> None:
    foreign = Macs(BEFORE).fingerprint(config_facts(config_of("2")))
    await fill(database, BEFORE, range(3))
    await database.write(lambda connection: add_grant(connection, "stolen", "1", foreign))

    report = await rotate(database, CHANGING)

    assert report.complete
    assert (await read_all(database, AFTER)).logged_in == {"g0", "g1", "g2"}


@pytest.mark.requirement("T-128", "T-131")
async def test_a_row_that_cannot_be_opened_is_told_and_stops_nothing(database: Database) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(10))
    await swap(database, "3", "4")
    await set_fingerprint(database, "5", Macs(BEFORE).fingerprint({"connector": "another"}))
    await fill(database, KeyRing({"k0": FOREIGN}), range(10, 11))
    told: list[Progress] = []

    report = await rotate(database, CHANGING, batch=3, progress=told.append)

    assert resealed(report) == {**dict.fromkeys(TABLES, 10), "oauth_connections": 7}
    assert not report.complete
    assert {name: table.named for name, table in report.tables.items()} | {TABLES[2]: []} == {
        "oauth_clients": [("https://client.test/10", "key id")],
        "oauth_connections": [
            ("10", "key id"),
            ("3", "context"),
            ("4", "context"),
            ("5", "fingerprint"),
        ],
        "oauth_pending_logins": [],
        "mcp_instances": [("i10", "key id")],
        "mcp_credentials": [("10", "key id")],
        "mcp_setups": [(hashlib.sha256(b"10").hexdigest(), "key id")],
        "mcp_revocations": [("r10", "key id")],
    }
    assert report.tables["oauth_connections"].broken == 4
    assert report.retired == ()
    assert told[-1].table == "mcp_revocations"
    assert told[-1].done == 10


@pytest.mark.requirement("T-128")
async def test_a_moved_row_is_as_good_as_none(database: Database) -> None:
    await fill(database, BEFORE, range(2))
    await swap(database, "0", "1")

    with pytest.raises(BrokenSealError):
        await read_all(database, BEFORE)


@pytest.mark.requirement("T-132")
async def test_a_wrong_secret_seals_nothing(database: Database) -> None:
    await admit_keys(database, PREPARED)
    await fill(database, BEFORE, range(2))
    before = await texts(database)

    for ring in (KeyRing({"k2": FOREIGN, "k1": NEW}), KeyRing({"k3": FOREIGN, "k1": NEW})):
        with pytest.raises(WrongKeysError, match="is not the one that sealed"):
            await rotate(database, ring)

    assert await texts(database) == before


async def test_a_key_that_comes_back_is_no_longer_retired(database: Database) -> None:
    await fill(database, BEFORE, range(1))
    await rotate(database, CHANGING)

    report = await rotate(database, PREPARED)

    assert report.retired == ("k2",)
    assert await retired(database) == {"k2"}
    assert len((await read_all(database, BEFORE)).logged_in) == 1


async def test_a_retired_key_that_a_late_server_used_again_is_not_retired(
    database: Database,
) -> None:
    await fill(database, BEFORE, range(1))
    await rotate(database, CHANGING)
    await fill(database, PREPARED, range(1, 2))
    await set_fingerprint(database, "1", Macs(BEFORE).fingerprint({"connector": "another"}))

    report = await rotate(database, CHANGING)

    assert not report.complete
    assert await retired(database) == set()


async def test_expired_logins_are_left_to_the_cleanup(database: Database) -> None:
    await fill(database, BEFORE, range(2))
    await travel(database, 7_200)

    report = await rotate(database, CHANGING)

    assert resealed(report)["oauth_pending_logins"] == 0
    assert report.complete
    assert report.retired == ("k1",) or await retired(database) == {"k1"}


@asynccontextmanager
async def held(database: Database, table: Table, row: str) -> AsyncGenerator[asyncio.Event]:
    """Somebody holds a row until the event is set."""
    taken, let_go = asyncio.Event(), asyncio.Event()

    async def work(connection: AsyncConnection) -> None:
        key = next(iter(table.primary_key))
        await connection.execute(select(key).where(key == row).with_for_update())
        taken.set()
        await let_go.wait()

    holding = asyncio.create_task(database.write(work))
    await taken.wait()
    yield let_go
    let_go.set()
    await holding


@pytest.mark.requirement("T-131")
@pytest.mark.parametrize(
    ("table", "row"),
    [(clients, "https://client.test/1"), (connections, "1"), (grants, "g1"), (credentials, "1")],
)
async def test_a_row_that_somebody_holds_is_left_for_later_and_not_waited_for(
    postgres_url: str, table: Table, row: str
) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    await database.write(lambda connection: connection.run_sync(clients.metadata.create_all))
    await fill(database, BEFORE, range(4))
    done: list[Progress] = []

    async with held(other, table, row) as let_go:

        def note(progress: Progress) -> None:
            done.append(progress)
            if progress.table == table.name.replace("grants", "connections"):
                let_go.set()

        report = await rotate(database, CHANGING, progress=note)
    stored = await read_all(database, AFTER)
    await database.aclose()
    await other.aclose()

    assert Progress(table.name.replace("grants", "connections"), 3, 4) in done
    assert resealed(report) == dict.fromkeys(TABLES, 4)
    assert report.complete
    assert len(stored.logged_in) == 4


async def test_a_row_that_is_held_all_the_time_is_told(postgres_url: str) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    await database.write(lambda connection: connection.run_sync(clients.metadata.create_all))
    await database.write(lambda connection: add_connection(connection, BEFORE, "1"))

    async with held(other, connections, "1"):
        report = await rotate(database, CHANGING)
    await database.aclose()
    await other.aclose()

    assert report.tables["oauth_connections"].left == 1
    assert not report.complete
    assert report.retired == ()


async def swap(database: Database, one: str, other: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        found = select(connections.c.id, connections.c.config).where(
            connections.c.id.in_([one, other])
        )
        configs = {row.id: row.config for row in await connection.execute(found)}
        for row, donor in ((one, other), (other, one)):
            change = update(connections).where(connections.c.id == row)
            await connection.execute(change.values(config=configs[donor]))

    await database.write(work)


async def set_fingerprint(database: Database, row: str, fingerprint: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        change = update(connections).where(connections.c.id == row)
        await connection.execute(change.values(fingerprint=fingerprint))

    await database.write(work)


async def test_the_stores_of_this_release_open_what_was_sealed_anew(database: Database) -> None:
    await fill(database, BEFORE, range(1))
    await rotate(database, CHANGING)

    async def work(connection: AsyncConnection) -> str:
        return str(await connection.scalar(select(connections.c.config)))

    config = open_config(Sealer(AFTER), "0", await database.read(work))

    assert config == config_of("0")


@pytest.mark.requirement("T-131")
async def test_a_draft_that_a_later_server_added_to_an_older_login_is_kept(
    database: Database,
) -> None:
    await fill(database, BEFORE, range(1))

    async def add_draft(connection: AsyncConnection) -> None:
        txn = await connection.scalar(select(pending_logins.c.txn_hash))
        assert isinstance(txn, bytes)
        place = context_of("oauth_pending_logins", "draft", txn)
        draft = Sealer(CHANGING).seal(b"picked", place).text
        await connection.execute(update(pending_logins).values(draft=draft))

    await database.write(add_draft)
    await rotate(database, CHANGING)

    assert "picked" in (await read_all(database, AFTER)).opened.values()
