"""The family of tokens of one grant: read under its lock, rotated, ended."""

from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.bearer import may_be_same
from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.refreshing import RefreshFacts, Rotate, Rotation
from treenail_runtime.auth.scopes import write_scope
from treenail_runtime.auth.tokens import Millis, Successors

from .database import now_ms
from .tables import connections, credentials, grants, tokens

_successor: Final = tokens.alias("successor")
_is_presented: Final = (tokens.c.token_hash == bindparam("token")) & (tokens.c.kind == "refresh")

# One lock for each family. SQLite has no row locks and needs none: one writer at a time.
_LOCK: Final = (
    select(grants.c.id)
    .join_from(tokens, grants, tokens.c.grant_id == grants.c.id)
    .where(_is_presented)
    .with_for_update(of=grants)
)

_FAMILY: Final = (
    select(
        now_ms.label("now"),
        tokens.c.grant_id,
        tokens.c.generation,
        tokens.c.state,
        tokens.c.scope,
        tokens.c.resource,
        tokens.c.expires_at,
        tokens.c.rotated_at,
        tokens.c.replay,
        tokens.c.replay_count,
        grants.c.client_id,
        grants.c.instance_id,
        grants.c.status,
        grants.c.absolute_expires_at,
        grants.c.fingerprint,
        connections.c.fingerprint.label("connection_fingerprint"),
        connections.c.status.label("connection_status"),
        credentials.c.issuer.label("upstream_issuer"),
        _successor.c.state.label("successor_state"),
    )
    .join_from(tokens, grants, tokens.c.grant_id == grants.c.id)
    .join(connections, connections.c.id == grants.c.connection_id)
    .outerjoin(
        credentials,
        (credentials.c.connection_id == connections.c.id) & credentials.c.ended_at.is_(None),
    )
    .outerjoin(_successor, _successor.c.token_hash == tokens.c.successor_hash)
    .where(_is_presented)
)

_GIVEN_OUT: Final = select(tokens.c.scope, tokens.c.state, tokens.c.expires_at).where(
    tokens.c.grant_id == bindparam("grant_id"),
    tokens.c.generation == bindparam("generation"),
    tokens.c.kind == "access",
)

_MARK_ROTATED: Final = (
    update(tokens)
    .where(tokens.c.token_hash == bindparam("token"))
    .values(
        state="rotated",
        rotated_at=bindparam("now"),
        successor_hash=bindparam("successor"),
        replay=bindparam("sealed"),
    )
)

_END_PREVIOUS: Final = (
    update(tokens)
    .where(
        tokens.c.grant_id == bindparam("family"),
        tokens.c.kind == "access",
        tokens.c.state == "active",
    )
    .values(state="revoked")
)

_COUNT_REPLAY: Final = (
    update(tokens)
    .where(tokens.c.token_hash == bindparam("token"))
    .values(replay_count=tokens.c.replay_count + 1)
)

_NOTE_USE: Final = (
    update(grants).where(grants.c.id == bindparam("family")).values(last_used_at=bindparam("now"))
)


class Family:
    """A refresh token in its family, whose lock is held until the transaction ends."""

    def __init__(
        self, connection: AsyncConnection, token: Digest, row: Row[*tuple[Any, ...]]
    ) -> None:
        self._connection = connection
        self._token = token
        self._row = row
        self.grant_id: str = row.grant_id
        self.replay: bytes | None = row.replay

    async def facts(self) -> RefreshFacts:
        """What a decision needs."""
        row = self._row
        return RefreshFacts(
            now=Millis(row.now),
            client_id=row.client_id,
            instance_id=row.instance_id,
            status=row.status,
            grant_expires_at=Millis(row.absolute_expires_at),
            expires_at=Millis(row.expires_at),
            scopes=frozenset(row.scope.split()),
            resource=row.resource,
            connected=row.connection_status == "active"
            and may_be_same(row.fingerprint, row.connection_fingerprint),
            rotation=None if row.state == "active" else await self._rotation(),
            upstream_issuer=row.upstream_issuer,
        )

    async def rotate(self, to: Rotate, successors: Successors, now: Millis) -> None:
        """Mark the token as used, and put the successors in."""
        marked = {
            "token": self._token,
            "now": now,
            "successor": successors.refresh,
            "sealed": successors.replay if to.keeps_answer else None,
        }
        await self._connection.execute(_MARK_ROTATED, marked)
        if to.ends_previous:
            await self._connection.execute(_END_PREVIOUS, {"family": self.grant_id})
        await self._connection.execute(insert(tokens), self._next(to, successors, now))
        await self._connection.execute(_NOTE_USE, {"family": self.grant_id, "now": now})

    async def count_replay(self) -> None:
        """One more time that the answer was repeated."""
        await self._connection.execute(_COUNT_REPLAY, {"token": self._token})

    async def _rotation(self) -> Rotation:
        row = self._row
        wanted = {"grant_id": self.grant_id, "generation": row.generation + 1}
        given = (await self._connection.execute(_GIVEN_OUT, wanted)).one_or_none()
        # Cleaning up takes access tokens that have expired; nothing can then be repeated.
        return Rotation(
            at=Millis(row.rotated_at),
            is_newest=row.successor_state == "active",
            scopes=frozenset() if given is None else frozenset(given.scope.split()),
            access_expires_at=Millis(
                given.expires_at if given is not None and given.state == "active" else 0
            ),
            count=row.replay_count,
            is_kept=row.replay is not None and given is not None,
        )

    def _next(self, to: Rotate, successors: Successors, now: Millis) -> list[dict[str, object]]:
        common = {
            "grant_id": self.grant_id,
            "generation": self._row.generation + 1,
            "state": "active",
            "resource": self._row.resource,
            "issued_at": now,
        }
        return [
            {
                **common,
                "token_hash": successors.access,
                "kind": "access",
                "scope": write_scope(to.scopes),
                "expires_at": to.access_expires_at,
            },
            {
                **common,
                "token_hash": successors.refresh,
                "kind": "refresh",
                "scope": self._row.scope,
                "expires_at": to.refresh_expires_at,
            },
        ]


async def lock_family(connection: AsyncConnection, token: Digest) -> Family | None:
    """The family of a refresh token; None when nobody knows the token."""
    locked = (await connection.execute(_LOCK, {"token": token})).one_or_none()
    if locked is None:
        return None
    # Read again: what was read while waiting for the lock may be old.
    row = (await connection.execute(_FAMILY, {"token": token})).one_or_none()
    return None if row is None else Family(connection, token, row)
