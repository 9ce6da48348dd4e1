"""Connections at rest: sealed to their row, known by their fingerprint."""

from collections.abc import Mapping
from typing import cast

import orjson
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.sealing import BrokenSealError, Sealed, Sealer, context_of

from .database import Database
from .tables import connections as table


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
        refused = (
            update(table)
            .where(
                table.c.id == connection_id,
                table.c.fingerprint == fingerprint,
                table.c.status == "active",
            )
            .values(status="reauth")
            .returning(table.c.id)
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(refused)).one_or_none() is not None

        return await self._database.write(work)


def config_facts(config: ConnectionConfig) -> dict[str, object]:
    """The configuration as plain data, secrets included: for sealing and for the fingerprint."""
    return {
        "connector": config.connector,
        "values": dict(config.values),
        "secrets": {name: value.get_secret_value() for name, value in config.secrets.items()},
    }


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
        )
    except KeyError:
        raise BrokenSealError("form") from None


def _place(connection_id: str) -> str:
    return context_of(table.name, "config", connection_id)
