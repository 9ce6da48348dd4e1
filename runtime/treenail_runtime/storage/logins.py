"""The end of a login: a connection and a code for it, or nothing at all."""

import uuid

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import AuthorizationRequest, ConnectionConfig, Digest
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer

from .connections import config_facts, seal_config
from .database import Database, now_ms
from .pending_logins import take
from .tables import auth_codes, connections


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
    ) -> str | None:
        """Consume the pending login, keep the connection, make the code valid: in one transaction.

        Args:
            txn: The pending login.
            request: What it waited for.
            config: What the upstream has just accepted.
            code: Digest of the authorization code.
            code_s: Seconds for which the code is valid.

        Returns:
            The id of the new connection; None when the pending login is gone, and nothing was made.
        """
        connection_id = uuid.uuid4().hex
        sealed = seal_config(self._sealer, connection_id, config)
        connected = {
            "id": connection_id,
            "instance_id": request.instance_id,
            "subject": uuid.uuid4().hex,
            "config": sealed.text,
            "kid": sealed.kid,
            "fingerprint": self._macs.fingerprint(config_facts(config)),
            "status": "active",
            "created_at": now_ms,
            "last_used_at": now_ms,
        }
        coded = {
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

        async def work(connection: AsyncConnection) -> str | None:
            if not await take(connection, txn):
                return None
            await connection.execute(insert(connections).values(connected))
            await connection.execute(insert(auth_codes).values(coded))
            return connection_id

        return await self._database.write(work)
