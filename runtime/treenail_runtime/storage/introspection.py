"""A token looked up for a client that asks about it."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.bearer import may_be_same
from treenail_runtime.auth.introspecting import TokenFacts
from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.tokens import Millis

from .database import now_ms
from .tables import connections, grants, tokens

_TOKEN: Final = (
    select(
        now_ms.label("now"),
        tokens.c.kind,
        tokens.c.state,
        tokens.c.scope,
        tokens.c.resource,
        tokens.c.issued_at,
        tokens.c.expires_at,
        grants.c.client_id,
        grants.c.instance_id,
        grants.c.subject,
        grants.c.status,
        grants.c.absolute_expires_at,
        grants.c.fingerprint,
        connections.c.fingerprint.label("connection_fingerprint"),
        connections.c.status.label("connection_status"),
    )
    .join_from(tokens, grants, tokens.c.grant_id == grants.c.id)
    .join(connections, connections.c.id == grants.c.connection_id)
    .where(tokens.c.token_hash == bindparam("token"))
)


async def find_token(connection: AsyncConnection, token: Digest) -> TokenFacts | None:
    """What is known of an access or refresh token; None when nothing is."""
    row = (await connection.execute(_TOKEN, {"token": token})).one_or_none()
    if row is None:
        return None
    return TokenFacts(
        now=Millis(row.now),
        kind=row.kind,
        state=row.state,
        scopes=frozenset(row.scope.split()),
        resource=row.resource,
        issued_at=Millis(row.issued_at),
        expires_at=Millis(row.expires_at),
        client_id=row.client_id,
        instance_id=row.instance_id,
        subject=row.subject,
        status=row.status,
        grant_expires_at=Millis(row.absolute_expires_at),
        connected=row.connection_status == "active"
        and may_be_same(row.fingerprint, row.connection_fingerprint),
    )
