"""Admin tokens: `admin_tokens`."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.admins import Admin, AdminRole
from treenail_runtime.auth.records import Digest

from .database import Database, now_ms
from .moments import moment, moment_or_none
from .tables import admin_tokens as table

_ID_BYTES: Final = 8
_LIVES: Final = or_(table.c.expires_at.is_(None), table.c.expires_at > now_ms)


class AdminStore:
    """Who may administer instances; of their tokens only digests are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, token: Digest, *, owner: str, role: AdminRole, lasts_s: int | None = None
    ) -> Admin:
        """Know a new token.

        Args:
            token: Its digest.
            owner: Whose instances it makes.
            role: Whether it knows only these.
            lasts_s: After so many seconds it is unknown; None for never.
        """
        row = {
            "id": secrets.token_hex(_ID_BYTES),
            "token_hash": token,
            "owner": owner,
            "role": role,
            "created_at": now_ms,
            "expires_at": None if lasts_s is None else now_ms + lasts_s * 1000,
        }

        async def work(connection: AsyncConnection) -> Row[Any]:
            await connection.execute(insert(table).values(row))
            return (await connection.execute(select(table).where(table.c.id == row["id"]))).one()

        return _admin(await self._database.write(work))

    async def find(self, token: Digest) -> Admin | None:
        """Whose token it is; None when it is unknown or over.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            found = select(table).where(table.c.token_hash == token, _LIVES)
            return (await connection.execute(found)).one_or_none()

        row = await self._database.read(work)
        return None if row is None else _admin(row)

    async def list(self) -> Sequence[Admin]:
        """All, also those that are over, the oldest first."""

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            found = select(table).order_by(table.c.created_at, table.c.id)
            return (await connection.execute(found)).all()

        return [_admin(row) for row in await self._database.read(work)]

    async def remove(self, admin_id: str) -> bool:
        """Forget a token; what was begun by it and is not finished ends. False without one."""

        async def work(connection: AsyncConnection) -> bool:
            return (
                await connection.execute(delete(table).where(table.c.id == admin_id))
            ).rowcount > 0

        return await self._database.write(work)


def _admin(row: Row[Any]) -> Admin:
    return Admin(
        id=row.id,
        owner=row.owner,
        role=row.role,
        created_at=moment(row.created_at),
        expires_at=moment_or_none(row.expires_at),
    )
