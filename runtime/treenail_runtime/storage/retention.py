"""The statements that remove what has ended, when it has been kept for long enough."""

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from .database import now_ms
from .instance_retention import instance_rules
from .removal import (
    BATCH,
    NO_KEY,
    Retention,
    Rule,
    before,
    end_tokens,
    has_grant,
    has_live_tokens,
    has_tokens,
    is_own,
    remove,
)
from .tables import (
    audit_events,
    auth_codes,
    clients,
    connections,
    credentials,
    grants,
    pending_logins,
    rate_buckets,
    sessions,
    setups,
    tokens,
)

_ACCESS: Final[ColumnElement[str]] = literal_column("'access'")
_ACTIVE: Final[ColumnElement[str]] = literal_column("'active'")
"""Not bound values, as those cannot be compared with the condition of an index beforehand."""

_SLACK: Final = timedelta(seconds=60)
"""So that a refresh in the last moment is over before its grant is looked at."""


def rules(retention: Retention) -> tuple[Rule, ...]:
    """What is due under `retention`; grants end first, as other rows wait for that."""
    return (
        *_ending(retention),
        *_forgetting(),
        *_removing_families(retention),
        *_removing_codes(retention),
        *_removing_tokens(retention),
        *_removing_clients(retention),
        *instance_rules(retention),
        remove(pending_logins, pending_logins.c.expires_at < now_ms),
        remove(setups, setups.c.expires_at < now_ms),
        remove(sessions, sessions.c.last_seen < before(retention.session_idle)),
        remove(rate_buckets, rate_buckets.c.expires_at < now_ms),
        remove(audit_events, audit_events.c.at < before(retention.audit)),
    )


def sweep(retention: Retention) -> tuple[Rule, ...]:
    """Connections that nothing leads to; reads all of them, so it is not for every minute.

    The other rules remove a connection along with its last code or grant.
    """
    lost = (
        connections.c.created_at < before(retention.orphan),
        ~has_grant(),
        ~is_own(),
        ~exists().where(auth_codes.c.connection_id == connections.c.id),
    )
    return (
        end_tokens(select(connections.c.id).where(*lost)),
        remove(connections, *lost, ~has_tokens()),
    )


def _ending(retention: Retention) -> tuple[Rule, ...]:
    """Grants that can no longer be used, though nobody ended them."""
    old = and_(grants.c.status == "active", grants.c.absolute_expires_at < now_ms)
    return (
        _expire("absolute", select(grants.c.id).where(old)),
        _expire("idle", _outlived("refresh", _SLACK)),
        # Access tokens of a living family die all the time; each is looked at once, before it goes.
        _expire("idle", _outlived("access", retention.access)),
    )


def _expire(reason: str, due: Select[tuple[str]]) -> Rule:
    chosen = due.limit(BATCH).with_for_update(skip_locked=True, of=grants)
    statement = (
        update(grants)
        .where(grants.c.id.in_(chosen), grants.c.status == "active")
        .values(status="expired", reason=reason, ended_at=now_ms)
    )
    return Rule(counts="oauth_grants ended", statement=statement)


def _outlived(kind: str, since: timedelta) -> Select[tuple[str]]:
    """Active grants with a token of that kind that died so long ago, and none that lives."""
    dead, living = tokens.alias("dead"), tokens.alias("living")
    return (
        select(grants.c.id)
        .join(dead, dead.c.grant_id == grants.c.id)
        .where(
            dead.c.kind == literal_column(f"'{kind}'"),
            dead.c.state == _ACTIVE,
            dead.c.expires_at < before(since),
            grants.c.status == "active",
            ~exists().where(
                living.c.grant_id == grants.c.id,
                living.c.state == _ACTIVE,
                living.c.expires_at >= before(_SLACK),
            ),
        )
    )


def _forgetting() -> tuple[Rule, ...]:
    """The credentials of connections that no living grant can use any more.

    Tokens of the upstream are marked for the worker that revokes them. The row of the connection
    stays as long as its ended grants do, whose tokens are needed to detect reuse.
    """
    living = grants.alias("living")
    due = (
        select(connections.c.id)
        .join(grants, grants.c.connection_id == connections.c.id)
        .where(
            grants.c.ended_at < before(_SLACK),
            connections.c.kid != NO_KEY,
            ~is_own(),
            ~exists().where(living.c.connection_id == connections.c.id, living.c.status == _ACTIVE),
        )
    )
    without = due.where(~has_live_tokens()).limit(BATCH)
    return (
        end_tokens(due),
        Rule(
            counts="oauth_connections emptied",
            statement=update(connections)
            .where(connections.c.id.in_(without))
            .values(config=NO_KEY, kid=NO_KEY, status="deleted"),
        ),
    )


def _removing_families(retention: Retention) -> tuple[Rule, ...]:
    """Their tokens first, batch by batch: one family may hold thousands."""
    due = and_(
        grants.c.ended_at < before(retention.family),
        or_(grants.c.status != "compromised", grants.c.ended_at < before(retention.compromised)),
    )
    its_tokens = select(tokens.c.token_hash).join(grants, tokens.c.grant_id == grants.c.id)
    is_empty = ~exists().where(tokens.c.grant_id == grants.c.id)
    due_connections = select(grants.c.connection_id).where(due, is_empty).limit(BATCH)
    other = grants.alias("other")
    only_grant = ~exists().where(
        other.c.connection_id == grants.c.connection_id, other.c.id != grants.c.id
    )
    return (
        Rule(
            counts=tokens.name,
            statement=delete(tokens).where(
                tokens.c.token_hash.in_(its_tokens.where(due).limit(BATCH))
            ),
        ),
        Rule(  # takes the grant along
            counts=connections.name,
            statement=delete(connections).where(
                connections.c.id.in_(due_connections.where(only_grant)), ~is_own()
            ),
        ),
        remove(grants, due, is_empty),
    )


def _removing_codes(retention: Retention) -> tuple[Rule, ...]:
    """Unused ones with the connection that was made for them, once its tokens are out of it."""
    due = auth_codes.c.expires_at < before(retention.code)
    unused = (
        select(connections.c.id)
        .join(auth_codes, auth_codes.c.connection_id == connections.c.id)
        .where(due, ~has_grant(), ~is_own())
    )
    bare = unused.where(~has_tokens()).limit(BATCH)
    mine = credentials.c.connection_id == auth_codes.c.connection_id
    return (
        end_tokens(unused),
        Rule(  # takes the code along
            counts=connections.name,
            statement=delete(connections).where(connections.c.id.in_(bare)),
        ),
        remove(auth_codes, due, ~exists().where(mine, credentials.c.ended_at.is_not(None))),
    )


def _removing_tokens(retention: Retention) -> tuple[Rule, ...]:
    stale = (
        select(tokens.c.token_hash)
        .where(tokens.c.replay.is_not(None), tokens.c.rotated_at < before(retention.grace))
        .limit(BATCH)
    )
    return (
        remove(tokens, tokens.c.kind == _ACCESS, tokens.c.expires_at < before(retention.access)),
        Rule(
            counts="oauth_tokens replays",
            statement=update(tokens).where(tokens.c.token_hash.in_(stale)).values(replay=None),
        ),
    )


def _removing_clients(retention: Retention) -> tuple[Rule, ...]:
    is_dynamic = clients.c.kind == "dynamic"
    is_idle = ~exists().where(
        grants.c.client_id == clients.c.client_id, grants.c.status == "active"
    )
    last_used, created = clients.c.last_used_at, clients.c.created_at
    untried_since = before(retention.untried_client)
    # A disabled document stays, or fetching it again would make it welcome.
    spent = clients.c.expires_at < before(retention.document)
    expired = and_(spent, clients.c.disabled_at.is_(None))
    return (
        remove(clients, is_dynamic, last_used < before(retention.unused_client), is_idle),
        remove(clients, is_dynamic, last_used.is_(None), created < untried_since, is_idle),
        remove(clients, clients.c.kind == "document", expired),
    )
