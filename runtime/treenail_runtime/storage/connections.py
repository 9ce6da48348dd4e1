"""Connections at rest: sealed to their row, known by their fingerprint."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final, cast

import orjson
from pydantic import SecretStr
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError, Sealed, Sealer, context_of

from .database import Database, now_ms
from .tables import connections as table
from .tables import instances

_AT_ONCE: Final = 500
"""Ids in one query."""


class ConnectionStore:
    """The table of connections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark_reauth(self, connection_id: str, fingerprint: str) -> bool:
        """Have a connection's owner connect again: no token of it is good any more.

        Args:
            connection_id: The connection.
            fingerprint: Of the configuration that the upstream refused.

        Returns:
            Whether it was in use, with that configuration; else nothing was changed.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> bool:
            held = await hold_connection(connection, connection_id)
            if held is None or (held.fingerprint, held.status) != (fingerprint, "active"):
                return False
            await require_login(connection, connection_id)
            return True

        return await self._database.write(work)

    async def note_write(self, connection_id: str) -> None:
        """Count that something was written through a connection.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        counted = update(table).where(table.c.id == connection_id).values(writes=table.c.writes + 1)
        await self._database.write(lambda connection: connection.execute(counted))

    async def active(self, connection_ids: Collection[str]) -> frozenset[str]:
        """Those of the connections that are in use.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        asked = sorted(connection_ids)
        found: set[str] = set()
        for start in range(0, len(asked), _AT_ONCE):
            some = table.c.id.in_(asked[start : start + _AT_ONCE])
            query = select(table.c.id).where(some, table.c.status == "active")
            rows = await self._database.read(
                lambda connection, each=query: connection.execute(each)
            )
            found.update(rows.scalars())
        return frozenset(found)


async def hold_connection(
    connection: AsyncConnection, connection_id: str
) -> Row[Any, Any, Any] | None:
    """Instance, status and fingerprint of a connection, which stays so until the transaction ends.

    With it the instance whose own it is; always in this order.
    """
    own = select(instances.c.id).where(instances.c.id == connection_id).with_for_update()
    await connection.execute(own)
    found = select(table.c.instance_id, table.c.status, table.c.fingerprint)
    mine = found.where(table.c.id == connection_id).with_for_update()
    return (await connection.execute(mine)).one_or_none()


async def require_login(connection: AsyncConnection, connection_id: str) -> None:
    """Have the owner of a connection that is held connect again, or that of its instance."""
    for each in (instances, table):
        refused = update(each).where(each.c.id == connection_id, each.c.status == "active")
        change: dict[str, Any] = {"status": "reauth"}
        if each is instances:
            change |= {"last_error": "refused", "version": each.c.version + 1, "changed_at": now_ms}
        await connection.execute(refused.values(change))


async def put_own_connection(
    connection: AsyncConnection,
    sealer: Sealer,
    macs: Macs,
    instance_id: str,
    config: ConnectionConfig,
) -> None:
    """Keep what an instance itself connects with, in the connection of the same id.

    Logins that were made with another configuration end, as its fingerprint is another.
    """
    values = connection_values(sealer, macs, instance_id, config)
    change = update(table).where(table.c.id == instance_id).values(values)
    if (await connection.execute(change)).rowcount == 0:
        subject = uuid.uuid4().hex
        made = {"id": instance_id, "instance_id": instance_id, "subject": subject}
        row = {**values, **made, "created_at": now_ms}
        await connection.execute(insert(table).values(row))


async def own_config(
    connection: AsyncConnection, sealer: Sealer, instance_id: str
) -> ConnectionConfig | None:
    """What an instance itself connects with; None when it has nothing that can be opened."""
    own = select(table.c.config, table.c.kid).where(table.c.id == instance_id)
    row = (await connection.execute(own)).one_or_none()
    if row is None or not row.kid:
        return None
    try:
        return open_config(sealer, instance_id, row.config)
    except BrokenSealError:
        return None


def connection_values(
    sealer: Sealer, macs: Macs, connection_id: str, config: ConnectionConfig
) -> dict[str, Any]:
    """What a row has of its configuration."""
    sealed = seal_config(sealer, connection_id, config)
    return {
        "config": sealed.text,
        "kid": sealed.kid,
        "fingerprint": macs.fingerprint(config_facts(config)),
        "status": "active",
        "last_used_at": now_ms,
    }


def config_facts(config: ConnectionConfig) -> dict[str, object]:
    """The configuration as plain data, secrets included: for sealing and for the fingerprint."""
    facts: dict[str, object] = {
        "connector": config.connector,
        "values": dict(config.values),
        "secrets": {name: value.get_secret_value() for name, value in config.secrets.items()},
    }
    return facts | ({"account": config.account} if config.account else {})


def seal_config(sealer: Sealer, connection_id: str, config: ConnectionConfig) -> Sealed:
    """The configuration, sealed for the row `connection_id`."""
    return sealer.seal(orjson.dumps(config_facts(config)), _place(connection_id))


def open_config(sealer: Sealer, connection_id: str, text: str) -> ConnectionConfig:
    """What `seal_config` sealed for this row.

    Raises:
        BrokenSealError: It was not sealed for this row, was changed, or its key is gone.
    """
    facts = orjson.loads(sealer.open(text, _place(connection_id)))
    try:
        secrets = cast("Mapping[str, str]", facts["secrets"])
        return ConnectionConfig(
            connector=facts["connector"],
            values=facts["values"],
            secrets={name: SecretStr(value) for name, value in secrets.items()},
            account=facts.get("account", ""),
        )
    except KeyError:
        raise BrokenSealError("form") from None


def _place(connection_id: str) -> str:
    return context_of(table.name, "config", connection_id)
