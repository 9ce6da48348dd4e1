"""Authorization codes at rest: what is known of one, and its single use."""

from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.redeeming import CodeFacts, Issue
from treenail_runtime.auth.scopes import write_scope
from treenail_runtime.auth.tokens import Millis, PairDigests

from .database import now_ms
from .tables import auth_codes, connections, grants, tokens

FIRST_GENERATION: Final = 1

_KNOWN: Final = (
    select(
        auth_codes,
        connections.c.subject,
        connections.c.fingerprint,
        connections.c.status.label("connection_status"),
        now_ms.label("now"),
    )
    .join_from(auth_codes, connections, auth_codes.c.connection_id == connections.c.id)
    .where(auth_codes.c.code_hash == bindparam("code"))
    # The connection stays until the grant is made. Whoever deletes one locks it first, too.
    .with_for_update(read=True, key_share=True, of=connections)
)

# The one place where a code is used up: of several that try, one gets the row back.
_CONSUME: Final = (
    update(auth_codes)
    .where(auth_codes.c.code_hash == bindparam("code"), auth_codes.c.consumed_at.is_(None))
    .values(consumed_at=bindparam("now"), grant_id=bindparam("made"))
    .returning(auth_codes.c.code_hash)
)


class PresentedCode:
    """A code that somebody presents, with the connection behind it."""

    def __init__(self, connection: AsyncConnection, row: Row[*tuple[Any, ...]]) -> None:
        self._connection = connection
        self._row = row
        self.facts: Final = CodeFacts(
            now=Millis(row.now),
            client_id=row.client_id,
            instance_id=row.instance_id,
            redirect_uri=row.redirect_uri,
            redirect_explicit=row.redirect_explicit,
            code_challenge=row.code_challenge,
            scopes=frozenset(row.scope.split()),
            resource=row.resource,
            expires_at=Millis(row.expires_at),
            consumed_at=None if row.consumed_at is None else Millis(row.consumed_at),
            grant_id=row.grant_id,
            connected=row.connection_status == "active",
        )

    async def consume(self, made: str | None) -> bool:
        """Use the code up for the grant `made`, or for nothing; False when somebody was faster."""
        consumed = {"code": self._row.code_hash, "now": self.facts.now, "made": made}
        taken = await self._connection.execute(_CONSUME, consumed)
        return taken.scalar_one_or_none() is not None

    async def make_grant(self, grant_id: str, issue: Issue, pair: PairDigests) -> None:
        """Put in the grant and its first tokens."""
        facts = self.facts
        grant = {
            "id": grant_id,
            "client_id": facts.client_id,
            "connection_id": self._row.connection_id,
            "instance_id": facts.instance_id,
            "subject": self._row.subject,
            "fingerprint": self._row.fingerprint,
            "scope": write_scope(facts.scopes),
            "resource": facts.resource,
            "redirect_uri": facts.redirect_uri,
            "status": "active",
            "created_at": facts.now,
            "absolute_expires_at": issue.grant_expires_at,
            "last_used_at": facts.now,
        }
        await self._connection.execute(insert(grants), grant)
        await self._connection.execute(insert(tokens), _tokens(facts, issue, grant_id, pair))


async def find_code(connection: AsyncConnection, code: Digest) -> PresentedCode | None:
    """The code; None when nobody knows it."""
    row = (await connection.execute(_KNOWN, {"code": code})).one_or_none()
    return None if row is None else PresentedCode(connection, row)


def _tokens(
    facts: CodeFacts, issue: Issue, grant_id: str, pair: PairDigests
) -> list[dict[str, object]]:
    common = {
        "grant_id": grant_id,
        "generation": FIRST_GENERATION,
        "state": "active",
        "scope": write_scope(facts.scopes),
        "resource": facts.resource,
        "issued_at": facts.now,
    }
    rows: list[dict[str, object]] = [
        {
            **common,
            "token_hash": pair.access,
            "kind": "access",
            "expires_at": issue.access_expires_at,
        }
    ]
    if pair.refresh is not None and issue.refresh_expires_at is not None:
        expires_at = issue.refresh_expires_at
        rows.append(
            {**common, "token_hash": pair.refresh, "kind": "refresh", "expires_at": expires_at}
        )
    return rows
