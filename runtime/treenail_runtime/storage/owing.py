"""Rows of `mcp_revocations`: how tokens that are to be forgotten are sealed into them, and read from them."""

import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy import Row, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import (
    InstanceSettings,
    ObtainedTokens,
    OwedRevocation,
    UpstreamTokens,
)
from treenail_runtime.auth.records import OwnClient
from treenail_runtime.crypto.sealing import Sealer, context_of

from .database import now_ms
from .tables import revocations as table
from .token_rows import read_tokens


async def owe(
    connection: AsyncConnection,
    sealer: Sealer,
    tokens: ObtainedTokens | UpstreamTokens,
    *,
    instance_id: str,
    service: str | None,
    client: OwnClient | None,
) -> None:
    """Have the provider forget tokens, once the transaction is over.

    Args:
        connection: Of the transaction, which removes them wherever else they are.
        sealer: Seals them.
        tokens: What is to be forgotten.
        instance_id: Whose they are.
        service: The connector's name; None for that of the configured instance.
        client: To which they were granted; None for the connector's.

    Raises:
        ValueError: A token is longer than 48 KiB.
    """
    owed_id = uuid.uuid4().hex

    def sealed(column: str, plain: bytes | None) -> str | None:
        return None if plain is None else sealer.seal(plain, _place(column, owed_id)).text

    access = sealer.seal(_plain(tokens.access), _place("access", owed_id))
    refresh = tokens.refresh
    row = {
        "id": owed_id,
        "instance_id": instance_id,
        "service": service,
        "issuer": tokens.issuer,
        "access": access.text,
        "refresh": sealed("refresh", None if refresh is None else _plain(refresh)),
        "client": sealed("client", None if client is None else _written(client)),
        "kid": access.kid,
        "created_at": now_ms,
        "next_attempt_at": now_ms,
    }
    await connection.execute(insert(table).values(row))


async def owe_rows(
    connection: AsyncConnection,
    sealer: Sealer,
    rows: Sequence[Row[Any]],
    *,
    service: str | None,
    settings: InstanceSettings | None,
) -> None:
    """Owe what `take_tokens` has removed, as far as it can be opened.

    Args:
        connection: Of the transaction.
        sealer: Opens and seals.
        rows: Of one instance.
        service: As in `owe`.
        settings: Of the instance; None for a configured one.
    """
    for row in rows:
        tokens = read_tokens(sealer, row)
        if tokens is not None:
            await owe(
                connection,
                sealer,
                tokens,
                instance_id=row.instance_id,
                service=service,
                client=settings and settings.client,
            )


def read_owed(sealer: Sealer, row: Row[Any]) -> OwedRevocation:
    """The tokens of a row that was read with `now`.

    Raises:
        BrokenSealError: They cannot be opened.
    """

    def opened(column: str) -> str:
        return sealer.open(getattr(row, column), _place(column, row.id)).decode()

    return OwedRevocation(
        id=row.id,
        instance_id=row.instance_id,
        service=row.service,
        issuer=row.issuer,
        access=SecretStr(opened("access")),
        refresh=None if row.refresh is None else SecretStr(opened("refresh")),
        client=None if row.client is None else _read(opened("client")),
        attempts=row.attempts,
        age_s=(row.now - row.created_at) // 1000,
    )


def _place(column: str, owed_id: str) -> str:
    return context_of(table.name, column, owed_id)


def _plain(token: SecretStr) -> bytes:
    return token.get_secret_value().encode()


def _written(client: OwnClient) -> bytes:
    secret = client.client_secret
    return orjson.dumps([client.client_id, secret and secret.get_secret_value()])


def _read(text: str) -> OwnClient:
    client_id, secret = orjson.loads(text)
    return OwnClient(client_id, None if secret is None else SecretStr(secret))
