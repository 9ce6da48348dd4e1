"""Connections at rest: sealed to their row, known by their fingerprint."""

from collections.abc import Mapping
from typing import cast

import orjson
from pydantic import SecretStr

from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.sealing import BrokenSealError, Sealed, Sealer, context_of


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
    return context_of("oauth_connections", "config", connection_id)
