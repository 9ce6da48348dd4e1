"""What becomes of instances that wait in vain or are deleted, and of tokens that nobody revokes."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, literal_column, select, update

from treenail_runtime.auth.instances import PENDING_S

from .database import now_ms
from .instance_rows import LATE
from .removal import BATCH, Retention, Rule, before, remove
from .tables import credentials, instances, revocations

_WAITING: Final = timedelta(seconds=PENDING_S)


def instance_rules(retention: Retention) -> tuple[Rule, ...]:
    """What is due of instances, and of the upstream's tokens."""
    return (
        _giving_up(),
        remove(instances, _is("failed"), _unchanged_for(retention.failed_instance)),
        remove(instances, _is("deleted"), _unchanged_for(retention.deleted_instance)),
        # A worker has taken them before that, and had them revoked upstream.
        remove(credentials, credentials.c.ended_at < before(retention.unrevoked)),
        remove(revocations, revocations.c.created_at < before(retention.unrevoked)),
    )


def _giving_up() -> Rule:
    late = select(instances.c.id).where(
        _is("pending"), instances.c.pending_since <= before(_WAITING)
    )
    failed = update(instances).where(instances.c.id.in_(late.limit(BATCH)), _is("pending"))
    return Rule(
        counts="mcp_instances failed",
        statement=failed.values(
            status="failed",
            last_error=LATE,
            pending_since=None,
            version=instances.c.version + 1,
            changed_at=now_ms,
        ),
    )


def _is(status: str) -> ColumnElement[bool]:
    return instances.c.status == literal_column(f"'{status}'")


def _unchanged_for(period: timedelta) -> ColumnElement[bool]:
    return instances.c.changed_at < before(period)
