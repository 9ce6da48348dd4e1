"""A database with something in every sealed column, and what opens there."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.connections import config_facts, open_config, seal_config
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.sealed import (
    CLIENTS,
    CREDENTIALS,
    INSTANCES,
    PENDING_LOGINS,
    REVOCATIONS,
    SETUPS,
    SealedTable,
)
from treenail_runtime.storage.tables import (
    admin_tokens,
    clients,
    connections,
    credentials,
    grants,
    instances,
    pending_logins,
    revocations,
    sessions,
    setups,
)

OLD, NEW, FOREIGN = secrets.token_bytes(32), secrets.token_bytes(32), secrets.token_bytes(32)
BEFORE = KeyRing({"k1": OLD})
PREPARED = KeyRing({"k1": OLD, "k2": NEW})
CHANGING = KeyRing({"k2": NEW, "k1": OLD})
AFTER = KeyRing({"k2": NEW})

_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Stored:
    """What somebody can open: plaintext by place; and who is still logged in."""

    opened: Mapping[str, Any]
    logged_in: frozenset[str]


async def fill(database: Database, ring: KeyRing, names: range) -> None:
    """For each name one row in every table with sealed columns, a grant and a session."""

    async def work(connection: AsyncConnection) -> None:
        for name in map(str, names):
            await _add_client(connection, ring, name)
            await _add_pending(connection, ring, name)
            await add_connection(connection, ring, name)
            await _add_instance(connection, ring, name)
            await _add_tokens(connection, ring, name)
            await _add_setup(connection, ring, name)
            await _add_revocation(connection, ring, name)

    await database.write(work)


async def _add_client(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    client_id = f"https://client.test/{name}"
    sealed = Sealer(ring).seal(name.encode(), f"oauth_clients.metadata:{client_id}")
    row = {
        "client_id": client_id,
        "kind": "document",
        "metadata": sealed.text,
        "kid": sealed.kid,
        "auth_method": "none",
        "created_at": now_ms,
    }
    await connection.execute(insert(clients).values(row))


async def _add_pending(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    txn = hashlib.sha256(name.encode()).digest()
    sealer = Sealer(ring)
    sealed = sealer.seal(f"request {name}".encode(), f"oauth_pending_logins.request:{txn.hex()}")
    draft = sealer.seal(f"draft {name}".encode(), f"oauth_pending_logins.draft:{txn.hex()}")
    trip = sealer.seal(f"trip {name}".encode(), f"oauth_pending_logins.upstream:{txn.hex()}")
    row = {
        "txn_hash": txn,
        "browser_hash": txn,
        "csrf_hashes": txn,
        "request": sealed.text,
        "draft": draft.text if int(name) % 2 else None,
        "upstream": trip.text if int(name) % 3 else None,
        "kid": sealed.kid,
        "instance_id": "default",
        "ip_mac": Macs(ring).ip(name),
        "created_at": now_ms,
        "expires_at": now_ms + _HOUR_MS,
    }
    await connection.execute(insert(pending_logins).values(row))


async def _add_instance(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    sealed = Sealer(ring).seal(f"settings {name}".encode(), f"mcp_instances.config:i{name}")
    row = {
        "id": f"i{name}",
        "slug": name,
        "service": "phorest",
        "title": name,
        "owner": "owner",
        "status": "active",
        "config": sealed.text,
        "kid": sealed.kid,
        "version": 1,
        "credentials": "person",
        "created_at": now_ms,
        "changed_at": now_ms,
    }
    await connection.execute(insert(instances).values(row))


async def _add_tokens(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    """The tokens of the connection `name`."""
    sealer = Sealer(ring)
    access = sealer.seal(f"access {name}".encode(), f"mcp_credentials.access:{name}")
    refresh = sealer.seal(f"refresh {name}".encode(), f"mcp_credentials.refresh:{name}")
    row = {
        "connection_id": name,
        "instance_id": "default",
        "issuer": "https://provider.test",
        "access": access.text,
        "refresh": refresh.text if int(name) % 2 else None,
        "kid": access.kid,
        "version": 1,
        "refreshed_at": now_ms,
    }
    await connection.execute(insert(credentials).values(row))


async def _add_setup(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    """Of the instance `name`, with an admin token of its own."""
    state = hashlib.sha256(name.encode()).digest()
    admin = {"id": f"a{name}", "token_hash": state, "owner": "owner", "role": "owner"}
    await connection.execute(insert(admin_tokens).values(admin | {"created_at": now_ms}))
    sealed = Sealer(ring).seal(f"setup {name}".encode(), f"mcp_setups.upstream:{state.hex()}")
    row = {
        "state_hash": state,
        "instance_id": f"i{name}",
        "admin_id": f"a{name}",
        "upstream": sealed.text,
        "kid": sealed.kid,
        "expires_at": now_ms + _HOUR_MS,
    }
    await connection.execute(insert(setups).values(row))


async def _add_revocation(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    """Of an instance that is gone, with its own client or that of its connector."""
    sealer = Sealer(ring)
    texts = {
        column: sealer.seal(f"{column} {name}".encode(), f"mcp_revocations.{column}:r{name}").text
        for column in ("access", "refresh", "client")
    }
    row = {
        "id": f"r{name}",
        "instance_id": f"gone {name}",
        "service": "phorest",
        "issuer": "https://provider.test",
        "access": texts["access"],
        "refresh": texts["refresh"] if int(name) % 2 else None,
        "client": texts["client"] if int(name) % 3 else None,
        "kid": ring.current,
        "created_at": now_ms,
        "next_attempt_at": now_ms,
    }
    await connection.execute(insert(revocations).values(row))


async def add_connection(connection: AsyncConnection, ring: KeyRing, name: str) -> None:
    """A connection with a grant and a session."""
    config = config_of(name)
    sealed = seal_config(Sealer(ring), name, config)
    fingerprint = Macs(ring).fingerprint(config_facts(config))
    row = {
        "id": name,
        "instance_id": "default",
        "subject": name,
        "config": sealed.text,
        "kid": sealed.kid,
        "fingerprint": fingerprint,
        "status": "active",
        "created_at": now_ms,
        "last_used_at": now_ms,
    }
    await connection.execute(insert(connections).values(row))
    await add_grant(connection, f"g{name}", name, fingerprint)


async def add_grant(connection: AsyncConnection, grant: str, owner: str, fingerprint: str) -> None:
    """A live grant, with a session, of the connection `owner`."""
    common = {
        "client_id": "c",
        "instance_id": "default",
        "subject": owner,
        "fingerprint": fingerprint,
        "created_at": now_ms,
    }
    row = {
        "id": grant,
        "connection_id": owner,
        "scope": "mcp.tools.call",
        "resource": "https://mcp.test/mcp",
        "redirect_uri": "https://client.test/callback",
        "status": "active",
        "absolute_expires_at": now_ms + _HOUR_MS,
        "last_used_at": now_ms,
    }
    await connection.execute(insert(grants).values(common | row))
    session = {
        "session_hash": hashlib.sha256(grant.encode()).digest(),
        "grant_id": grant,
        "last_seen": now_ms,
    }
    await connection.execute(insert(sessions).values(common | session))


def config_of(name: str) -> ConnectionConfig:
    """What the owner of the connection `name` typed."""
    return ConnectionConfig(
        connector="phorest",
        values={"branch": name},
        secrets={"password": SecretStr(f"pässword-{name}")},
    )


async def read_all(database: Database, ring: KeyRing) -> Stored:
    """Open everything with `ring`, as servers do.

    Raises:
        BrokenSealError: When something does not open.
    """

    async def work(connection: AsyncConnection) -> Stored:
        # One statement, so that it sees a grant and its connection at one moment.
        joined = (
            select(
                connections.c.id,
                connections.c.config,
                grants.c.id.label("grant"),
                grants.c.fingerprint,
                sessions.c.fingerprint.label("session_fingerprint"),
            )
            .join(grants, grants.c.connection_id == connections.c.id)
            .join(sessions, sessions.c.grant_id == grants.c.id)
        )
        rows = (await connection.execute(joined)).all()
        opened: dict[str, str] = {}
        for sealed in (CLIENTS, PENDING_LOGINS, INSTANCES, CREDENTIALS, SETUPS, REVOCATIONS):
            opened |= await _opened(connection, ring, sealed)
        configs = {row.id: open_config(Sealer(ring), row.id, row.config) for row in rows}
        return Stored(
            opened=opened | {f"connection {name}": _plain(configs[name]) for name in configs},
            logged_in=frozenset(
                row.grant
                for row in rows
                if _fit(
                    ring, config_facts(configs[row.id]), row.fingerprint, row.session_fingerprint
                )
            ),
        )

    return await database.read(work)


async def _opened(
    connection: AsyncConnection, ring: KeyRing, sealed: SealedTable
) -> dict[str, str]:
    sealer = Sealer(ring)
    rows = (await connection.execute(select(sealed.table))).mappings()
    return {
        context: sealer.open(row[column], context).decode()
        for row in rows
        for column in sealed.columns
        if row[column] is not None
        for context in [sealed.context(column, row[sealed.key])]
    }


def _plain(config: ConnectionConfig) -> str:
    return json.dumps(config_facts(config), sort_keys=True)


def _fit(ring: KeyRing, facts: Mapping[str, object], *fingerprints: str) -> bool:
    return all(Macs(ring).fits(each, facts) for each in fingerprints)


async def texts(database: Database) -> set[str]:
    """All sealed texts and fingerprints, as they stand."""

    async def work(connection: AsyncConnection) -> set[str]:
        columns = (
            clients.c.metadata,
            connections.c.config,
            connections.c.fingerprint,
            pending_logins.c.request,
            instances.c.config,
            credentials.c.access,
            revocations.c.access,
            grants.c.fingerprint,
        )
        return {text for each in columns for text in await connection.scalars(select(each))}

    return await database.read(work)


async def watch(database: Database, ring: KeyRing, expected: Stored, until: asyncio.Event) -> int:
    """Be a server: open everything again and again; how often all of it opened."""
    times = 0
    while not until.is_set():
        assert await read_all(database, ring) == expected
        times += 1
    return times
