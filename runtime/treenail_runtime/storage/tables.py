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
    Index(None, "expires_at"),
    Index(None, "ip_mac", "created_at"),
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
