"""One interface over SQLite and PostgreSQL: transactions, failures, time."""

import asyncio
import os
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.pooler import transaction_pooler
from tests.support.postgres import Postgres
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.settings import ConfigurationError
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import crypto_keys, rate_buckets


async def add(connection: AsyncConnection, kid: str = "k1") -> None:
    await connection.execute(insert(crypto_keys).values(kid=kid, canary="x", created_at=now_ms))


async def kids(connection: AsyncConnection) -> list[str]:
    return list((await connection.execute(select(crypto_keys.c.kid))).scalars())


async def the_time(connection: AsyncConnection) -> int:
    return (await connection.execute(select(now_ms))).scalar_one()


async def rename(connection: AsyncConnection, before: str, after: str) -> None:
    row = update(crypto_keys).where(crypto_keys.c.kid == before)
    await connection.execute(row.values(canary=after))


async def test_what_was_written_is_read(database: Database) -> None:
    await database.write(add)
    assert await database.read(kids) == ["k1"]


@pytest.mark.requirement("T-136")
async def test_work_that_fails_leaves_nothing(database: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await add(connection)
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(work)
    assert await database.read(kids) == []
    await database.write(add)
    assert await database.read(kids) == ["k1"]


@pytest.mark.requirement("T-136")
async def test_cancelled_work_leaves_nothing(database: Database) -> None:
    reached = asyncio.Event()

    async def work(connection: AsyncConnection) -> None:
        await add(connection)
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(database.write(work))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await database.read(kids) == []
    await database.write(add)
    assert await database.read(kids) == ["k1"]


async def test_a_violated_constraint_is_the_callers_to_judge(database: Database) -> None:
    await database.write(add)
    with pytest.raises(IntegrityError) as caught:
        await database.write(add)
    assert "'k1'" not in str(caught.value)


async def test_a_wrong_statement_is_no_outage(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(lambda connection: connection.execute(text("SELECT * FROM nowhere")))


@pytest.mark.requirement("T-059", "T-147")
async def test_time_is_the_databases_own_in_milliseconds(database: Database) -> None:
    before = time.time() * 1000
    found = await database.read(the_time)
    assert before - 1000 < found < time.time() * 1000 + 1000
    assert isinstance(found, int)


async def test_travelling_moves_every_time(database: Database) -> None:
    row = {"bucket": "login", "count": 1}
    rows = [row | {"key_mac": bytes([end]) * 32, "expires_at": end * 1_000} for end in (1, 2, 3)]
    await database.write(lambda connection: connection.execute(insert(rate_buckets), rows))
    await travel(database, 1)

    async def ends(connection: AsyncConnection) -> list[int]:
        found = select(rate_buckets.c.expires_at).order_by(rate_buckets.c.expires_at)
        return list((await connection.execute(found)).scalars())

    assert await database.read(ends) == [0, 1_000, 2_000]


async def test_sixteen_parallel_writers_all_succeed(database: Database) -> None:
    async def count_up(connection: AsyncConnection) -> None:
        row = select(crypto_keys.c.canary).where(crypto_keys.c.kid == "k1")
        found = (await connection.execute(row.with_for_update())).scalar_one()
        await rename(connection, "k1", str(int(found) + 1))

    await database.write(add)
    await database.write(lambda connection: rename(connection, "k1", "0"))
    await asyncio.gather(*(database.write(count_up) for _ in range(16)))
    row = select(crypto_keys.c.canary)
    found = await database.read(lambda connection: connection.execute(row))
    assert found.scalar_one() == "16"


@pytest.mark.requirement("T-136")
async def test_a_deadlock_is_repeated_until_both_have_written(postgres: Postgres) -> None:
    database = Database(postgres.fresh_database())
    await schema.upgrade(database)
    for kid in ("a", "b"):
        await database.write(lambda connection, kid=kid: add(connection, kid))
    both = asyncio.Barrier(2)
    attempts: list[str] = []

    async def work(connection: AsyncConnection, first: str, second: str) -> None:
        attempts.append(first)
        await rename(connection, first, f"{first} first")
        if len(attempts) <= 2:
            await both.wait()
        await rename(connection, second, f"{first} second")

    await asyncio.gather(
        database.write(lambda connection: work(connection, "a", "b")),
        database.write(lambda connection: work(connection, "b", "a")),
    )
    await database.aclose()
    assert len(attempts) == 3


@pytest.mark.requirement("T-136")
async def test_a_held_lock_is_given_up_after_two_seconds(database: Database) -> None:
    await database.write(add)
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(connection: AsyncConnection) -> None:
        await rename(connection, "k1", "held")
        held.set()
        await done.wait()

    holder = asyncio.create_task(database.write(hold))
    await held.wait()
    with pytest.raises(StoreUnavailableError):
        await database.write(lambda connection: rename(connection, "k1", "other"))
    done.set()
    await holder
    await database.write(lambda connection: rename(connection, "k1", "free again"))


@pytest.mark.requirement("T-136")
async def test_a_statement_without_end_is_given_up(postgres: Postgres) -> None:
    database = Database(postgres.fresh_database())
    with pytest.raises(StoreUnavailableError):
        await database.write(lambda each: each.execute(text("SELECT pg_sleep(60)")))
    await database.aclose()


@pytest.mark.requirement("T-136")
async def test_a_pool_without_a_free_connection_is_an_outage(postgres: Postgres) -> None:
    database = Database(postgres.fresh_database(), pool_size=1)
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(_: AsyncConnection) -> None:
        held.set()
        await done.wait()

    holder = asyncio.create_task(database.read(hold))
    await held.wait()
    with pytest.raises(StoreUnavailableError):
        await database.read(the_time)
    done.set()
    await holder
    await database.aclose()


@pytest.mark.requirement("T-136")
async def test_a_read_only_postgresql_is_an_outage(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    database = Database(url)
    await schema.upgrade(database)
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await database.aclose()
    with pytest.raises(StoreUnavailableError):
        await database.write(add)
    assert await database.read(kids) == []
    await database.aclose()


@pytest.mark.requirement("T-136")
async def test_a_full_or_read_only_sqlite_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/treenail.db", pool_size=1)
    await schema.upgrade(database)
    for pragma in ("max_page_count = 1", "query_only = ON"):
        await database.read(lambda each, pragma=pragma: each.execute(text(f"PRAGMA {pragma}")))

        async def fill(connection: AsyncConnection) -> None:
            for number in range(1000):
                await add(connection, f"{number:064}")

        with pytest.raises(StoreUnavailableError):
            await database.write(fill)
        assert await database.read(kids) == []
    await database.aclose()


@pytest.mark.requirement("T-136")
async def test_a_restarted_server_is_found_again_without_an_error(own_postgres: Postgres) -> None:
    database = Database(own_postgres.fresh_database())
    await schema.upgrade(database)
    await database.write(add)
    own_postgres.kill()
    with pytest.raises(StoreUnavailableError):
        await database.read(kids)
    own_postgres.start()
    assert await database.read(kids) == ["k1"]
    own_postgres.restart()
    await database.write(lambda connection: add(connection, "k2"))
    assert await database.read(kids) == ["k1", "k2"]
    await database.aclose()


@pytest.mark.requirement("T-127")
async def test_an_outage_tells_no_password(
    postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("127.0.0.1:1", f"127.0.0.1:{postgres.port}"):
        database = Database(f"postgresql://nobody:hunter2-secret@{host}/nowhere")
        with pytest.raises(StoreUnavailableError) as caught:
            await database.read(the_time)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        shown = repr(caught.value) + repr(database) + "".join(capsys.readouterr())
        assert "hunter2" not in shown
        assert shown.count("store.unavailable") == 1
        await database.aclose()


@pytest.mark.requirement("T-127")
@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:hunter2@host/db",
        "hunter2",
        "sqlite://hunter2.db",
        "sqlite:///a.db?mode=hunter2",
        "postgresql://user:hunter2@host:99999999/db?broken=hunter2",
        "postgresql://user:hunter2@[/db",
    ],
)
def test_a_url_that_leads_nowhere_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database(url)
    assert "TREENAIL_DATABASE_URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_urls_of_hosters_are_taken() -> None:
    for url in (
        "postgres://u:p@db.example:6543/postgres?sslmode=require&channel_binding=require",
        "postgresql://u:p@db.example:6543/postgres?pgbouncer=true&connect_timeout=15",
        "postgresql://u:p@/postgres?host=/var/run/postgresql",
    ):
        assert Database(url).dialect == "postgresql"


async def test_a_new_sqlite_file_is_private(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/treenail.db")
    await schema.upgrade(database)
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in os.scandir(tmp_path)}
    assert modes == dict.fromkeys(("treenail.db", "treenail.db-wal", "treenail.db-shm"), 0o600)
    await database.aclose()


async def test_sqlite_checks_foreign_keys_and_logs_ahead(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/treenail.db")
    found: list[object] = []
    for name in ("foreign_keys", "journal_mode", "synchronous"):
        row = await database.read(lambda each, name=name: each.execute(text(f"PRAGMA {name}")))
        found.append(row.scalar_one())
    assert found == [1, "wal", 1]
    await database.aclose()


async def test_memory_outlives_a_cancelled_request() -> None:
    database = Database("sqlite://")
    await schema.upgrade(database)
    await database.write(add)
    for _ in range(20):
        task = asyncio.create_task(database.read(kids))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.gather(*(database.write(lambda c, n=n: add(c, f"n{n}")) for n in range(5)))
    assert len(await database.read(kids)) == 6
    await database.aclose()


@pytest.mark.requirement("S1-03")
async def test_behind_a_pooler_nothing_stays_in_the_session(postgres: Postgres) -> None:
    database = Database(postgres.fresh_database(), pooler=True, pool_size=1)
    await schema.upgrade(database)
    await database.write(add)
    assert await database.read(kids) == ["k1"]
    left = text(
        "SELECT (SELECT count(*) FROM pg_prepared_statements),"
        " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),"
        " current_setting('lock_timeout')"
    )
    found = await database.read(lambda connection: connection.execute(left))
    assert tuple(found.one()) == (0, 0, "0")
    within = await database.write(lambda connection: connection.execute(left))
    assert tuple(within.one()) == (0, 0, "2s")
    await database.aclose()


@pytest.mark.requirement("S1-03")
async def test_through_a_transaction_pooler_everything_works(postgres: Postgres) -> None:
    name = postgres.fresh_database().rpartition("/")[2]
    async with transaction_pooler(postgres.port) as pooler:
        url = f"postgresql://postgres@127.0.0.1:{pooler.port}/{name}?sslmode=disable"
        workers = [Database(url, pooler=True, pool_size=2) for _ in range(2)]
        await asyncio.gather(*(schema.upgrade(worker) for worker in workers))
        names = [f"k{number}" for number in range(20)]
        work = [partial(add, kid=name) for name in names]
        await asyncio.gather(*(workers[n % 2].write(each) for n, each in enumerate(work)))
        found = await asyncio.gather(*(workers[n % 2].read(kids) for n in range(20)))
        assert all(sorted(each) == sorted(names) for each in found)
        for worker in workers:
            await worker.aclose()
    assert pooler.transactions > 40
    assert pooler.asked <= {"user", "database", "client_encoding"}
