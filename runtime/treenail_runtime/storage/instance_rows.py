"""Rows of `mcp_instances`: how settings are sealed into them, and what is read from them."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import (
    PENDING_S,
    InstanceChangedError,
    InstanceRecord,
    Slug,
)
from treenail_runtime.auth.records import Digest, InstanceSettings
from treenail_runtime.crypto.sealing import BrokenSealError, Sealed, Sealer, context_of

from .database import now_ms
from .moments import moment, moment_or_none
from .tables import instances as table

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LATE: Final = "timeout"
"""Why an instance failed whose credentials did not come in time."""

_UNDELETED: Final = table.c.status != literal_column("'deleted'")
"""Not a bound value, as that cannot be compared with the condition of an index beforehand."""

# No bound values either, so that `selected` has those of its condition only.
_LAPSED: Final = and_(
    table.c.status == literal_column("'pending'"),
    table.c.pending_since <= now_ms - literal_column(str(PENDING_S * 1000), BigInteger),
)

STATUS: Final[ColumnElement[str]] = case((_LAPSED, "failed"), else_=table.c.status)
"""What an instance is, also before cleanup has seen that it waited too long."""


class _Kept(BaseModel):
    """The sealed part of a row."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    upstream_client_id: str | None = None
    upstream_client_secret: str | None = None
    server_url: str | None = None
    region: str | None = None
    values: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}
    limits: Mapping[str, str] = {}


def selected(condition: ColumnElement[bool]) -> Select[Any]:
    """Rows for `read_record` and `open_settings`, of instances that are not deleted."""
    return select(table, _LAPSED.label("lapsed")).where(condition, _UNDELETED)


def owned(instance_id: str, owner: str | None) -> ColumnElement[bool]:
    """The instance, if it is not deleted, and is this owner's, or anybody's with None."""
    return and_(table.c.id == instance_id, _UNDELETED, of_owner(owner))


def of_owner(owner: str | None) -> ColumnElement[bool]:
    """This owner's instances; all with None."""
    return true() if owner is None else table.c.owner == owner


async def takes_logins(connection: AsyncConnection, instance_id: str, version: int) -> bool:
    """Whether people may log in there, which stays so until the end of the transaction.

    Args:
        connection: Of the transaction.
        instance_id: The instance; one of the settings has no row.
        version: For which the login was tried; 0 for one of the settings.

    Raises:
        InstanceChangedError: It is in another one.
    """
    found = select(table.c.status, table.c.version).where(table.c.id == instance_id)
    row = (await connection.execute(found.with_for_update(read=True))).one_or_none()
    if row is None:
        return version == 0
    if row.status == "active" and row.version != version:
        raise InstanceChangedError
    return row.status == "active"


def seal_settings(sealer: Sealer, instance_id: str, settings: InstanceSettings) -> Sealed:
    """The settings, sealed for the row `instance_id`."""
    plain = _kept(settings).model_dump_json(exclude_defaults=True).encode()
    return sealer.seal(plain, _place(instance_id))


def settings_facts(settings: InstanceSettings) -> dict[str, Any]:
    """The settings as plain data, their secrets included: for sealing only."""
    return _kept(settings).model_dump(mode="json", exclude_defaults=True)


def settings_of(facts: Mapping[str, Any]) -> InstanceSettings:
    """The settings that `settings_facts` described."""
    return _opened(_Kept.model_validate(facts))


def _kept(settings: InstanceSettings) -> _Kept:
    secret = settings.upstream_client_secret
    return _Kept(
        upstream_client_id=settings.upstream_client_id,
        upstream_client_secret=None if secret is None else secret.get_secret_value(),
        server_url=settings.server_url,
        region=settings.region,
        values=settings.values,
        secrets={name: value.get_secret_value() for name, value in settings.secrets.items()},
        limits=settings.limits,
    )


def open_settings(sealer: Sealer, row: Row[Any]) -> InstanceSettings | None:
    """The settings of a row; None when they cannot be opened, so that nothing is served there."""
    try:
        kept = _Kept.model_validate_json(sealer.open(row.config, _place(row.id)))
    except (BrokenSealError, ValidationError) as error:
        reason = error.reason if isinstance(error, BrokenSealError) else "unreadable"
        log.warning("instance.unreadable", instance_id=row.id, reason=reason)
        return None
    return _opened(kept)


def _opened(kept: _Kept) -> InstanceSettings:
    secret = kept.upstream_client_secret
    return InstanceSettings(
        upstream_client_id=kept.upstream_client_id,
        upstream_client_secret=None if secret is None else SecretStr(secret),
        server_url=kept.server_url,
        region=kept.region,
        values=kept.values,
        secrets={name: SecretStr(value) for name, value in kept.secrets.items()},
        limits=kept.limits,
    )


def read_record(row: Row[Any]) -> InstanceRecord:
    """A row without its settings."""
    return InstanceRecord(
        id=row.id,
        slug=Slug(row.slug),
        service=row.service,
        title=row.title,
        owner=row.owner,
        status="failed" if row.lapsed else row.status,
        credentials=row.credentials,
        version=row.version,
        access_key=None if row.access_key_hash is None else Digest(bytes(row.access_key_hash)),
        created_at=moment(row.created_at),
        changed_at=moment(row.changed_at),
        pending_since=None if row.lapsed else moment_or_none(row.pending_since),
        last_error=LATE if row.lapsed else row.last_error,
    )


def _place(instance_id: str) -> str:
    return context_of(table.name, table.c.config.name, instance_id)
