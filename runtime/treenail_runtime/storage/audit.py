"""What happened, for people who must find out later: without a secret, an address or a name."""

import json
import secrets
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, TypedDict, Unpack, get_args

import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.crypto.macs import Macs

from .database import Database, now_ms
from .tables import audit_events

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

EventType: TypeAlias = Literal[
    "client.registered",
    "client.changed",
    "authorization.denied",
    "login.succeeded",
    "login.failed",
    "login.unavailable",
    "code.redeemed",
    "code.refused",
    "code.replayed",
    "token.refreshed",
    "token.replayed",
    "token.reused",
    "grant.revoked",
    "connection.denied",
    "session.opened",
    "session.ended",
    "instance.created",
    "instance.changed",
    "instance.deleted",
    "tokens.revoked",
    "admin.acted",
    "admin.refused",
    "admin.token",
    "key.rotated",
    "limit.exceeded",
]


class Detail(TypedDict, total=False):
    """What may be told of an event: words of ours and numbers, never what came from outside.

    Attributes:
        admin: Id of the admin token by which it was done.
        host: Of a client's document or redirect URI, which the operator must be able to name.
    """

    reason: str
    error: str
    kind: str
    method: str
    bucket: str
    change: str
    host: str
    admin: str
    kid: str
    scope: str
    attempts: int
    count: int
    generation: int


_TYPES: Final = frozenset(get_args(EventType))
_DETAILS: Final = frozenset(Detail.__optional_keys__)
_OF_WHOM: Final = {
    "instance": "instance_id",
    "client_id": "client_id",
    "grant_id": "grant_id",
    "ip": "",
}
_LONGEST: Final = 200


class Happening(Detail, total=False):
    """Of whom an event tells, and its detail.

    Attributes:
        instance: The instance's id.
        ip: The client's address; kept as a MAC only.
    """

    instance: str | None
    client_id: str | None
    grant_id: str | None
    ip: str | None


class AuditStore:
    """Appends events; `cleanup` removes them after half a year."""

    def __init__(
        self, database: Database, macs: Macs | None = None, *, strict: bool = False
    ) -> None:
        """Append to `database`.

        Args:
            database: Where the events are kept.
            macs: Without them addresses are not kept.
            strict: Refuse an unknown type or detail instead of dropping it; for tests.
        """
        self._database = database
        self._macs = macs
        self._strict = strict

    async def record(self, type_: EventType, outcome: str, **about: Unpack[Happening]) -> None:
        """Log an event and keep it; when the database does not answer, only the log has it.

        Args:
            type_: What happened.
            outcome: One word of ours, such as `granted`.
            **about: Of whom it tells, and its detail.

        Raises:
            ValueError: The type or a detail is unknown, and this store is strict.
        """
        row = self._row(type_, outcome, about)
        if row is None:
            return
        _tell(row)
        try:
            await self._database.write(lambda connection: _append(connection, row))
        except StoreUnavailableError:
            log.warning("audit.lost", type=type_, outcome=outcome)

    async def insert(
        self,
        connection: AsyncConnection,
        type_: EventType,
        outcome: str,
        **about: Unpack[Happening],
    ) -> None:
        """Log an event and keep it within the transaction of what it tells about.

        Raises:
            ValueError: As `record`.
        """
        row = self._row(type_, outcome, about)
        if row is not None:
            _tell(row)
            await _append(connection, row)

    def _row(
        self, type_: EventType, outcome: str, about: Mapping[str, object]
    ) -> Mapping[str, object] | None:
        if type_ not in _TYPES:
            self._refuse("audit.unknown_type", type_)
            return None
        unknown = sorted(about.keys() - _DETAILS - _OF_WHOM.keys())
        for name in unknown:
            self._refuse("audit.unknown_detail", name)
        detail = {name: _short(about[name]) for name in sorted(about.keys() & _DETAILS)}
        ip = about.get("ip")
        return {
            "id": secrets.token_hex(16),
            "type": type_,
            "outcome": outcome,
            **{column: about.get(name) for name, column in _OF_WHOM.items() if column},
            "ip_mac": self._macs.ip(str(ip)) if ip is not None and self._macs else None,
            "detail": json.dumps(detail) if detail else None,
        }

    def _refuse(self, event: str, name: str) -> None:
        if self._strict:
            raise ValueError(f"{event}: {name}")
        log.error(event, name=name)


async def _append(connection: AsyncConnection, row: Mapping[str, object]) -> None:
    await connection.execute(insert(audit_events).values({**row, "at": now_ms}))


def _tell(row: Mapping[str, object]) -> None:
    facts = {name: value for name, value in row.items() if value is not None}
    facts.pop("ip_mac", None)
    log.info("audit", **facts)


def _short(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value
