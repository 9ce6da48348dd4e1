"""Rows as the stores write them, for tests of what looks at them later."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.storage.database import now_ms
from treenail_runtime.storage.tables import auth_codes, clients, connections, grants, tokens

Work: TypeAlias = Callable[[AsyncConnection], Awaitable[object]]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def a_row(table: Table, **values: object) -> Work:
    """Insert one row."""
    return lambda connection: connection.execute(insert(table).values(values))


def a_client(client_id: str, **values: object) -> Work:
    """A dynamic client, never used."""
    row = {"kind": "dynamic", "metadata": "sealed", "kid": "k1", "auth_method": "none"}
    return a_row(clients, **{**row, "client_id": client_id, "created_at": now_ms, **values})


def a_connection(id_: str, **values: object) -> Work:
    """A connection of now."""
    row = {"instance_id": "default", "subject": "subject", "config": "sealed", "kid": "k1"}
    row |= {"fingerprint": "k1.print", "status": "active", "id": id_}
    return a_row(connections, **{**row, "created_at": now_ms, "last_used_at": now_ms, **values})


def a_grant(id_: str, connection_id: str, **values: object) -> Work:
    """An active grant of now, for 90 days."""
    row = {"client_id": "client", "instance_id": "default", "subject": "subject", "scope": "s"}
    row |= {"fingerprint": "k1.print", "resource": "r", "redirect_uri": "u", "status": "active"}
    times = {
        "created_at": now_ms,
        "last_used_at": now_ms,
        "absolute_expires_at": now_ms + 90 * DAY_MS,
    }
    return a_row(grants, **{**row, **times, "id": id_, "connection_id": connection_id, **values})


def a_code(digest: bytes, connection_id: str, **values: object) -> Work:
    """A code of now, for a minute."""
    row = {"client_id": "client", "instance_id": "default", "scope": "s", "resource": "r"}
    asked = {"redirect_uri": "u", "redirect_explicit": True, "code_challenge": "x"}
    own = {"code_hash": digest, "connection_id": connection_id, "expires_at": now_ms + 60_000}
    return a_row(auth_codes, **{**row, **asked, **own, **values})


def a_token(digest: bytes, grant_id: str, kind: str, **values: object) -> Work:
    """A token of now: an hour for access, 30 days for refresh."""
    lasts = HOUR_MS if kind == "access" else 30 * DAY_MS
    row = {"generation": 0, "state": "active", "scope": "s", "resource": "r", "issued_at": now_ms}
    own = {"token_hash": digest, "grant_id": grant_id, "kind": kind, "expires_at": now_ms + lasts}
    return a_row(tokens, **{**row, **own, **values})
