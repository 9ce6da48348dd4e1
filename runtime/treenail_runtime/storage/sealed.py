"""What is sealed, and where: the one list for canaries, key rotation, documentation and tests."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, true

from treenail_runtime.crypto.sealing import context_of

from .database import now_ms
from .tables import (
    clients,
    connections,
    credentials,
    crypto_keys,
    instances,
    pending_logins,
    revocations,
    setups,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTable:
    """A table with sealed columns.

    Its column `kid` names the key of all of them. A store that writes only one of several may
    leave it as it is: the header of each sealed text says which key opens it.

    Attributes:
        table: The table.
        key: Its primary key, to which each value is bound.
        columns: The sealed ones; a value may be null.
        in_use: Rows that somebody may still want to open.
    """

    table: Table
    key: Column[Any]
    columns: tuple[Column[Any], ...]
    in_use: ColumnElement[bool]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def kid(self) -> Column[str]:
        """The id of the key that sealed the row."""
        return self.table.c.kid

    def context(self, column: Column[Any], row: str | bytes) -> str:
        """The place that the value of `column` in the row `row` is sealed for."""
        return context_of(self.table.name, column.name, row)


CLIENTS: Final = SealedTable(
    table=clients, key=clients.c.client_id, columns=(clients.c.metadata,), in_use=true()
)
CONNECTIONS: Final = SealedTable(
    table=connections,
    key=connections.c.id,
    columns=(connections.c.config,),
    # Cleanup empties the connection of a login that has ended, and takes its key's id away.
    in_use=connections.c.kid != "",
)
PENDING_LOGINS: Final = SealedTable(
    table=pending_logins,
    key=pending_logins.c.txn_hash,
    columns=(pending_logins.c.request, pending_logins.c.draft, pending_logins.c.upstream),
    in_use=pending_logins.c.expires_at > now_ms,
)
INSTANCES: Final = SealedTable(
    table=instances,
    key=instances.c.id,
    columns=(instances.c.config,),
    # What is deleted is emptied.
    in_use=instances.c.kid != "",
)
CREDENTIALS: Final = SealedTable(
    table=credentials,
    key=credentials.c.connection_id,
    columns=(credentials.c.access, credentials.c.refresh),
    in_use=true(),
)
SETUPS: Final = SealedTable(
    table=setups,
    key=setups.c.state_hash,
    columns=(setups.c.upstream,),
    in_use=setups.c.expires_at > now_ms,
)
REVOCATIONS: Final = SealedTable(
    table=revocations,
    key=revocations.c.id,
    columns=(revocations.c.access, revocations.c.refresh, revocations.c.client),
    in_use=true(),
)
SEALED: Final = (
    CLIENTS,
    CONNECTIONS,
    PENDING_LOGINS,
    INSTANCES,
    CREDENTIALS,
    SETUPS,
    REVOCATIONS,
)


def canary_context(kid: str) -> str:
    """The place that the canary of the key `kid` is sealed for."""
    return context_of(crypto_keys.name, crypto_keys.c.canary.name, kid)
