"""Tokens that the upstream's provider is still to forget: `mcp_revocations`.

A row is made in the transaction that removes the tokens, so that no worker that dies takes them along.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import structlog
from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import ObtainedTokens, OwedRevocation
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer

from .audit import AuditStore
from .credentials import ended, going_on
from .database import Database, now_ms
from .instance_rows import open_settings
from .owing import owe, owe_rows, read_owed
from .tables import credentials, instances
from .tables import revocations as table
from .token_rows import take_tokens

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_OF: Final = attrgetter("instance_id")
_WORD: Final = 64
_UNREADABLE_S: Final = 3600


class RevocationStore:
    """What providers are to forget, until they have."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._audit = AuditStore(database)

    async def add(self, instance_id: str, service: str, tokens: ObtainedTokens) -> None:
        """Owe tokens that nobody will use.

        Raises:
            ValueError: A token is longer than 48 KiB.
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> None:
            await owe(
                connection,
                self._sealer,
                tokens,
                instance_id=instance_id,
                service=service,
                client=tokens.client,
            )

        await self._database.write(work)

    async def leave(self, instance_id: str) -> None:
        """Tell the audit that tokens of an instance are left to their provider."""
        await self._audit.record("tokens.revoked", "left", instance=instance_id)

    async def take_ended(self, limit: int, ending_all: Collection[str] = ()) -> int:
        """Owe tokens of logins that have ended, in place of keeping them; how many those were.

        Args:
            limit: No more of them, since other writers may have to wait for it.
            ending_all: Issuers of which any token ends all logins of its person: those are only
                removed while another one goes on, with which they end.
        """

        async def work(connection: AsyncConnection) -> int:
            over = list(await connection.scalars(ended(limit)))
            let_be = await going_on(connection, over, ending_all)
            rows = await take_tokens(connection, credentials.c.connection_id.in_(over))
            for instance_id, its in groupby(sorted(rows, key=_OF), key=_OF):
                owed = [row for row in its if row.connection_id not in let_be]
                await self._owe(connection, instance_id, owed)
            for row in (each for each in rows if each.connection_id in let_be):
                about = row.instance_id
                await self._audit.insert(connection, "tokens.revoked", "left", instance=about)
            return len(rows)

        return await self._database.write(work)

    async def claim(
        self,
        limit: int,
        seconds: int,
        *,
        without_issuers: Collection[str] = (),
        without_instances: Collection[str] = (),
    ) -> Sequence[OwedRevocation]:
        """What is due; nobody else gets it for so many seconds, unless it is told how it went.

        What is of the issuers and the instances that are named stays where it is.
        """
        others = due(limit).where(
            table.c.issuer.not_in(without_issuers), table.c.instance_id.not_in(without_instances)
        )
        mine = (
            update(table)
            .where(table.c.id.in_(others))
            .values(next_attempt_at=now_ms + seconds * 1000, attempts=table.c.attempts + 1)
            .returning(table, now_ms.label("now"))
        )

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(mine)).all()

        opened: list[OwedRevocation] = []
        for row in await self._database.write(work):
            try:
                opened.append(read_owed(self._sealer, row))
            except BrokenSealError as error:
                log.warning("revocation.broken_seal", id=row.id, reason=error.reason)
                await self.failed(row.id, "broken_seal", _UNREADABLE_S)
        return opened

    async def done(self, owed: OwedRevocation, outcome: str) -> None:
        """Erase it, and tell the audit what came of it."""

        async def work(connection: AsyncConnection) -> None:
            gone = await connection.execute(delete(table).where(table.c.id == owed.id))
            if gone.rowcount:
                about = owed.instance_id
                await self._audit.insert(connection, "tokens.revoked", outcome, instance=about)

        await self._database.write(work)

    async def failed(self, owed_id: str, error: str, retry_s: int) -> None:
        """Let it be tried again after so many seconds."""
        change = (
            update(table)
            .where(table.c.id == owed_id)
            .values(next_attempt_at=now_ms + retry_s * 1000, last_error=error[:_WORD])
        )

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self._database.write(work)

    async def _owe(
        self, connection: AsyncConnection, instance_id: str, rows: Sequence[Row[Any]]
    ) -> None:
        # Not locked: who deletes the instance waits for its tokens, which this transaction holds.
        found = select(instances).where(instances.c.id == instance_id)
        home = (await connection.execute(found)).one_or_none()
        await owe_rows(
            connection,
            self._sealer,
            rows,
            service=None if home is None else home.service,
            settings=None if home is None else open_settings(self._sealer, home),
        )


def due(limit: int) -> Select[str]:
    """What may be tried now, the longest waiting first."""
    return (
        select(table.c.id)
        .where(table.c.next_attempt_at <= now_ms)
        .order_by(table.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
