"""Instances in a database, with somebody logged in at each, as the endpoints would have left them."""

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from mcp_wire import Place
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import InstanceRecord, NewInstance, read_slug
from treenail_runtime.auth.records import Client, ConnectionConfig, InstanceSettings
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.connections import config_facts, seal_config
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import connections, grants, tokens

BASE_URL: Final = "http://127.0.0.1"
"""Whatever the port: tokens name the instance's URL."""

_CLIENT: Final = Client(
    client_id="bench", kind="dynamic", name="bench", redirect_uris=("http://127.0.0.1/callback",)
)
_CONFIG: Final = ConnectionConfig(
    connector="phorest",
    values={
        "region": "eu",
        "business_id": "bench-business",
        "branch_id": "bench-branch",
        "email": "bench@example.com",
    },
    secrets={"password": SecretStr("not-a-secret")},
)
_HOUR_MS: Final = 3_600_000


def settle(
    url: str,
    secrets: str,
    count: int,
    logins: int,
    limits: Mapping[int, Mapping[str, str]],
) -> list[Place]:
    """Make the tables, and `count` instances of Phorest; the place of each login.

    Args:
        url: Of the database.
        secrets: The server's keys.
        count: How many.
        logins: At all of them together, dealt out in turn.
        limits: Of their own, of those that have some.
    """
    # A line for each instance would be told.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return asyncio.run(
        _settle(url, KeyRing.from_settings(None, SecretStr(secrets)), count, logins, limits)
    )


async def _settle(
    url: str, ring: KeyRing, count: int, logins: int, limits: Mapping[int, Mapping[str, str]]
) -> list[Place]:
    database = Database(url)
    try:
        await upgrade(database)
        await ClientStore(database, Sealer(ring)).add(_CLIENT)
        store = InstanceStore(database, Sealer(ring), Macs(ring))
        made: list[InstanceRecord] = []
        for number in range(count):
            new = NewInstance(
                slug=read_slug(f"i{number}", ()),
                service="phorest",
                title=f"Salon {number}",
                owner="bench",
                settings=InstanceSettings(limits=limits.get(number, {})),
            )
            made.append(await store.create(new))
        turns = [made[number % count] for number in range(logins)]
        places = [Place(f"/{each.slug}/mcp", new_token("phmcp", "atk")) for each in turns]
        rows = [
            _login(ring, each.id, f"{BASE_URL}{place.path}", place.bearer)
            for each, place in zip(turns, places, strict=True)
        ]
        await database.write(lambda connection: _insert(connection, rows))
        return places
    finally:
        await database.aclose()


async def _insert(connection: AsyncConnection, rows: Sequence[tuple[dict[str, Any], ...]]) -> None:
    columns = zip(*rows, strict=True)
    for table, values in zip((connections, grants, tokens), columns, strict=True):
        for each in values:
            await connection.execute(insert(table).values(each))


def _login(
    ring: KeyRing, instance_id: str, resource: str, token: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A connection, its grant, and the grant's token."""
    connection_id, grant_id = uuid.uuid4().hex, uuid.uuid4().hex
    sealed = seal_config(Sealer(ring), connection_id, _CONFIG)
    whose: dict[str, Any] = {
        "instance_id": instance_id,
        "subject": uuid.uuid4().hex,
        "fingerprint": Macs(ring).fingerprint(config_facts(_CONFIG)),
        "status": "active",
        "created_at": now_ms,
        "last_used_at": now_ms,
    }
    for_what = {"scope": "mcp.tools.call", "resource": resource}
    connected = {**whose, "id": connection_id, "config": sealed.text, "kid": sealed.kid}
    granted = {
        **whose,
        **for_what,
        "id": grant_id,
        "client_id": _CLIENT.client_id,
        "connection_id": connection_id,
        "redirect_uri": _CLIENT.redirect_uris[0],
        "absolute_expires_at": now_ms + _HOUR_MS,
    }
    issued = {
        **for_what,
        "token_hash": digest(token),
        "kind": "access",
        "grant_id": grant_id,
        "generation": 0,
        "state": "active",
        "issued_at": now_ms,
        "expires_at": now_ms + _HOUR_MS,
    }
    return connected, granted, issued
