"""Rate limits in the database, where there is no Redis."""

from typing import Any, Final

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from .database import Database, now_ms
from .tables import rate_buckets

_INSERT: Final = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_left_ms: Final = (rate_buckets.c.expires_at - now_ms).label("left_ms")


class RateBucketStore:
    """Counts hits by bucket and keyed hash; one statement each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bucket: str, key_mac: bytes, window_ms: int) -> tuple[int, int]:
        """Count once more.

        Returns:
            Hits in this window, and the milliseconds until it ends.

        Raises:
            StoreUnavailableError: The database does not answer now.
        """
        statement = self._upsert(bucket, key_mac, window_ms)

        async def count(connection: AsyncConnection) -> tuple[int, int]:
            row: Any = (await connection.execute(statement)).one()
            return row[0], row[1]

        return await self._database.write(count)

    def _upsert(self, bucket: str, key_mac: bytes, window_ms: int) -> Any:
        statement = _INSERT[self._database.dialect](rate_buckets).values(
            bucket=bucket,
            key_mac=key_mac,
            count=1,
            expires_at=now_ms + window_ms,
        )
        table, new = rate_buckets.c, statement.excluded
        is_over = table.expires_at <= new.expires_at - window_ms
        return statement.on_conflict_do_update(
            index_elements=["bucket", "key_mac"],
            set_={
                "count": case((is_over, 1), else_=table.count + 1),
                "expires_at": case((is_over, new.expires_at), else_=table.expires_at),
            },
        ).returning(table.count, _left_ms)
