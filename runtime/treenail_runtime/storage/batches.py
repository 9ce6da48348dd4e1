"""Changes of any number of rows in one transaction.

Each statement has its time limit (`LIMITS`), so that no one holds others up for long; an instance
may have a million rows of a kind.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Delete, Table, Update, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_AT_ONCE: Final = 1_000
"""Rows that one statement changes."""


async def delete_all(
    connection: AsyncConnection, table: Table, condition: ColumnElement[bool]
) -> int:
    """Delete all rows that meet a condition; their number."""
    key = _key(table)
    some = select(key).where(condition).limit(MOST_AT_ONCE)
    return await _repeated(connection, delete(table).where(key.in_(some)))


async def update_all(
    connection: AsyncConnection,
    table: Table,
    condition: ColumnElement[bool],
    values: Mapping[str, object],
) -> int:
    """Change all rows that meet a condition, which must not hold of them afterwards; their number."""
    key = _key(table)
    some = select(key).where(condition).limit(MOST_AT_ONCE)
    return await _repeated(connection, update(table).where(key.in_(some)).values(values))


async def _repeated(connection: AsyncConnection, change: Delete | Update) -> int:
    count = 0
    while changed := (await connection.execute(change)).rowcount:
        count += changed
    return count


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key
