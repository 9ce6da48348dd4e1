"""The tables that migrations make are those that the code expects, and no others are touched."""

import asyncio
import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

from tests.support.postgres import Postgres
from treenail_runtime.settings import ConfigurationError
from treenail_runtime.storage import migrations, schema
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import metadata, pending_logins


def first_release(connection: Connection) -> None:
    """Make the tables as the first release did."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def execute(database: Database, statement: str) -> None:
    await database.write(lambda connection: connection.execute(text(statement)))


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def index_conditions(connection: Connection) -> dict[str, str]:
    """Alembic does not compare the conditions of partial indexes."""
    dialect = connection.dialect.name
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[dialect]
    found = {name: sql.partition("WHERE")[2] for name, sql in connection.execute(text(query))}
    return {name: plain(condition) for name, condition in found.items() if condition}


def plain(condition: str) -> str:
    return re.sub(r"::\w+|[()\s]", "", condition).lower()


@pytest.mark.requirement("S0-40", "S0-41", "S0-42", "S0-43", "S0-44")
async def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    found = await database.read(lambda connection: connection.run_sync(differences))
    assert found == []
    conditions = await database.read(lambda connection: connection.run_sync(index_conditions))
    assert conditions == {
        str(index.name): plain(str(index.dialect_options["sqlite"]["where"]))
        for table in metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }


@pytest.mark.requirement("T-137")
async def test_tables_of_the_first_release_are_brought_up_with_what_is_in_them(
    database_url: str,
) -> None:
    database = Database(database_url)
    await database.write(lambda connection: connection.run_sync(first_release))
    pending = {"txn_hash": b"t", "browser_hash": b"b", "csrf_hashes": b"c", "ip_mac": b"m"}
    pending |= {"request": "sealed", "kid": "k1", "instance_id": "default", "created_at": 1}
    names = ", ".join([*pending, "expires_at"])
    values = ", ".join(f":{name}" for name in [*pending, "expires_at"])
    old = text(f"INSERT INTO oauth_pending_logins ({names}) VALUES ({values})")  # noqa: S608  # names of ours
    given = {**pending, "expires_at": 2**42}
    await database.write(lambda connection: connection.execute(old, given))
    behind = await schema.check(database)

    state = await schema.upgrade(database)

    assert (behind.kind, behind.found, state.kind) == ("behind", "0001", "current")
    assert await database.read(lambda connection: connection.run_sync(differences)) == []
    found = await database.read(lambda connection: connection.execute(select(pending_logins)))
    row = found.one()
    assert (row.txn_hash, row.step, row.upstream, row.upstream_state_hash) == (
        b"t",
        "page",
        None,
        None,
    )
    await database.aclose()


async def test_an_empty_database_has_nothing_and_is_not_changed_by_checking(
    database_url: str,
) -> None:
    database = Database(database_url)
    state = await schema.check(database)
    assert (state.kind, state.found, state.is_current) == ("missing", None, False)
    assert (await schema.check(database)).kind == "missing"
    with pytest.raises(ConfigurationError, match="treenail db init"):
        await schema.require_current(database)
    await database.aclose()


async def test_upgrading_twice_changes_nothing_the_second_time(database: Database) -> None:
    state = await schema.upgrade(database)
    assert (state.kind, state.found) == ("current", state.wanted)
    await schema.require_current(database)


@pytest.mark.requirement("T-137")
async def test_workers_that_start_together_make_the_tables_once(database_url: str) -> None:
    workers = [Database(database_url) for _ in range(4)]
    states = await asyncio.gather(*(schema.upgrade(worker) for worker in workers))
    assert {state.kind for state in states} == {"current"}
    for worker in workers:
        await worker.aclose()


@pytest.mark.requirement("T-137")
async def test_tables_of_a_newer_release_are_left_alone(database: Database) -> None:
    await execute(database, "UPDATE alembic_version SET version_num = '9999'")
    state = await schema.check(database)
    assert (state.kind, state.found) == ("ahead", "9999")
    with pytest.raises(ConfigurationError, match="run the newer release"):
        await schema.upgrade(database)


@pytest.mark.requirement("T-137")
async def test_tables_that_are_not_ours_are_left_alone(database_url: str) -> None:
    database = Database(database_url)
    await execute(database, "CREATE TABLE oauth_clients (id INTEGER)")
    assert (await schema.check(database)).kind == "unknown"
    with pytest.raises(ConfigurationError, match="another database"):
        await schema.upgrade(database)
    tables = await database.read(
        lambda connection: connection.run_sync(lambda each: inspect(each).get_table_names())
    )
    assert tables == ["oauth_clients"]
    await database.aclose()


@pytest.mark.requirement("S1-03", "AS-14")
async def test_tables_are_nothing_for_the_roles_that_supabase_opens_to_everybody(
    own_postgres: Postgres,
) -> None:
    url = own_postgres.fresh_database()
    name = url.rpartition("/")[2]
    for statement in (
        "CREATE ROLE anon",
        "CREATE ROLE authenticated",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated",
    ):
        own_postgres.execute(statement, name)
    database = Database(url)
    await schema.upgrade(database)
    await database.aclose()

    granted = own_postgres.execute(
        "SELECT count(*) FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' AND grantee IN ('anon', 'authenticated')",
        name,
    )
    tables = own_postgres.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'", name
    )
    assert (int(granted), int(tables)) == (0, 17)


async def test_a_revision_that_nobody_knows_is_unknown(database: Database) -> None:
    await execute(database, "UPDATE alembic_version SET version_num = 'beef'")
    assert (await schema.check(database)).kind == "unknown"


def test_the_page_names_every_table_and_column(root: Path) -> None:
    page = (root / "docs" / "storage-schema.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(sections) == [table.name for table in metadata.tables.values()]
    for table in metadata.tables.values():
        described = re.findall(r"^\| `(\w+)` \|", sections[table.name], re.MULTILINE)
        assert described == [column.name for column in table.columns]


@pytest.mark.requirement("T-137")
async def test_a_check_while_another_worker_makes_the_tables_sees_all_or_nothing(
    postgres: Postgres,
) -> None:
    for _ in range(8):
        url = postgres.fresh_database()
        maker, looker = Database(url), Database(url)
        try:
            making = asyncio.create_task(schema.upgrade(maker))
            seen: set[str] = set()
            while not making.done():
                seen.add((await schema.check(looker)).kind)
            seen.add((await making).kind)
        finally:
            await maker.aclose()
            await looker.aclose()

        assert "current" in seen
        assert seen <= {"missing", "current"}
