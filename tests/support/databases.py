"""Real databases for tests: an empty, initialised one per test, on SQLite and on PostgreSQL."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import BigInteger, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.postgres import Postgres
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import metadata

__all__ = ["database", "database_url", "travel"]

_made: Final[list[str]] = []
"""Databases of the shared cluster that have their tables, and nothing in them."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/treenail.db"
    if "database" in request.fixturenames and _made:
        # To make one takes longer than most tests, and 15 MB of writing.
        return _made.pop()
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """An initialised database, empty."""
    opened = Database(database_url)
    await schema.upgrade(opened)
    yield opened
    await opened.aclose()
    if opened.dialect == "postgresql" and await _emptied(database_url):
        _made.append(database_url)


async def _emptied(url: str) -> bool:
    """Whether the database was left as it was made, but for its rows, which are gone now."""
    database = Database(url, pool_size=1)
    names = ", ".join(table.name for table in metadata.sorted_tables)

    async def truncate(connection: AsyncConnection) -> None:
        await connection.execute(text(f"TRUNCATE {names}"))

    try:
        if not (await schema.check(database)).is_current:
            return False
        await database.write(truncate)
    except (StoreUnavailableError, DBAPIError):
        return False
    finally:
        await database.aclose()
    return True


async def travel(database: Database, seconds: float) -> None:
    """Let `seconds` pass: every time in every row moves that far into the past."""

    milliseconds = round(seconds * 1000)

    async def shift(connection: AsyncConnection) -> None:
        for table in metadata.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, BigInteger)]
            if times:
                shifted = {at.name: at - milliseconds for at in times}
                await connection.execute(update(table).values(shifted))

    await database.write(shift)
