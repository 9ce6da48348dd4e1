"""Tokens for a running server, put into its database as its own endpoints would."""

import uuid
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import SECRET, Site
from tests.support.serving import CANARY, Running
from tests.support.wire import Answer
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.connections import config_facts, seal_config
from treenail_runtime.storage.database import now_ms
from treenail_runtime.storage.tables import connections, grants, tokens

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Member:
    """Who has logged in."""

    token: str
    grant_id: str
    connection_id: str

    @property
    def bearer(self) -> tuple[str, str]:
        return ("Authorization", f"Bearer {self.token}")


async def admit(
    site: Site,
    *,
    email: str = "ann@example.test",
    client_id: str = "app-1",
    instance: str = "default",
    scope: str = "mcp.tools.call",
    subject: str | None = None,
    slug: str | None = None,
    connector: str = "sample",
) -> Member:
    """Let somebody in; `slug` where the instance is not called by its id in paths."""
    ring = KeyRing.from_settings(SecretStr(SECRET), None)
    config = ConnectionConfig(
        connector=connector,
        values={"email": email, "region": "eu"},
        secrets={"password": SecretStr(CANARY)},
    )
    member = Member(new_token("sample", "atk"), uuid.uuid4().hex, uuid.uuid4().hex)
    sealed = seal_config(Sealer(ring), member.connection_id, config)
    path = "" if instance == "default" else f"/{slug or instance}"
    whose: dict[str, Any] = {
        "instance_id": instance,
        "subject": subject or uuid.uuid4().hex,
        "fingerprint": Macs(ring).fingerprint(config_facts(config)),
        "status": "active",
        "created_at": now_ms,
        "last_used_at": now_ms,
    }
    connected = {**whose, "id": member.connection_id, "config": sealed.text, "kid": sealed.kid}
    for_what = {"scope": scope, "resource": f"{site.base_url}{path}/mcp"}
    granted = {
        **whose,
        **for_what,
        "id": member.grant_id,
        "client_id": client_id,
        "connection_id": member.connection_id,
        "redirect_uri": "https://app.example/callback",
        "absolute_expires_at": now_ms + HOUR_MS,
    }
    issued = {
        **for_what,
        "token_hash": digest(member.token),
        "kind": "access",
        "grant_id": member.grant_id,
        "generation": 0,
        "state": "active",
        "issued_at": now_ms,
        "expires_at": now_ms + HOUR_MS,
    }

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(connections).values(connected))
        await connection.execute(insert(grants).values(granted))
        await connection.execute(insert(tokens).values(issued))

    await site.database.write(work)
    return member


async def change(site: Site, member: Member, what: str) -> None:
    """Let something happen to the member's row called `what`."""
    statement = {
        "token expired": update(tokens)
        .where(tokens.c.grant_id == member.grant_id)
        .values(expires_at=now_ms - 1),
        "grant revoked": update(grants)
        .where(grants.c.id == member.grant_id)
        .values(status="revoked"),
        "grant over": update(grants)
        .where(grants.c.id == member.grant_id)
        .values(absolute_expires_at=now_ms - 1),
        "connection ended": update(connections)
        .where(connections.c.id == member.connection_id)
        .values(status="deleted"),
        "credentials changed": update(grants)
        .where(grants.c.id == member.grant_id)
        .values(fingerprint="k1." + "A" * 43),
        "ciphertext damaged": update(connections)
        .where(connections.c.id == member.connection_id)
        .values(config="e30.e30.e30.e30.e30"),
        "token of another resource": update(tokens)
        .where(tokens.c.grant_id == member.grant_id)
        .values(resource="https://other.example/mcp"),
    }[what]

    async def work(connection: AsyncConnection) -> None:
        assert (await connection.execute(statement)).rowcount == 1

    await site.database.write(work)


def port_of(site: Site) -> int:
    return int(site.base_url.rpartition(":")[2])


async def send(
    site: Site,
    body: bytes,
    *headers: tuple[str, str],
    method: str = "POST",
    path: str = "/mcp",
) -> Answer:
    """One exchange over a connection of its own."""
    return await Running(port_of(site)).request(method, path, headers=headers, body=body)
