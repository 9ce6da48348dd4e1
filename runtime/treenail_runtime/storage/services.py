"""Connectors that the servers have loaded, for the operator: `mcp_services`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import ServiceRecord

from .database import Database, now_ms
from .moments import moment
from .tables import ID
from .tables import services as table


class ServiceStore:
    """What the last server that loaded a connector said of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, services: Sequence[ServiceRecord]) -> None:
        """Tell what was loaded, or could not be."""
        rows = [_row(each) for each in services]

        async def work(connection: AsyncConnection) -> None:
            # In one order, so that servers that start at once cannot wait for each other.
            for row in sorted(rows, key=lambda each: str(each["name"])):
                await connection.execute(_upserted(connection.dialect.name, row))

        if rows:
            await self._database.write(work)

    async def forget(self, name: str) -> bool:
        """Remove one that is gone; False when it was not there."""

        async def work(connection: AsyncConnection) -> bool:
            return (
                await connection.execute(delete(table).where(table.c.name == name))
            ).rowcount > 0

        return await self._database.write(work)

    async def list(self) -> Sequence[ServiceRecord]:
        """All, in the order of their names."""

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(select(table).order_by(table.c.name))).all()

        return [_record(row) for row in await self._database.read(work)]


def _row(service: ServiceRecord) -> dict[str, Any]:
    return {
        "name": _kept(service.name)[:ID],
        "title": _kept(service.title),
        "version": _kept(service.version),
        "contract": service.contract,
        "sha256": service.sha256,
        "status": service.status,
        "reason": None if service.reason is None else _kept(service.reason),
        "loaded_at": now_ms,
    }


def _kept(text: str) -> str:
    """The text as every database takes it: what a module or a file system says may be no Unicode."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _upserted(dialect: str, row: dict[str, Any]) -> sqlite.Insert | postgresql.Insert:
    insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](table)
    return insert.values(row).on_conflict_do_update(index_elements=[table.c.name], set_=row)


def _record(row: Row[Any]) -> ServiceRecord:
    return ServiceRecord(
        name=row.name,
        title=row.title,
        version=row.version,
        contract=row.contract,
        sha256=row.sha256,
        status=row.status,
        reason=row.reason,
        loaded_at=moment(row.loaded_at),
    )
