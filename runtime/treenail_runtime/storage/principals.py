"""Who a bearer token stands for: the query of every tool call."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.bearer import NOTED_MS, PrincipalFacts
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.tokens import Millis

from .database import Database, now_ms
from .lookups import Lookup
from .tables import connections, grants, tokens

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

# One statement over three primary keys; the PostgreSQL driver prepares it once for each connection.
_PRINCIPAL: Final = Lookup(
    select(
        now_ms.label("now"),
        tokens.c.kind,
        tokens.c.state,
        tokens.c.expires_at,
        tokens.c.scope,
        tokens.c.resource,
        tokens.c.grant_id,
        grants.c.status,
        grants.c.absolute_expires_at,
        grants.c.last_used_at,
        grants.c.client_id,
        grants.c.instance_id,
        grants.c.subject,
        grants.c.fingerprint,
        grants.c.connection_id,
        connections.c.status.label("connection_status"),
        connections.c.config,
        connections.c.writes,
    )
    .join_from(tokens, grants, tokens.c.grant_id == grants.c.id)
    .join(connections, connections.c.id == grants.c.connection_id)
    .where(tokens.c.token_hash == bindparam("token"))
)

_NOTE_GRANT: Final = (
    update(grants)
    .where(grants.c.id == bindparam("grant"), grants.c.last_used_at <= now_ms - NOTED_MS)
    .values(last_used_at=now_ms)
)
_NOTE_CONNECTION: Final = (
    update(connections)
    .where(connections.c.id == bindparam("connection"))
    .where(connections.c.last_used_at <= now_ms - NOTED_MS)
    .values(last_used_at=now_ms)
)


class PrincipalStore:
    """Looks up bearer tokens and notes that they are used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noting: set[str] = set()

    async def find(self, token: Digest) -> PrincipalFacts | None:
        """What is known of a token; None when nothing is.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> PrincipalFacts | None:
            row = await _PRINCIPAL.one(connection, {"token": token})
            return None if row is None else _facts(row)

        return await self._database.read(work)

    async def note_use(self, facts: PrincipalFacts) -> None:
        """Remember that the grant and its connection are in use, once a minute at most.

        Not for the caller to wait for, and of no consequence when it fails.
        """
        if not facts.is_use_due or facts.grant_id in self._noting:
            return
        self._noting.add(facts.grant_id)
        try:
            await self._database.write(lambda connection: _note(connection, facts))
        except StoreUnavailableError:
            log.info("grant.use_not_noted", grant_id=facts.grant_id)
        finally:
            self._noting.discard(facts.grant_id)


async def _note(connection: AsyncConnection, facts: PrincipalFacts) -> None:
    await connection.execute(_NOTE_GRANT, {"grant": facts.grant_id})
    await connection.execute(_NOTE_CONNECTION, {"connection": facts.connection_id})


def _facts(row: Mapping[str, Any]) -> PrincipalFacts:
    return PrincipalFacts(
        now=Millis(row["now"]),
        kind=row["kind"],
        state=row["state"],
        expires_at=Millis(row["expires_at"]),
        scopes=frozenset(row["scope"].split()),
        resource=row["resource"],
        grant_id=row["grant_id"],
        status=row["status"],
        grant_expires_at=Millis(row["absolute_expires_at"]),
        last_used_at=Millis(row["last_used_at"]),
        client_id=row["client_id"],
        instance_id=row["instance_id"],
        subject=row["subject"],
        fingerprint=row["fingerprint"],
        connection_id=row["connection_id"],
        connected=row["connection_status"] == "active",
        config=row["config"],
        writes=row["writes"],
    )
