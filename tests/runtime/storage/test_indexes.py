"""With ten thousand rows, what runs often reads an index and not the table."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import ClauseElement, ColumnElement, Table, insert, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import Served
from treenail_runtime.storage.credentials import ended, soon_over
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instance_rows import selected
from treenail_runtime.storage.removal import Retention
from treenail_runtime.storage.retention import rules
from treenail_runtime.storage.revocations import due
from treenail_runtime.storage.tables import (
    admin_tokens,
    audit_events,
    auth_codes,
    clients,
    connections,
    credentials,
    grants,
    instances,
    pending_logins,
    rate_buckets,
    revocations,
    sessions,
    setups,
    tokens,
)

COUNT = 10_000
ALIVE = 9_000_000_000_000
"""Milliseconds, far in the future: nearly all rows of a working installation are not due."""

COMMON: dict[str, Any] = {
    "instance_id": "default",
    "subject": "s",
    "config": "sealed",
    "kid": "k1",
    "fingerprint": "f",
    "status": "active",
    "created_at": ALIVE,
    "last_used_at": ALIVE,
    "client_id": "c",
    "scope": "s",
    "resource": "r",
    "redirect_uri": "u",
    "absolute_expires_at": ALIVE,
    "kind": "access",
    "generation": 0,
    "state": "active",
    "issued_at": ALIVE,
    "expires_at": ALIVE,
    "redirect_explicit": True,
    "code_challenge": "x",
    "browser_hash": b"",
    "csrf_hashes": b"",
    "request": "sealed",
    "metadata": "sealed",
    "auth_method": "none",
    "last_seen": ALIVE,
    "bucket": "login",
    "count": 1,
    "at": ALIVE,
    "type": "t",
    "outcome": "o",
    "replay_count": 0,
    "service": "phorest",
    "title": "t",
    "owner": "o",
    "version": 1,
    "credentials": "person",
    "changed_at": ALIVE,
    "issuer": "https://provider.test",
    "access": "sealed",
    "refresh": "sealed",
    "refreshed_at": ALIVE,
    "role": "owner",
    "upstream": "sealed",
    "admin_id": "0",
    "next_attempt_at": ALIVE,
}


def digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def rows(table: Table) -> list[dict[str, Any]]:
    common = {name: COMMON[name] for name in table.columns.keys() & COMMON.keys()}
    own = [
        name for name in ("id", "slug", "client_id", "connection_id", "grant_id") if name in table.c
    ]
    optional = {"browser_hash", "successor_hash", "secret_hash"}
    hashes = {column.name for column in table.columns if column.name.endswith(("_hash", "_mac"))}
    if table is setups:
        common["instance_id"] = "0"
    return [
        {
            **common,
            **{name: str(n) for name in own},
            **{name: digest(n) for name in hashes - optional},
        }
        for n in range(COUNT)
    ]


async def fill(database: Database) -> None:
    tables = (clients, connections, grants, tokens, auth_codes, pending_logins)
    others = (sessions, rate_buckets, audit_events, instances, credentials, admin_tokens, setups)
    for table in (*tables, *others, revocations):
        content = rows(table)
        await database.write(lambda each, t=table, r=content: each.execute(insert(t), r))
    await database.write(lambda each: each.execute(text("ANALYZE")))


async def plan(database: Database, statement: ClauseElement) -> str:
    async def explain(connection: AsyncConnection) -> str:
        sql = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        found = await connection.exec_driver_sql(f"{how} {sql}")
        return "\n".join(str(row[-1]) for row in found)

    how = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    return await database.read(explain)


def scans(found: str) -> list[str]:
    """Tables that are read from one end to the other."""
    lines = [line.strip(" ->") for line in found.splitlines()]
    return [
        line
        for line in lines
        if line.startswith("Seq Scan on") or (line.startswith("SCAN") and " USING " not in line)
    ]


@pytest.mark.requirement("T-149")
async def test_lookups_and_cleanup_use_indexes(database: Database) -> None:
    await fill(database)
    known = digest(5).hex()
    as_bytes = f"x'{known}'" if database.dialect == "sqlite" else f"'\\x{known}'::bytea"
    hashed: ColumnElement[bytes] = literal_column(as_bytes)
    by_token = (
        select(tokens.c.scope, grants.c.status, connections.c.config)
        .join(grants, grants.c.id == tokens.c.grant_id)
        .join(connections, connections.c.id == grants.c.connection_id)
        .where(tokens.c.token_hash == hashed)
    )
    by_login = select(pending_logins.c.request).where(pending_logins.c.txn_hash == hashed)
    by_session = select(sessions.c.grant_id).where(sessions.c.session_hash == hashed)
    by_admin = select(admin_tokens.c.owner).where(admin_tokens.c.token_hash == hashed)
    by_code = select(auth_codes.c.grant_id).where(auth_codes.c.code_hash == hashed)
    by_state = select(pending_logins.c.request).where(
        pending_logins.c.upstream_state_hash == hashed
    )
    of_instance = [
        select(table.c.instance_id).where(table.c.instance_id == "deleted")
        for table in (connections, credentials, clients, setups)
    ]
    served = [Served(service="phorest", instance_ids=frozenset({"default"}), issuer="i")]
    removals = [rule.statement for rule in rules(Retention())]
    plans = [
        await plan(database, statement)
        for statement in (
            *(by_token, by_login, by_session, by_code, by_state, by_admin),
            *of_instance,
            selected(instances.c.slug == "5"),
            soon_over(60, 100, served),
            ended(100),
            due(8),
            *removals,
        )
    ]
    scanned = {found: scans(found) for found in plans if scans(found)}
    assert scans(await plan(database, select(clients.c.metadata)))
    assert not scanned, "\n\n".join(scanned)
