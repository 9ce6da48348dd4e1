"""Instances in a real database, with people who are logged in at them."""

from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import SECRET
from tests.support.families import Authorizer, Tokens, instance
from treenail_runtime.auth.instances import (
    CredentialsOf,
    InstanceRecord,
    NewInstance,
    ObtainedTokens,
    read_slug,
)
from treenail_runtime.auth.records import ConnectionConfig, Digest, InstanceSettings
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.storage.tables import (
    auth_codes,
    clients,
    connections,
    credentials,
    grants,
    instances,
    pending_logins,
    sessions,
)

RING: Final = KeyRing.from_settings(SecretStr(SECRET), None)
ISSUER: Final = "https://provider.test"
SETTINGS: Final = InstanceSettings(
    upstream_client_id="client-of-acme",
    upstream_client_secret=SecretStr("client-secret-canary"),
    server_url="https://eu.api.test",
    values={"business": "b1"},
    secrets={"password": SecretStr("pässword-canary")},
    limits={"mcp": "10/1m"},
)
CONFIG: Final = ConnectionConfig(
    connector="phorest",
    values={"business": "b1"},
    secrets={"password": SecretStr("pässword-canary")},
)


def instance_store(database: Database) -> InstanceStore:
    """As a server makes it."""
    return InstanceStore(database, Sealer(RING), Macs(RING))


def credential_store(database: Database, ring: KeyRing = RING) -> CredentialStore:
    """As a server makes it."""
    return CredentialStore(database, Sealer(ring))


def revocation_store(database: Database, ring: KeyRing = RING) -> RevocationStore:
    """As a server makes it."""
    return RevocationStore(database, Sealer(ring))


async def made(
    database: Database,
    slug: str = "acme",
    *,
    credentials_of: CredentialsOf = "person",
    owner: str = "ann",
    access_key: Digest | None = None,
) -> InstanceRecord:
    """A new instance."""
    new = NewInstance(
        slug=read_slug(slug, ()),
        service="phorest",
        title=slug.title(),
        owner=owner,
        credentials=credentials_of,
        settings=SETTINGS,
        access_key=access_key,
    )
    return await instance_store(database).create(new)


def obtained(name: str = "1", *, expires_in_s: int | None = 3600, **more: object) -> ObtainedTokens:
    """What a provider gives."""
    given = {
        "access": SecretStr(f"access-canary-{name}"),
        "refresh": SecretStr(f"refresh-canary-{name}"),
        "scopes": frozenset({"profile", "jobs"}),
        "issuer": ISSUER,
    }
    return ObtainedTokens(**{**given, "expires_in_s": expires_in_s, **more})  # pyright: ignore[reportArgumentType]  # fields by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who is logged in at an instance."""

    connection_id: str
    tokens: Tokens


def at(database: Database, instance_id: str) -> Authorizer:
    """The token endpoint of an instance."""
    return Authorizer(database, instance=instance(instance_id))


async def joined(database: Database, instance_id: str) -> Member:
    """A person with a connection, tokens of the upstream, and a client with tokens of ours."""
    authorizer = at(database, instance_id)
    code = await authorizer.code()
    await credential_store(database).put(code.connection_id, obtained(code.connection_id))
    return Member(connection_id=code.connection_id, tokens=await authorizer.exchange(code))


async def holdings(database: Database, instance_id: str) -> dict[str, int]:
    """What of an instance can still be used or opened: rows by table."""
    own = connections.c.instance_id == instance_id
    its_connections = select(connections.c.id).where(own)
    its_grants = select(grants.c.id).where(grants.c.connection_id.in_(its_connections))
    conditions: dict[Table, ColumnElement[bool]] = {
        instances: (instances.c.id == instance_id) & (instances.c.kid != ""),
        clients: clients.c.instance_id == instance_id,
        pending_logins: pending_logins.c.instance_id == instance_id,
        auth_codes: auth_codes.c.connection_id.in_(its_connections),
        grants: grants.c.id.in_(its_grants) & (grants.c.status == "active"),
        sessions: sessions.c.grant_id.in_(its_grants),
        connections: own & (connections.c.kid != ""),
        credentials: credentials.c.connection_id.in_(its_connections),
    }

    async def work(connection: AsyncConnection) -> dict[str, int]:
        counts: dict[str, int] = {}
        for table, condition in conditions.items():
            found = select(func.count()).select_from(table).where(condition)
            counts[table.name] = (await connection.execute(found)).scalar_one()
        return counts

    return await database.read(work)


async def texts_of(database: Database, table: Table) -> str:
    """All rows of a table, to be searched for what must not stand in them."""

    async def work(connection: AsyncConnection) -> str:
        return "\n".join(map(str, (await connection.execute(select(table))).all()))

    return await database.read(work)
