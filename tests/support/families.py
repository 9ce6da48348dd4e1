"""Codes and tokens in a real database, through the stores and the rules that the endpoints use."""

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Executable, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.bearer import PrincipalFacts, decide_principal
from treenail_runtime.auth.records import Digest, GrantStatus, Instance
from treenail_runtime.auth.redeeming import CodeRequest, decide_code
from treenail_runtime.auth.refreshing import RefreshRequest, decide_refresh
from treenail_runtime.auth.revoking import Revoked
from treenail_runtime.auth.scopes import CALL, READ, write_scope
from treenail_runtime.auth.tokens import (
    Denied,
    Granted,
    TokenKind,
    TokenPair,
    TokenPolicy,
    new_pair,
    new_successors,
    open_pair,
)
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.principals import PrincipalStore
from treenail_runtime.storage.tables import auth_codes, connections, grants, tokens

CLIENT: Final = "client-a"
REDIRECT: Final = "https://client.example/callback"


def instance(name: str = "default", host: str = "https://mcp.example") -> Instance:
    """An instance as a server makes it."""
    path = "" if name == "default" else f"/{name}"
    return Instance(
        id=name,
        connector="phorest",
        title="Phorest",
        issuer=f"{host}{path}",
        resource=f"{host}{path}/mcp",
        mcp_path=f"{path}/mcp",
        base_path=path,
        token_prefix="phmcp",  # noqa: S106  # the part of a token that everybody knows
        scopes={READ: "Read", CALL: "Read and write"},
        default_scopes=frozenset({CALL}),
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Code:
    """A code as a client holds it."""

    code: str
    verifier: str
    connection_id: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tokens:
    """What a client got."""

    access: str
    refresh: str
    granted: Granted


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636 4.2), written here once more."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")


class RefusedError(Exception):
    """What a client was refused with."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(f"{denied.error}")
        self.error = denied.error.error
        self.reason = denied.error.reason
        self.ended_grant = denied.ended_grant


@dataclass(frozen=True, slots=True)
class Authorizer:
    """The token endpoint without HTTP."""

    database: Database
    policy: TokenPolicy = field(default_factory=TokenPolicy)
    instance: Instance = field(default_factory=instance)

    @property
    def store(self) -> GrantStore:
        """Over the same database."""
        return GrantStore(self.database)

    def with_policy(self, **changes: int) -> "Authorizer":
        """The same, with other numbers."""
        return replace(self, policy=replace(self.policy, **changes))

    def at(self, other: Instance) -> "Authorizer":
        """The same, at another instance."""
        return replace(self, instance=other)

    async def code(
        self,
        *,
        client_id: str = CLIENT,
        scopes: frozenset[str] = frozenset({CALL}),
        redirect_explicit: bool = True,
        verifier: str | None = None,
    ) -> Code:
        """What a person's login gives a client."""
        code = new_token("phmcp", "cod")
        verifier = verifier or secrets.token_urlsafe(48)
        connection_id = uuid.uuid4().hex
        connected = {
            "id": connection_id,
            "instance_id": self.instance.id,
            "subject": uuid.uuid4().hex,
            "config": "sealed",
            "kid": "k1",
            "fingerprint": "k1.fingerprint",
            "status": "active",
            "created_at": now_ms,
            "last_used_at": now_ms,
        }
        coded = {
            "code_hash": digest(code),
            "client_id": client_id,
            "connection_id": connection_id,
            "instance_id": self.instance.id,
            "redirect_uri": REDIRECT,
            "redirect_explicit": redirect_explicit,
            "code_challenge": challenge_of(verifier),
            "scope": write_scope(scopes),
            "resource": self.instance.resource,
            "expires_at": now_ms + self.policy.code_s * 1000,
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(connections).values(connected))
            await connection.execute(insert(auth_codes).values(coded))

        await self.database.write(work)
        return Code(code=code, verifier=verifier, connection_id=connection_id)

    def asked(self, code: Code) -> CodeRequest:
        """A right request with `code`."""
        return CodeRequest(
            client_id=CLIENT,
            instance_id=self.instance.id,
            redirect_uri=REDIRECT,
            verifier=code.verifier,
            resource=None,
            refreshes=True,
        )

    async def exchange(self, code: Code, request: CodeRequest | None = None) -> Tokens:
        """Redeem `code`.

        Raises:
            RefusedError: No tokens.
        """
        asked = request or self.asked(code)
        pair = new_pair("phmcp", refreshes=asked.refreshes)
        decide = partial(decide_code, request=asked, policy=self.policy)
        done = await self.store.redeem(Digest(digest(code.code)), pair.digests(), decide)
        return _tokens(pair, done)

    async def tokens(self, scopes: frozenset[str] = frozenset({CALL})) -> Tokens:
        """Log in and redeem the code."""
        return await self.exchange(await self.code(scopes=scopes))

    async def refresh(
        self,
        presented: str,
        *,
        client_id: str = CLIENT,
        scopes: frozenset[str] | None = None,
        resource: str | None = None,
    ) -> Tokens:
        """Refresh.

        Raises:
            RefusedError: No tokens.
        """
        asked = RefreshRequest(
            client_id=client_id, instance_id=self.instance.id, scopes=scopes, resource=resource
        )
        pair, successors = new_successors(presented, "phmcp")
        decide = partial(decide_refresh, request=asked, policy=self.policy)
        done = await self.store.refresh(Digest(digest(presented)), successors, decide)
        if isinstance(done, Granted) and done.replay is not None:
            pair = open_pair(presented, done.replay)
        return _tokens(pair, done)

    async def revoke(self, token: str, *, client_id: str = CLIENT) -> Revoked | None:
        """Give a token back."""
        return await self.store.revoke_by_token(
            Digest(digest(token)), client_id=client_id, instance_id=self.instance.id
        )

    async def is_live(self, access: str) -> bool:
        """Whether a tool call with this token would go through."""
        facts = await PrincipalStore(self.database).find(Digest(digest(access)))
        return isinstance(decide_principal(facts, self.instance), PrincipalFacts)

    async def status(self, grant_id: str) -> GrantStatus:
        """What became of a grant."""
        status = select(grants.c.status).where(grants.c.id == grant_id)
        return await self.database.read(lambda connection: _scalar(connection, status))

    async def live_tokens(self, grant_id: str, kind: TokenKind | None = None) -> int:
        """How many tokens of a grant are good for anything; of one kind, or of both."""
        alive = (
            select(func.count())
            .join_from(tokens, grants, tokens.c.grant_id == grants.c.id)
            .where(grants.c.id == grant_id, grants.c.status == "active")
            .where(tokens.c.state == "active", tokens.c.expires_at > now_ms)
            .where(grants.c.absolute_expires_at > now_ms)
            .where(tokens.c.kind.in_([kind] if kind else ["access", "refresh"]))
        )
        return await self.database.read(lambda connection: _scalar(connection, alive))

    async def count(self, table: Table) -> int:
        """How many rows there are."""
        rows = select(func.count()).select_from(table)
        return await self.database.read(lambda connection: _scalar(connection, rows))

    async def change_connection(self, connection_id: str, **values: str) -> None:
        """Let something happen to a connection."""
        change = update(connections).where(connections.c.id == connection_id).values(values)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self.database.write(work)


async def _scalar(connection: AsyncConnection, statement: Executable) -> Any:
    return (await connection.execute(statement)).scalar_one()


def _tokens(pair: TokenPair, done: Granted | Denied) -> Tokens:
    if isinstance(done, Denied):
        raise RefusedError(done)
    return Tokens(access=pair.access, refresh=pair.refresh or "", granted=done)
