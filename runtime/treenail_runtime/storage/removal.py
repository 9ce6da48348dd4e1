"""What every rule of cleanup is made of."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Select,
    String,
    Table,
    Update,
    delete,
    exists,
    literal_column,
    select,
    tuple_,
    update,
)

from treenail_runtime.auth.client_documents import RESERVE_S

from .database import now_ms
from .tables import connections, credentials, grants, instances

BATCH: Final = 500

NO_KEY: Final[ColumnElement[str]] = literal_column("''", String)
"""In place of what was sealed, and of its key's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Periods after which a row goes.

    Attributes:
        code: After an authorization code's expiry.
        access: After an access token's expiry.
        family: After a grant's end; until then its tokens are needed to detect reuse.
        compromised: The same for a grant that was ended by reuse.
        orphan: Age of a connection that never got, or no longer has, a grant.
        session_idle: Since a session's last use.
        grace: Since a refresh token's rotation, in which its successor can be had again.
        audit: Age of an event.
        unused_client: Since a dynamic client's last use.
        untried_client: Age of a dynamic client that was never used.
        document: After a client document's expiry; until then it may stand in for a site that fails.
        failed_instance: After an instance never got its credentials.
        deleted_instance: After an instance was deleted; of what it was, only words are left.
        unrevoked: Of tokens that the upstream's provider is to forget. Workers give up before.
    """

    code: timedelta = timedelta(minutes=10)
    access: timedelta = timedelta(days=1)
    family: timedelta = timedelta(days=7)
    compromised: timedelta = timedelta(days=90)
    orphan: timedelta = timedelta(minutes=10)
    session_idle: timedelta = timedelta(minutes=30)
    grace: timedelta = timedelta(seconds=60)
    audit: timedelta = timedelta(days=180)
    unused_client: timedelta = timedelta(days=90)
    untried_client: timedelta = timedelta(days=30)
    document: timedelta = timedelta(seconds=RESERVE_S)
    failed_instance: timedelta = timedelta(hours=1)
    deleted_instance: timedelta = timedelta(days=30)
    unrevoked: timedelta = timedelta(days=2)


Statement: TypeAlias = Delete | Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that is done to at most `BATCH` rows at a time, until there are none.

    Attributes:
        counts: Under which name the rows are counted.
    """

    counts: str
    statement: Statement


def remove(table: Table, *conditions: ColumnElement[bool]) -> Rule:
    """Rows of a table that meet all conditions."""
    key = tuple(table.primary_key.columns)
    chosen = select(*key).where(*conditions).limit(BATCH)
    row = key[0] if len(key) == 1 else tuple_(*key)
    return Rule(counts=table.name, statement=delete(table).where(row.in_(chosen)))


def has_grant() -> ColumnElement[bool]:
    """Whether a connection has a grant, in whatever state."""
    return exists().where(grants.c.connection_id == connections.c.id)


def has_tokens() -> ColumnElement[bool]:
    """Whether a connection has tokens of the upstream, also such as wait to be revoked."""
    return exists().where(credentials.c.connection_id == connections.c.id)


def has_live_tokens() -> ColumnElement[bool]:
    """Whether a connection has some that do not."""
    mine = credentials.c.connection_id == connections.c.id
    return exists().where(mine, credentials.c.ended_at.is_(None))


def end_tokens(due: Select[str]) -> Rule:
    """Mark the upstream tokens of connections for the worker that has them revoked."""
    chosen = due.where(has_live_tokens()).limit(BATCH)
    ended = update(credentials).where(credentials.c.connection_id.in_(chosen))
    return Rule(counts="mcp_credentials ended", statement=ended.values(ended_at=now_ms))


def is_own() -> ColumnElement[bool]:
    """Whether a connection is that of an instance itself, which needs no grant to be kept."""
    return exists().where(instances.c.id == connections.c.id, instances.c.status != "deleted")


def before(period: timedelta) -> ColumnElement[int]:
    """The moment that is so long ago."""
    return now_ms - literal_column(str(round(period.total_seconds() * 1000)), BigInteger)
