"""The tables; docs/storage-schema.md tells what is hashed, sealed, kept how long, deleted by whom.

Times are milliseconds since 1970-01-01 UTC in 64-bit integers, on both databases alike, and are
always compared with the database's own clock (`database.now_ms`).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

CLIENT_ID: Final = 512
ID: Final = 64

clients: Final = Table(
    "oauth_clients",
    metadata,
    Column("client_id", String(CLIENT_ID), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("metadata", Text, nullable=False),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("auth_method", String(32), nullable=False),
    Column("secret_hash", LargeBinary(32)),
    Column("instance_id", String(ID)),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("disabled_at", BigInteger),
    Index(None, "kind", "last_used_at", "created_at"),
    Index(None, "expires_at"),
    Index(None, "kid"),
    Index(
        "ix_oauth_clients_instance_id",
        "instance_id",
        sqlite_where=text("instance_id IS NOT NULL"),
        postgresql_where=text("instance_id IS NOT NULL"),
    ),
)

connections: Final = Table(
    "oauth_connections",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("instance_id", String(ID), nullable=False),
    Column("subject", String(ID), nullable=False),
    Column("config", Text, nullable=False),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("writes", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "instance_id"),
    Index(None, "kid"),
)

pending_logins: Final = Table(
    "oauth_pending_logins",
    metadata,
    Column("txn_hash", LargeBinary(32), primary_key=True),
    Column("browser_hash", LargeBinary(32), nullable=False),
    Column("csrf_hashes", LargeBinary(320), nullable=False),  # up to 10 digests, one after another
    Column("request", Text, nullable=False),  # sealed JSON
    Column("draft", Text),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("instance_id", String(ID), nullable=False),
    Column("ip_mac", LargeBinary(32), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("upstream_state_hash", LargeBinary(32)),
    Column("upstream", Text),  # sealed JSON
    Column("step", String(16), nullable=False, server_default=text("'page'")),
    Index(None, "expires_at"),
    Index(None, "ip_mac", "created_at"),
    Index(None, "upstream_state_hash"),
)

grants: Final = Table(
    "oauth_grants",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("client_id", String(CLIENT_ID), nullable=False),
    Column(
        "connection_id",
        String(ID),
        ForeignKey(connections.c.id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("instance_id", String(ID), nullable=False),
    Column("subject", String(ID), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("scope", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("absolute_expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("last_used_at", BigInteger, nullable=False),
    Column("cnf_jkt", String(64)),
    Index(None, "connection_id"),
    Index(None, "client_id", "subject"),
    Index(None, "ended_at"),
    Index(
        "ix_oauth_grants_active",
        "absolute_expires_at",
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
)

auth_codes: Final = Table(
    "oauth_auth_codes",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("client_id", String(CLIENT_ID), nullable=False),
    Column(
        "connection_id",
        String(ID),
        ForeignKey(connections.c.id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("instance_id", String(ID), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("redirect_explicit", Boolean, nullable=False),
    Column("code_challenge", String(128), nullable=False),
    Column("scope", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("consumed_at", BigInteger),
    Column("grant_id", String(ID)),
    Index(None, "expires_at"),
    Index(None, "grant_id"),
    Index(None, "connection_id"),
)

tokens: Final = Table(
    "oauth_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("kind", String(8), nullable=False),  # access, refresh
    Column("grant_id", String(ID), ForeignKey(grants.c.id, ondelete="CASCADE"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", String(8), nullable=False),  # active, rotated, revoked
    Column("scope", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("rotated_at", BigInteger),
    Column("successor_hash", LargeBinary(32)),
    Column("replay", LargeBinary),  # AES-GCM under a key made from the presented token
    Column("replay_count", Integer, nullable=False, server_default=text("0")),
    Index(None, "grant_id"),
    Index(
        "ix_oauth_tokens_access",
        "expires_at",
        sqlite_where=text("kind = 'access'"),
        postgresql_where=text("kind = 'access'"),
    ),
    # Rotated ones stay for as long as their family, and there are many.
    Index(
        "ix_oauth_tokens_refresh",
        "expires_at",
        sqlite_where=text("kind = 'refresh' AND state = 'active'"),
        postgresql_where=text("kind = 'refresh' AND state = 'active'"),
    ),
    Index(
        "ix_oauth_tokens_replayable",
        "rotated_at",
        sqlite_where=text("replay IS NOT NULL"),
        postgresql_where=text("replay IS NOT NULL"),
    ),
)

sessions: Final = Table(
    "mcp_sessions",
    metadata,
    Column("session_hash", LargeBinary(32), primary_key=True),
    Column("grant_id", String(ID), ForeignKey(grants.c.id, ondelete="CASCADE"), nullable=False),
    Column("client_id", String(CLIENT_ID), nullable=False),
    Column("subject", String(ID), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("instance_id", String(ID), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Index(None, "last_seen"),
    Index(None, "grant_id"),
)

rate_buckets: Final = Table(
    "rate_buckets",
    metadata,
    Column("bucket", String(32), primary_key=True),
    Column("key_mac", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
)

audit_events: Final = Table(
    "audit_events",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("type", String(48), nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("instance_id", String(ID)),
    Column("client_id", String(CLIENT_ID)),
    Column("grant_id", String(ID)),
    Column("ip_mac", LargeBinary(32)),
    Column("detail", Text),  # JSON, allowlisted keys
    Index(None, "at"),
    Index(None, "grant_id"),
)

crypto_keys: Final = Table(
    "crypto_keys",
    metadata,
    Column("kid", String(ID), primary_key=True),
    Column("canary", Text, nullable=False),  # sealed
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)

services: Final = Table(
    "mcp_services",
    metadata,
    Column("name", String(ID), primary_key=True),
    Column("title", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("contract", Integer),
    Column("sha256", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("loaded_at", BigInteger, nullable=False),
)

instances: Final = Table(
    "mcp_instances",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("slug", String(63), nullable=False),
    Column("service", String(ID), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("config", Text, nullable=False),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("version", Integer, nullable=False),
    Column("credentials", String(16), nullable=False),  # person, instance
    Column("access_key_hash", LargeBinary(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("pending_since", BigInteger),
    Column("last_error", String(64)),
    Index(
        "ix_mcp_instances_slug",
        "slug",
        unique=True,
        sqlite_where=text("status <> 'deleted'"),
        postgresql_where=text("status <> 'deleted'"),
    ),
    Index(None, "owner"),
    Index(None, "kid"),
    Index(None, "status", "changed_at"),
    Index(
        "ix_mcp_instances_pending",
        "pending_since",
        sqlite_where=text("pending_since IS NOT NULL"),
        postgresql_where=text("pending_since IS NOT NULL"),
    ),
)

# The id of a configured instance is no row of `instances`, so there is no foreign key to it.
credentials: Final = Table(
    "mcp_credentials",
    metadata,
    Column(
        "connection_id",
        String(ID),
        ForeignKey(connections.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("instance_id", String(ID), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("access", Text, nullable=False),  # sealed
    Column("refresh", Text),  # sealed
    Column("kid", String(ID), nullable=False),
    Column("scope", Text),
    Column("expires_at", BigInteger),
    Column("version", Integer, nullable=False),
    Column("refresh_attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", BigInteger),
    Column("lease_owner", String(ID)),
    Column("lease_until", BigInteger),
    Column("last_error", String(64)),
    Column("refreshed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "instance_id"),
    Index(None, "kid"),
    Index(
        "ix_mcp_credentials_refreshable",
        "expires_at",
        sqlite_where=text("refresh IS NOT NULL"),
        postgresql_where=text("refresh IS NOT NULL"),
    ),
    Index(
        "ix_mcp_credentials_ended",
        "ended_at",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
)

admin_tokens: Final = Table(
    "admin_tokens",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("owner", Text, nullable=False),
    Column("role", String(16), nullable=False),  # owner, admin
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index("ix_admin_tokens_token_hash", "token_hash", unique=True),
)

setups: Final = Table(
    "mcp_setups",
    metadata,
    Column("state_hash", LargeBinary(32), primary_key=True),
    Column(
        "instance_id",
        String(ID),
        ForeignKey(instances.c.id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column(
        "admin_id",
        String(ID),
        ForeignKey(admin_tokens.c.id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("upstream", Text, nullable=False),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
    Index(None, "instance_id"),
    Index(None, "admin_id"),
    Index(None, "kid"),
)

# Outlives the connections and instances whose tokens it keeps.
revocations: Final = Table(
    "mcp_revocations",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("instance_id", String(ID), nullable=False),
    Column("service", String(ID)),
    Column("issuer", Text, nullable=False),
    Column("access", Text, nullable=False),  # sealed
    Column("refresh", Text),  # sealed
    Column("client", Text),  # sealed JSON
    Column("kid", String(ID), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", BigInteger, nullable=False),
    Column("last_error", String(64)),
    Index(None, "next_attempt_at"),
    Index(None, "created_at"),
    Index(None, "kid"),
)
