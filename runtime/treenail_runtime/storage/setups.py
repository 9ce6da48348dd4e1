"""Instances whose credentials somebody fetches at the upstream's provider: `mcp_setups`.

A row is an invitation first, under the token of the page that asks, and once somebody has agreed
there it is a setup, under the state that the provider gives back.
"""

from typing import Any

import orjson
import structlog
from sqlalchemy import ColumnElement, Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.admins import Invitation, Setup
from treenail_runtime.auth.instances import PENDING_S
from treenail_runtime.auth.records import Digest, UpstreamTrip
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of

from .database import Database, now_ms
from .instance_rows import settings_facts, settings_of
from .tables import admin_tokens
from .tables import setups as table
from .trips import trip_facts, trip_of

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class SetupStore:
    """Invitations and setups, by digests of tokens that are not kept.

    One is unknown when it waited too long, and when the admin token by which it was begun is no
    longer good.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def invite(self, ticket: Digest, invitation: Invitation) -> None:
        """Wait for somebody who agrees, in place of any other for the same instance."""
        row = {
            **self._sealed(ticket, {"wanted": settings_facts(invitation.wanted)}),
            "instance_id": invitation.instance_id,
            "admin_id": invitation.admin_id,
            "expires_at": now_ms + PENDING_S * 1000,
        }

        async def work(connection: AsyncConnection) -> None:
            others = delete(table).where(table.c.instance_id == invitation.instance_id)
            await connection.execute(others)
            await connection.execute(insert(table).values(row))

        await self._database.write(work)

    async def find(self, ticket: Digest) -> Invitation | None:
        """The invitation; it stays good, as whoever looks need not agree."""

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(select(table).where(*_alive(ticket)))).one_or_none()

        row = await self._database.read(work)
        facts = None if row is None else self._facts(ticket, row)
        if row is None or facts is None:
            return None
        return Invitation(
            instance_id=row.instance_id,
            admin_id=row.admin_id,
            wanted=settings_of(facts["wanted"]),
        )

    async def depart(
        self, ticket: Digest, state: Digest, *, browser: Digest, trip: UpstreamTrip
    ) -> bool:
        """Turn an invitation into a setup; an invitation is good for one departure.

        Args:
            ticket: Of the invitation.
            state: Digest of the `state` that the provider gives back.
            browser: Digest of the cookie of the browser that goes there.
            trip: What must be known when it comes back.

        Returns:
            False when there is no such invitation, or no longer.
        """
        gone = {"browser": browser.hex(), "trip": trip_facts(trip)}

        async def work(connection: AsyncConnection) -> bool:
            row = await _taken(connection, ticket)
            facts = None if row is None else self._facts(ticket, row)
            if facts is None:
                return False
            setup = self._sealed(state, {**facts, **gone})
            kept = {name: getattr(row, name) for name in ("instance_id", "admin_id", "expires_at")}
            await connection.execute(insert(table).values({**setup, **kept}))
            return True

        return await self._database.write(work)

    async def withdraw(self, ticket: Digest) -> bool:
        """End an invitation; False when there is no such, or no longer."""

        async def work(connection: AsyncConnection) -> bool:
            return await _taken(connection, ticket) is not None

        return await self._database.write(work)

    async def take(self, state: Digest) -> Setup | None:
        """The setup of a return; a state is good once. None when there is none, or no longer."""

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return await _taken(connection, state)

        row = await self._database.write(work)
        return None if row is None else self._opened(state, row)

    def _sealed(self, key: Digest, facts: dict[str, Any]) -> dict[str, Any]:
        sealed = self._sealer.seal(orjson.dumps(facts), _place(key))
        return {"state_hash": key, "upstream": sealed.text, "kid": sealed.kid}

    def _facts(self, key: Digest, row: Row[Any]) -> dict[str, Any] | None:
        """What is sealed in a row; None when it cannot be opened."""
        try:
            return orjson.loads(self._sealer.open(row.upstream, _place(key)))
        except BrokenSealError as error:
            log.warning("setup.broken_seal", instance_id=row.instance_id, reason=error.reason)
            return None

    def _opened(self, state: Digest, row: Row[Any]) -> Setup | None:
        facts = self._facts(state, row)
        if facts is None:
            return None
        return Setup(
            instance_id=row.instance_id,
            admin_id=row.admin_id,
            browser=Digest(bytes.fromhex(facts["browser"])),
            trip=trip_of(facts["trip"]),
            wanted=settings_of(facts["wanted"]),
        )


async def _taken(connection: AsyncConnection, key: Digest) -> Row[Any] | None:
    gone = delete(table).where(*_alive(key)).returning(table)
    return (await connection.execute(gone)).one_or_none()


def _alive(key: Digest) -> tuple[ColumnElement[bool], ...]:
    lives = admin_tokens.c.expires_at.is_(None) | (admin_tokens.c.expires_at > now_ms)
    known = select(admin_tokens.c.id).where(lives)
    return (table.c.state_hash == key, table.c.expires_at > now_ms, table.c.admin_id.in_(known))


def _place(key: Digest) -> str:
    return context_of(table.name, "upstream", key)
