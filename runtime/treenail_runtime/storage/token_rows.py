"""Rows of `mcp_credentials`: how tokens of the upstream are sealed into them and read from them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import SecretStr
from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import ObtainedTokens, UpstreamTokens
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of

from .batches import MOST_AT_ONCE
from .database import now_ms
from .moments import moment, moment_or_none
from .tables import credentials as table

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

UNCLAIMED: Final[dict[str, Any]] = {"lease_owner": None, "lease_until": None}

_LONGEST_S: Final = 10 * 365 * 86_400
_MOST_FIRST: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SealedTokens:
    """Tokens, sealed for the row of their connection."""

    access: str
    refresh: str | None
    kid: str
    issuer: str
    scope: str | None
    expires_in_s: int | None

    @classmethod
    def of(cls, sealer: Sealer, connection_id: str, tokens: ObtainedTokens) -> "SealedTokens":
        """Seal `tokens` with the current key.

        Raises:
            ValueError: One is longer than 48 KiB.
        """
        access = sealer.seal(_plain(tokens.access), place("access", connection_id))
        refresh = None
        if tokens.refresh is not None:
            refresh = sealer.seal(_plain(tokens.refresh), place("refresh", connection_id)).text
        return cls(
            access=access.text,
            refresh=refresh,
            kid=access.kid,
            issuer=tokens.issuer,
            scope=None if tokens.scopes is None else " ".join(sorted(tokens.scopes)),
            expires_in_s=tokens.expires_in_s,
        )

    def values(self) -> dict[str, Any]:
        """For a row: fresh, unclaimed, and without a failure."""
        lasts_s = self.expires_in_s
        return {
            "issuer": self.issuer,
            "access": self.access,
            "refresh": self.refresh,
            "kid": self.kid,
            "scope": self.scope,
            "expires_at": None if lasts_s is None else now_ms + _bounded(lasts_s) * 1000,
            "refresh_attempts": 0,
            "next_attempt_at": None,
            **UNCLAIMED,
            "last_error": None,
            "refreshed_at": now_ms,
        }


async def put_tokens(
    connection: AsyncConnection, connection_id: str, instance_id: str, sealed: SealedTokens
) -> int:
    """Keep tokens of a connection that the transaction holds or has made; their version."""
    mine = table.c.connection_id == connection_id
    change = update(table).where(mine).values(sealed.values() | {"version": table.c.version + 1})
    version: int | None = await connection.scalar(change.returning(table.c.version))
    if version is not None:
        return version
    # Not one that tokens of this connection had before they were removed: who comes late with those
    # must not change these.
    first = secrets.randbelow(_MOST_FIRST) + 1
    row = {"connection_id": connection_id, "instance_id": instance_id, "version": first}
    await connection.execute(insert(table).values(sealed.values() | row))
    return first


async def take_tokens(
    connection: AsyncConnection, condition: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """Remove rows, and have them for `read_tokens`."""
    key = table.c.connection_id
    some = select(key).where(condition).limit(MOST_AT_ONCE)
    gone = delete(table).where(key.in_(some)).returning(table, now_ms.label("now"))
    rows: list[Row[Any]] = []
    while taken := (await connection.execute(gone)).all():
        rows.extend(taken)
    return rows


def read_tokens(sealer: Sealer, row: Row[Any]) -> UpstreamTokens | None:
    """The tokens of a row that was read with `now`; None when they cannot be opened."""
    owner: str = row.connection_id
    try:
        access = sealer.open(row.access, place("access", owner)).decode()
        refresh = row.refresh and sealer.open(row.refresh, place("refresh", owner)).decode()
    except BrokenSealError as error:
        log.warning("credentials.broken_seal", connection_id=owner, reason=error.reason)
        return None
    return UpstreamTokens(
        connection_id=owner,
        instance_id=row.instance_id,
        access=SecretStr(access),
        refresh=None if refresh is None else SecretStr(refresh),
        issuer=row.issuer,
        scopes=None if row.scope is None else frozenset(row.scope.split()),
        version=row.version,
        expires_at=moment_or_none(row.expires_at),
        left_s=None if row.expires_at is None else (row.expires_at - row.now) // 1000,
        attempts=row.refresh_attempts,
        retry_after_s=_seconds_until(row.next_attempt_at, row.now),
        last_error=row.last_error,
        refreshed_at=moment(row.refreshed_at),
        is_claimed=row.lease_owner is not None,
    )


def place(column: str, connection_id: str) -> str:
    """What the value of a column is sealed for."""
    return context_of(table.name, column, connection_id)


def _plain(token: SecretStr) -> bytes:
    return token.get_secret_value().encode()


def _bounded(seconds: int) -> int:
    return max(0, min(seconds, _LONGEST_S))


def _seconds_until(moment_ms: int | None, now: int) -> int:
    return 0 if moment_ms is None else max(0, -((now - moment_ms) // 1000))
