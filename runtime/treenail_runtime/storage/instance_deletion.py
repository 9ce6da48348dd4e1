"""The end of an instance: everything of it in one transaction.

Rows are locked in one order, here and in whatever makes them: instance, pending login, code, grant,
connection, tokens of the upstream. So a login or an exchange that is under way either ends first,
and what it made is ended here, or finds nothing to go on with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .batches import delete_all, update_all
from .database import now_ms
from .grants import end_grants_of
from .tables import (
    auth_codes,
    clients,
    connections,
    credentials,
    grants,
    instances,
    pending_logins,
    sessions,
    setups,
)
from .token_rows import take_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """What was there, for the store to open before the transaction is over.

    Attributes:
        instance: The row as it was.
        tokens: Rows of `mcp_credentials` as they were.
    """

    instance: Row[Any]
    tokens: Sequence[Row[Any]]
    grants: int
    connections: int


async def end_instance(connection: AsyncConnection, instance: Row[Any]) -> LeftBehind:
    """End the instance whose row is locked.

    Grants and emptied connections stay for as long as any that ended, so that a token that comes
    back is recognised.
    """
    own: str = instance.id
    gone = {"status": "deleted", "config": "", "kid": "", "access_key_hash": None}
    times = {"version": instances.c.version + 1, "changed_at": now_ms, "pending_since": None}
    await connection.execute(update(instances).where(instances.c.id == own).values(gone | times))
    for table in (pending_logins, setups):
        await delete_all(connection, table, table.c.instance_id == own)
    its_connections = select(connections.c.id).where(connections.c.instance_id == own)
    await delete_all(connection, auth_codes, auth_codes.c.connection_id.in_(its_connections))
    ended = await end_grants_of(connection, own)
    its_grants = select(grants.c.id).where(grants.c.connection_id.in_(its_connections))
    await delete_all(connection, sessions, sessions.c.grant_id.in_(its_grants))
    held = and_(connections.c.instance_id == own, connections.c.kid != "")
    empty = {"config": "", "kid": "", "status": "deleted"}
    emptied = await update_all(connection, connections, held, empty)
    tokens = await take_tokens(connection, credentials.c.instance_id == own)
    await delete_all(connection, clients, clients.c.instance_id == own)
    return LeftBehind(instance=instance, tokens=tokens, grants=ended, connections=emptied)
