"""Real databases for tests: an empty, initialised one per test, on SQLite and on PostgreSQL."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.postgres import Postgres
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import metadata

__all__ = ["database", "database_url", "travel"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/treenail.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """An initialised database, empty."""
    opened = Database(database_url)
    await schema.upgrade(opened)
    yield opened
    await opened.aclose()


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
