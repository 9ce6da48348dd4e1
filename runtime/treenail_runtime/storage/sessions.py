"""Sessions of MCP versions before 2026-07-28, each bound to the grant that opened it."""

from typing import Final

from sqlalchemy import ColumnElement, Delete, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import Digest, Principal

from .audit import AuditStore, Happening
from .database import Database, now_ms
from .tables import grants, sessions

IDLE_SECONDS: Final = 1_800
MOST_PER_GRANT: Final = 32

_TOUCH_MS: Final = 60_000


class SessionStore:
    """Who may use which session."""

    def __init__(
        self,
        database: Database,
        *,
        idle_seconds: float = IDLE_SECONDS,
        most: int = MOST_PER_GRANT,
    ) -> None:
        """Keep sessions in `database`.

        Args:
            database: Shared by all workers.
            idle_seconds: After which an unused session ends.
            most: Sessions of one grant; the one that is idle longest makes room for a new one.
        """
        self._database = database
        self._audit = AuditStore(database)
        self._idle_ms = round(idle_seconds * 1000)
        self._most = most

    async def open(self, digest: Digest, principal: Principal) -> bool:
        """Open the session whose id has this digest; False when its grant has ended.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> bool:
            # The lock lets parallel openings of one grant count each other.
            active = select(grants.c.id).where(
                grants.c.id == principal.grant_id, grants.c.status == "active"
            )
            if (await connection.execute(active.with_for_update())).first() is None:
                return False
            displaced = await connection.execute(self._make_room(principal.grant_id))
            if displaced.rowcount > 0:
                await self._ended(connection, principal, "displaced", displaced.rowcount)
            await connection.execute(insert(sessions).values(_row(digest, principal)))
            await self._audit.insert(connection, "session.opened", "granted", **_whose(principal))
            return True

        return await self._database.write(work)

    def _make_room(self, grant_id: str) -> Delete:
        kept = (
            select(sessions.c.session_hash)
            .where(sessions.c.grant_id == grant_id)
            .order_by(sessions.c.last_seen.desc())
            .limit(self._most - 1)
        )
        return delete(sessions).where(
            sessions.c.grant_id == grant_id, sessions.c.session_hash.not_in(kept)
        )

    async def touch(self, digest: Digest, principal: Principal) -> bool:
        """Whether `principal` may use the session; notes the use, at most once a minute.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        fits = self._fits(digest, principal)
        found = select(sessions.c.last_seen < now_ms - _TOUCH_MS).where(fits)
        noted = update(sessions).where(fits).values(last_seen=now_ms)

        async def look(connection: AsyncConnection) -> bool | None:
            row = (await connection.execute(found)).first()
            return None if row is None else bool(row[0])

        async def note(connection: AsyncConnection) -> bool:
            return (await connection.execute(noted)).rowcount == 1

        is_due = await self._database.read(look)
        return await self._database.write(note) if is_due else is_due is not None

    async def end(self, digest: Digest, principal: Principal) -> bool:
        """End the session; False when `principal` has none like that.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        gone = delete(sessions).where(self._fits(digest, principal))

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(gone)).rowcount != 1:
                return False
            await self._ended(connection, principal, "client", 1)
            return True

        return await self._database.write(work)

    async def _ended(
        self, connection: AsyncConnection, principal: Principal, reason: str, count: int
    ) -> None:
        about = _whose(principal)
        about["reason"], about["count"] = reason, count
        await self._audit.insert(connection, "session.ended", "ended", **about)

    def _fits(self, digest: Digest, principal: Principal) -> ColumnElement[bool]:
        """The session is there, is not idle, and is of exactly this principal."""
        return and_(
            sessions.c.session_hash == digest,
            sessions.c.client_id == principal.client_id,
            sessions.c.subject == principal.subject,
            sessions.c.fingerprint == principal.fingerprint,
            sessions.c.instance_id == principal.instance_id,
            sessions.c.grant_id == principal.grant_id,
            sessions.c.last_seen > now_ms - self._idle_ms,
        )


def _whose(principal: Principal) -> Happening:
    return {
        "instance": principal.instance_id,
        "client_id": principal.client_id,
        "grant_id": principal.grant_id,
    }


def _row(digest: Digest, principal: Principal) -> dict[str, object]:
    return {
        "session_hash": digest,
        "grant_id": principal.grant_id,
        "client_id": principal.client_id,
        "subject": principal.subject,
        "fingerprint": principal.fingerprint,
        "instance_id": principal.instance_id,
        "created_at": now_ms,
        "last_seen": now_ms,
    }
