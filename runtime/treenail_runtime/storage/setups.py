"""Instances whose credentials somebody is fetching at the upstream's provider: `mcp_setups`."""

from typing import Any

import structlog
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.admins import Setup
from treenail_runtime.auth.instances import PENDING_S
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of

from .database import Database, now_ms
from .tables import admin_tokens
from .tables import setups as table
from .trips import open_trip, seal_trip

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class SetupStore:
    """Setups by the state that the provider gives back, of which only the digest is kept."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def begin(self, state: Digest, setup: Setup) -> None:
        """Wait for a return, in place of any other for the same instance."""
        sealed = seal_trip(self._sealer, setup.trip, _place(state))
        row = {
            "state_hash": state,
            "instance_id": setup.instance_id,
            "admin_id": setup.admin_id,
            "upstream": sealed.text,
            "kid": sealed.kid,
            "expires_at": now_ms + PENDING_S * 1000,
        }

        async def work(connection: AsyncConnection) -> None:
            others = delete(table).where(table.c.instance_id == setup.instance_id)
            await connection.execute(others)
            await connection.execute(insert(table).values(row))

        await self._database.write(work)

    async def take(self, state: Digest) -> Setup | None:
        """The setup of a return; a state is good once.

        None when there is none, when it waited too long, or when the admin token by which it was
        begun is no longer good.
        """
        lives = admin_tokens.c.expires_at.is_(None) | (admin_tokens.c.expires_at > now_ms)
        known = select(admin_tokens.c.id).where(lives)
        gone = (
            delete(table)
            .where(table.c.state_hash == state, table.c.expires_at > now_ms)
            .where(table.c.admin_id.in_(known))
            .returning(table)
        )

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(gone)).one_or_none()

        row = await self._database.write(work)
        return None if row is None else self._opened(row)

    def _opened(self, row: Row[Any]) -> Setup | None:
        place = _place(Digest(bytes(row.state_hash)))
        try:
            trip = open_trip(self._sealer, row.upstream, place)
        except BrokenSealError as error:
            log.warning("setup.broken_seal", instance_id=row.instance_id, reason=error.reason)
            return None
        return Setup(instance_id=row.instance_id, admin_id=row.admin_id, trip=trip)


def _place(state: Digest) -> str:
    return context_of(table.name, "upstream", state)
