"""Tokens of the upstream: sealed, refreshed by one worker at a time, replaced by their version."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import DueRefresh, ObtainedTokens, Served, UpstreamTokens
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer

from .connections import hold_connection, require_login
from .database import Database, now_ms
from .owing import owe
from .tables import connections, instances
from .tables import credentials as table
from .token_rows import UNCLAIMED, SealedTokens, place, put_tokens, read_tokens

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_WORD: Final = 64
_FREE: Final = or_(table.c.lease_until.is_(None), table.c.lease_until <= now_ms)
_RETRIABLE: Final = or_(table.c.next_attempt_at.is_(None), table.c.next_attempt_at <= now_ms)


class CredentialStore:
    """The upstream's tokens by connection."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def put(self, connection_id: str, tokens: ObtainedTokens) -> int | None:
        """Keep tokens of a connection, in place of those there were.

        Returns:
            Their version; None when the connection is not in use, and nothing is kept.

        Raises:
            ValueError: A token is longer than 48 KiB.
            StoreUnavailableError: The database does not answer.
        """
        sealed = SealedTokens.of(self._sealer, connection_id, tokens)

        async def work(connection: AsyncConnection) -> int | None:
            held = await hold_connection(connection, connection_id)
            if held is None or held.status != "active":
                return None
            return await put_tokens(connection, connection_id, held.instance_id, sealed)

        return await self._database.write(work)

    async def get(self, connection_id: str) -> UpstreamTokens | None:
        """A connection's tokens; None when there are none, or when their seal is broken."""

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            found = _selected().where(table.c.connection_id == connection_id)
            return (await connection.execute(found)).one_or_none()

        row = await self._database.read(work)
        return None if row is None else read_tokens(self._sealer, row)

    async def claim(
        self, connection_id: str, *, version: int, attempt: str, seconds: int
    ) -> UpstreamTokens | None:
        """Be the one that refreshes; whoever is not reads again in a moment.

        Args:
            connection_id: Whose tokens.
            version: Of the tokens that are to be replaced.
            attempt: Names this one attempt.
            seconds: After which somebody else may, when nothing came of it.

        Returns:
            The tokens; None when they were replaced, another worker is at it, or the next attempt
            is to be made later.
        """
        mine = (
            update(table)
            .where(_version(connection_id, version), _FREE, _RETRIABLE)
            .values(lease_owner=attempt, lease_until=now_ms + seconds * 1000)
            .returning(table, now_ms.label("now"))
        )

        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(mine)).one_or_none()

        row = await self._database.write(work)
        return None if row is None else read_tokens(self._sealer, row)

    async def replace(self, connection_id: str, version: int, tokens: ObtainedTokens) -> int | None:
        """Put what a refresh gave in the place of the tokens of `version`.

        Without a refresh token among `tokens` the one there is stays (RFC 6749 6).

        Returns:
            The new version; None when they were replaced or removed meanwhile, or are of another
            issuer, and nothing was changed.

        Raises:
            ValueError: A token is longer than 48 KiB.
        """
        sealed = SealedTokens.of(self._sealer, connection_id, tokens)
        same = and_(_version(connection_id, version), table.c.issuer == tokens.issuer)

        async def work(connection: AsyncConnection) -> int | None:
            values = sealed.values()
            if sealed.refresh is None:
                held = select(table.c.refresh).where(same).with_for_update()
                values["refresh"] = self._anew(connection_id, await connection.scalar(held))
            change = update(table).where(same).values(values | {"version": version + 1})
            new: int | None = await connection.scalar(change.returning(table.c.version))
            return new

        return await self._database.write(work)

    async def owe_unused(self, old: UpstreamTokens, tokens: ObtainedTokens) -> bool:
        """Have the provider forget what a refresh of `old` gave too late to be kept.

        Returns:
            False when nothing was done: the connection has newer ones, whose grant may be the same,
            or they end with any other token of their person, and may not end those.
        """
        if tokens.ends_all:
            return False
        kept = select(table.c.version).where(
            table.c.connection_id == old.connection_id, table.c.ended_at.is_(None)
        )
        named = select(instances.c.service).where(instances.c.id == old.instance_id)

        async def work(connection: AsyncConnection) -> bool:
            if await connection.scalar(kept) is not None:
                return False
            await owe(
                connection,
                self._sealer,
                tokens,
                instance_id=old.instance_id,
                service=await connection.scalar(named),
                client=tokens.client,
            )
            return True

        return await self._database.write(work)

    async def failed(
        self,
        connection_id: str,
        version: int,
        error: str,
        retry_s: int,
        *,
        attempt: str,
        counts: bool = True,
    ) -> bool:
        """Note a refresh that failed and may succeed later; the tokens stay.

        Args:
            connection_id: Whose tokens.
            version: Of those that could not be replaced.
            error: Why, in a word of ours.
            retry_s: Seconds until the next attempt may be made.
            attempt: As it was claimed.
            counts: Whether it is counted.

        Returns:
            False when they were replaced meanwhile, or another attempt has the lease by now, and
            nothing was noted.
        """
        change = (
            update(table)
            .where(_leased(connection_id, version, attempt))
            .values(
                refresh_attempts=table.c.refresh_attempts + int(counts),
                next_attempt_at=now_ms + retry_s * 1000,
                last_error=error[:_WORD],
                **UNCLAIMED,
            )
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._database.write(work)

    async def mark_reauth(self, connection_id: str, version: int, *, attempt: str) -> bool:
        """Forget tokens that the provider refuses, and have their owner connect again.

        Returns:
            False when they were replaced meanwhile, or another attempt has the lease by now, whose
            answer may be better; nothing was changed then.
        """

        async def work(connection: AsyncConnection) -> bool:
            await hold_connection(connection, connection_id)
            dead = delete(table).where(_leased(connection_id, version, attempt))
            if (await connection.execute(dead)).rowcount == 0:
                return False
            await require_login(connection, connection_id)
            return True

        return await self._database.write(work)

    async def put_off(self, connection_id: str, version: int, seconds: int) -> bool:
        """Have `due` leave out tokens for so many seconds that nobody is at.

        Returns:
            False when they were replaced, or an attempt has the lease, and nothing was changed.
        """
        change = (
            update(table)
            .where(_version(connection_id, version), _FREE)
            .values(next_attempt_at=now_ms + seconds * 1000)
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._database.write(work)

    async def due(
        self, within_s: int, limit: int, served: Sequence[Served]
    ) -> Sequence[DueRefresh]:
        """Access tokens of `served` that end soon, the first to end first.

        Soon is within so many seconds, and within a quarter of their life. Left out are those that
        cannot be refreshed, that a worker is at, whose next attempt is to be made later, and those
        of instances that are switched off.
        """
        found = soon_over(within_s, limit, served)

        async def work(connection: AsyncConnection) -> Sequence[DueRefresh]:
            rows = (await connection.execute(found)).all()
            return [DueRefresh(connection_id=a, instance_id=b, version=c) for a, b, c in rows]

        return await self._database.read(work)

    def _anew(self, connection_id: str, text: str | None) -> str | None:
        """A refresh token that stays, sealed with the key of the row's other column."""
        if text is None:
            return None
        try:
            plain = self._sealer.open(text, place("refresh", connection_id))
        except BrokenSealError as error:
            log.warning("credentials.broken_seal", connection_id=connection_id, reason=error.reason)
            return None
        return self._sealer.seal(plain, place("refresh", connection_id)).text


def soon_over(within_s: int, limit: int, served: Sequence[Served]) -> Select[str, str, int]:
    """Connection, instance and version of tokens to be refreshed, as `due` says."""
    left, life = table.c.expires_at - now_ms, table.c.expires_at - table.c.refreshed_at
    return (
        select(table.c.connection_id, table.c.instance_id, table.c.version)
        .join(connections, connections.c.id == table.c.connection_id)
        .where(table.c.refresh.is_not(None), table.c.expires_at <= now_ms + within_s * 1000)
        .where(left * 4 <= life, _FREE, _RETRIABLE, connections.c.status == "active")
        .where(or_(false(), *(_of(each) for each in served)))
        .order_by(table.c.expires_at)
        .limit(limit)
    )


def ended(limit: int) -> Select[str]:
    """Connections of logins that have ended, as far as they still have tokens."""
    return (
        select(table.c.connection_id)
        .where(table.c.ended_at.is_not(None))
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    )


async def going_on(
    connection: AsyncConnection, connection_ids: Sequence[str], issuers: Collection[str]
) -> Collection[str]:
    """Those of the connections with tokens of `issuers` beside which another login is in use.

    That is one of the same person, by what the ID token tells, with the same values at the instance.
    """
    account = (connections.c.instance_id, connections.c.fingerprint)
    joined = select(connections.c.id, *account).join(
        table, table.c.connection_id == connections.c.id
    )
    mine = joined.where(connections.c.id.in_(connection_ids), table.c.issuer.in_(issuers))
    ending = (await connection.execute(mine)).all()
    if not ending:
        return ()
    # Together: no index knows accounts, and each look reads the whole instance.
    in_use = joined.where(
        connections.c.instance_id.in_({instance_id for _, instance_id, _ in ending}),
        connections.c.fingerprint.in_({fingerprint for _, _, fingerprint in ending}),
        connections.c.status == "active",
        table.c.ended_at.is_(None),
    )
    others = {(a, b) for _, a, b in (await connection.execute(in_use)).all()}
    return {name for name, *whose in ending if tuple(whose) in others}


def _of(served: Served) -> ColumnElement[bool]:
    made_of_it = exists().where(
        instances.c.id == table.c.instance_id,
        instances.c.service == served.service,
        instances.c.status == "active",
    )
    configured = table.c.instance_id.in_(sorted(served.instance_ids))
    return and_(table.c.issuer == served.issuer, or_(configured, made_of_it))


def _selected() -> Select[Any]:
    return select(table, now_ms.label("now"))


def _version(connection_id: str, version: int) -> ColumnElement[bool]:
    return and_(table.c.connection_id == connection_id, table.c.version == version)


def _leased(connection_id: str, version: int, attempt: str) -> ColumnElement[bool]:
    return and_(_version(connection_id, version), table.c.lease_owner == attempt)
