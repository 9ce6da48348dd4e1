"""A statement in the path of every tool call, run by the database driver itself.

SQLAlchemy writes the SQL and keeps the connections. Its own way of running a statement took half of
a look-up's CPU (docs/benchmarks.md); on SQLite it asks the driver's thread four times.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

_Compiled: TypeAlias = tuple[str, tuple[str, ...]]
"""SQL, and the names of its values in their order."""


class Lookup:
    """A query for one row, with bound values only."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query = query
        self._columns: Final = tuple(query.selected_columns.keys())
        self._compiled: dict[str, _Compiled] = {}

    async def one(
        self, connection: AsyncConnection, given: Mapping[str, object]
    ) -> Mapping[str, Any] | None:
        """The row that `given` leads to, by column; None when there is none.

        Raises:
            DBAPIError: What the driver raised, as if SQLAlchemy had run it.
        """
        sql, names = self._sql(connection.dialect)
        values = [given[name] for name in names]
        driver: Any = _driver(connection)
        try:
            row = await _fetched(driver, connection.dialect.name, sql, values)
        except Exception as error:  # noqa: BLE001  # whatever it is, its caller sorts it
            lost = connection.dialect.name == "postgresql" and driver.is_closed()
            if lost:
                await connection.invalidate()
            raise DBAPIError(
                sql, None, error, hide_parameters=True, connection_invalidated=lost
            ) from None
        except BaseException:
            # Cancelled: nobody reads what the database still answers on this connection.
            await asyncio.shield(asyncio.create_task(connection.invalidate()))
            raise
        return None if row is None else dict(zip(self._columns, row, strict=True))

    def _sql(self, dialect: Dialect) -> _Compiled:
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._query.compile(dialect=dialect)
            known = str(compiled), tuple(compiled.positiontup or ())
            self._compiled[dialect.name] = known
        return known


def _driver(connection: AsyncConnection) -> Any:
    """The connection of asyncpg or aiosqlite, which SQLAlchemy wraps twice."""
    checked_out = connection.sync_connection
    return None if checked_out is None else checked_out.connection.driver_connection


async def _fetched(
    driver: Any, dialect: str, sql: str, values: Sequence[object]
) -> Sequence[Any] | None:
    if dialect == "postgresql":
        record: Sequence[Any] | None = await driver.fetchrow(sql, *values)
        return record
    rows: list[Sequence[Any]] = list(await driver.execute_fetchall(sql, values))
    return rows[0] if rows else None
