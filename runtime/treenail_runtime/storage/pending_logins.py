"""Authorizations that wait for a person: few, short-lived, and shared out fairly."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import (
    AuthorizationRequest,
    Digest,
    Mac,
    PendingLogin,
    UpstreamTrip,
)
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of

from .database import Database, now_ms
from .instance_rows import takes_logins
from .tables import pending_logins as table
from .trips import open_trip, seal_trip

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_PER_ADDRESS: Final = 20
MOST_FORMS: Final = 10
"""Form tokens that are alive; a further one takes the place of the oldest."""

MOST_DENIALS: Final = 10
"""Wrong logins after which an authorization ends."""

_DIGEST: Final = 32

# Two workers must not both find room for the last one.
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(7305016)")


class PendingLoginStore:
    """The table of pending logins."""

    def __init__(self, database: Database, sealer: Sealer, *, most: int = 1000) -> None:
        """Keep at most `most` in all."""
        self._database = database
        self._sealer = sealer
        self._most = most

    async def add(
        self,
        txn: Digest,
        *,
        browser: Digest,
        csrf: Digest,
        request: AuthorizationRequest,
        address: Mac,
        lifetime_s: int,
    ) -> bool:
        """Let `request` wait; False when its address has as many waiting as one may have.

        When there is no room at all, the oldest of the address that has the most makes room, so
        that one address can only ever crowd out itself.
        """
        facts = orjson.dumps(asdict(request) | {"scopes": sorted(request.scopes)})
        sealed = self._sealer.seal(facts, _place("request", txn))
        row = {
            "txn_hash": txn,
            "browser_hash": browser,
            "csrf_hashes": csrf,
            "request": sealed.text,
            "kid": sealed.kid,
            "instance_id": request.instance_id,
            "ip_mac": address,
            "created_at": now_ms,
            "expires_at": now_ms + lifetime_s * 1000,
        }

        async def work(connection: AsyncConnection) -> bool:
            if self._database.dialect == "postgresql":
                await connection.execute(_ONE_AT_A_TIME)
            await connection.execute(delete(table).where(table.c.expires_at <= now_ms))
            counts = select(func.count()).select_from(table)
            here = await connection.scalar(counts.where(table.c.ip_mac == address)) or 0
            if here >= MOST_PER_ADDRESS:
                return False
            total = await connection.scalar(counts) or 0
            for _ in range(self._most, total + 1):
                await _make_room(connection)
            await connection.execute(insert(table).values(row))
            return True

        return await self._database.write(work)

    async def find(self, txn: Digest) -> PendingLogin | None:
        """The one that waits under this id; None when there is none, or no longer."""

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            alive = (table.c.txn_hash == txn, table.c.expires_at > now_ms)
            return (await connection.execute(select(table).where(*alive))).one_or_none()

        return self._found(await self._database.read(work))

    async def send_upstream(
        self, txn: Digest, state: Digest, trip: UpstreamTrip, draft: Mapping[str, SecretStr]
    ) -> bool:
        """Remember that the person goes to the upstream's provider.

        An earlier trip is forgotten, and so is a login that was accepted.

        Args:
            txn: The pending login.
            state: Digest of the `state` that the provider gives back.
            trip: What must be known then.
            draft: What was typed before, which nobody has judged.

        Returns:
            False when the pending login is gone.
        """
        sealed = seal_trip(self._sealer, trip, _place("upstream", txn))
        values = {
            "upstream_state_hash": state,
            "upstream": sealed.text,
            "draft": self._sealed_draft(txn, draft),
            "step": "upstream",
        }
        alive = (table.c.txn_hash == txn, table.c.expires_at > now_ms)

        async def work(connection: AsyncConnection) -> bool:
            change = update(table).where(*alive).values(values)
            return (await connection.execute(change)).rowcount == 1

        return await self._database.write(work)

    async def take_returned(self, state: Digest) -> PendingLogin | None:
        """The one whose person comes back from the provider; a state is good for one return.

        Whether they come in the browser that was sent away, is for the caller to see.

        Args:
            state: Digest of what the provider gave back.

        Returns:
            None when there is none, or no longer.
        """
        change = (
            update(table)
            .where(table.c.upstream_state_hash == state, table.c.expires_at > now_ms)
            .values(upstream_state_hash=None, step="returned")
            .returning(table)
        )

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(change)).one_or_none()

        return self._found(await self._database.write(work))

    async def add_csrf(self, txn: Digest, csrf: Digest) -> None:
        """Accept one more form; beyond `MOST_FORMS` the oldest is forgotten."""

        async def work(connection: AsyncConnection) -> None:
            found = select(table.c.csrf_hashes).where(table.c.txn_hash == txn).with_for_update()
            hashes: bytes | None = await connection.scalar(found)
            if hashes is not None:
                kept = (hashes + csrf)[-MOST_FORMS * _DIGEST :]
                change = update(table).where(table.c.txn_hash == txn).values(csrf_hashes=kept)
                await connection.execute(change)

        await self._database.write(work)

    async def count_denial(self, txn: Digest) -> int:
        """Count a login that the upstream refused; the attempts that are left, 0 when it ended."""

        async def work(connection: AsyncConnection) -> int:
            more = (
                update(table).where(table.c.txn_hash == txn).values(attempts=table.c.attempts + 1)
            )
            attempts = await connection.scalar(more.returning(table.c.attempts))
            if attempts is None:
                return 0
            if attempts >= MOST_DENIALS:
                await connection.execute(delete(table).where(table.c.txn_hash == txn))
            return max(0, MOST_DENIALS - attempts)

        return await self._database.write(work)

    async def accept(
        self, txn: Digest, draft: Mapping[str, SecretStr], *, instance_id: str, version: int
    ) -> bool:
        """Keep values that the upstream has accepted until a picker is answered.

        Args:
            txn: The pending login.
            draft: The values.
            instance_id: Its instance.
            version: Of the instance that they were accepted for.

        Returns:
            False when the pending login is gone, or the instance is not in use.

        Raises:
            InstanceChangedError: The instance is in another version; nothing is kept.
        """
        values = {"draft": self._sealed_draft(txn, draft), "step": "choose"}

        async def work(connection: AsyncConnection) -> bool:
            if not await takes_logins(connection, instance_id, version):
                return False
            change = update(table).where(table.c.txn_hash == txn).values(values)
            return (await connection.execute(change)).rowcount == 1

        return await self._database.write(work)

    async def delete(self, txn: Digest) -> bool:
        """End it; False when it had ended before, so that of two who end it one wins."""

        async def work(connection: AsyncConnection) -> bool:
            return await take(connection, txn)

        return await self._database.write(work)

    def _sealed_draft(self, txn: Digest, draft: Mapping[str, SecretStr]) -> str:
        plain = {name: value.get_secret_value() for name, value in draft.items()}
        return self._sealer.seal(orjson.dumps(plain), _place("draft", txn)).text

    def _found(self, row: Row[Any] | None) -> PendingLogin | None:
        if row is None:
            return None
        try:
            return self._opened(Digest(bytes(row.txn_hash)), row)
        except BrokenSealError as error:
            log.warning("pending_login.broken_seal", reason=error.reason)
            return None

    def _opened(self, txn: Digest, row: Row[Any]) -> PendingLogin:
        facts = orjson.loads(self._sealer.open(row.request, _place("request", txn)))
        draft: dict[str, str] = {}
        if row.draft is not None:
            draft = orjson.loads(self._sealer.open(row.draft, _place("draft", txn)))
        hashes: bytes = row.csrf_hashes
        return PendingLogin(
            id=txn,
            browser=Digest(row.browser_hash),
            csrf=frozenset(
                Digest(hashes[start : start + _DIGEST]) for start in range(0, len(hashes), _DIGEST)
            ),
            request=AuthorizationRequest(**facts | {"scopes": frozenset(facts["scopes"])}),
            draft={name: SecretStr(value) for name, value in draft.items()},
            attempts=row.attempts,
            step=row.step,
            upstream=self._trip(txn, row.upstream),
            expires_at=datetime.fromtimestamp(row.expires_at / 1000, UTC),
        )

    def _trip(self, txn: Digest, text: str | None) -> UpstreamTrip | None:
        if text is None:
            return None
        return open_trip(self._sealer, text, _place("upstream", txn))


async def take(connection: AsyncConnection, txn: Digest) -> bool:
    """Remove a pending login that is alive; False when somebody else was faster."""
    alive = (table.c.txn_hash == txn, table.c.expires_at > now_ms)
    gone = await connection.execute(delete(table).where(*alive).returning(table.c.txn_hash))
    return gone.one_or_none() is not None


async def _make_room(connection: AsyncConnection) -> None:
    heaviest = (
        select(table.c.ip_mac)
        .group_by(table.c.ip_mac)
        .order_by(func.count().desc(), func.min(table.c.created_at))
        .limit(1)
    )
    oldest = (
        select(table.c.txn_hash)
        .where(table.c.ip_mac == heaviest.scalar_subquery())
        .order_by(table.c.created_at)
        .limit(1)
    )
    await connection.execute(delete(table).where(table.c.txn_hash == oldest.scalar_subquery()))


def _place(column: str, txn: Digest) -> str:
    return context_of(table.name, column, txn)
