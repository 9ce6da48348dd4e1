"""The end of a login: a connection and a code for it, or nothing at all."""

import uuid
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import AuthorizationRequest, ConnectionConfig, Digest
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer

from .connections import connection_values
from .database import Database, now_ms
from .instance_rows import takes_logins
from .pending_logins import take
from .tables import auth_codes, connections
from .token_rows import SealedTokens, put_tokens


class LoginStore:
    """Turns pending logins into connections."""

    def __init__(self, database: Database, sealer: Sealer, macs: Macs) -> None:
        self._database = database
        self._sealer = sealer
        self._macs = macs

    async def complete(
        self,
        txn: Digest,
        *,
        request: AuthorizationRequest,
        config: ConnectionConfig,
        code: Digest,
        code_s: int,
        version: int,
        tokens: ObtainedTokens | None = None,
    ) -> str | None:
        """Consume the pending login, keep the connection, make the code valid: in one transaction.

        Args:
            txn: The pending login.
            request: What it waited for.
            config: What the upstream has just accepted.
            code: Digest of the authorization code.
            code_s: Seconds for which the code is valid.
            version: Of the instance that the upstream accepted it for.
            tokens: What the upstream's provider gave; None for the kinds without.

        Returns:
            The id of the new connection; None when the pending login is gone or its instance is not
            in use, and nothing was made.

        Raises:
            InstanceChangedError: The instance is in another version; nothing was made.
            ValueError: A token is too long to be sealed.
        """
        connection_id = uuid.uuid4().hex
        if tokens is not None:
            config = replace(config, account=tokens.account)
        connected = {
            **connection_values(self._sealer, self._macs, connection_id, config),
            "id": connection_id,
            "instance_id": request.instance_id,
            "subject": uuid.uuid4().hex,
            "created_at": now_ms,
        }
        place = (request.instance_id, version)
        coded = _code(request, connection_id, code, code_s)
        kept = SealedTokens.of(self._sealer, connection_id, tokens) if tokens is not None else None

        async def work(connection: AsyncConnection) -> str | None:
            if not (await takes_logins(connection, *place) and await take(connection, txn)):
                return None
            await connection.execute(insert(connections).values(connected))
            if kept is not None:
                await put_tokens(connection, connection_id, request.instance_id, kept)
            await connection.execute(insert(auth_codes).values(coded))
            return connection_id

        return await self._database.write(work)

    async def join(
        self,
        txn: Digest,
        *,
        request: AuthorizationRequest,
        code: Digest,
        code_s: int,
        version: int,
    ) -> bool:
        """As `complete`, for an instance with credentials of its own: a code for its connection.

        Returns:
            False when the pending login is gone, or the instance or its connection is not in use.

        Raises:
            InstanceChangedError: As `complete`.
        """
        own = request.instance_id
        coded = _code(request, own, code, code_s)

        async def work(connection: AsyncConnection) -> bool:
            if not (await takes_logins(connection, own, version) and await take(connection, txn)):
                return False
            # Shared, as is the instance: many people join at once.
            held = select(connections.c.status).where(connections.c.id == own)
            if await connection.scalar(held.with_for_update(read=True)) != "active":
                return False
            await connection.execute(insert(auth_codes).values(coded))
            return True

        return await self._database.write(work)


def _code(
    request: AuthorizationRequest, connection_id: str, code: Digest, code_s: int
) -> dict[str, Any]:
    return {
        "code_hash": code,
        "client_id": request.client_id,
        "connection_id": connection_id,
        "instance_id": request.instance_id,
        "redirect_uri": request.redirect_uri,
        "redirect_explicit": request.redirect_explicit,
        "code_challenge": request.code_challenge,
        "scope": " ".join(sorted(request.scopes)),
        "resource": request.resource,
        "expires_at": now_ms + code_s * 1000,
    }
