"""The first tables."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_REVOKE: Final = """
DO $$
DECLARE public_role text;
BEGIN
  FOR public_role IN
    SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
  LOOP
    EXECUTE format(
      'REVOKE ALL ON TABLE oauth_clients, oauth_connections, oauth_pending_logins, oauth_grants,'
      ' oauth_auth_codes, oauth_tokens, mcp_sessions, rate_buckets, audit_events, crypto_keys,'
      ' alembic_version FROM %I', public_role);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Go from nothing to 0001."""
    _create_clients()
    _create_connections()
    _create_pending_logins()
    _create_grants()
    _create_auth_codes()
    _create_tokens()
    _create_sessions()
    _create_rate_buckets()
    _create_audit_events()
    _create_crypto_keys()
    _keep_from_the_public()


def _create_clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", sa.String(512), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("auth_method", sa.String(32), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32)),
        sa.Column("instance_id", sa.String(64)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("client_id", name="pk_oauth_clients"),
    )
    op.create_index("ix_oauth_clients_expires_at", "oauth_clients", ["expires_at"])
    op.create_index("ix_oauth_clients_kid", "oauth_clients", ["kid"])
    op.create_index(
        "ix_oauth_clients_kind_last_used_at_created_at",
        "oauth_clients",
        ["kind", "last_used_at", "created_at"],
    )


def _create_connections() -> None:
    op.create_table(
        "oauth_connections",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(160), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_connections"),
    )
    op.create_index("ix_oauth_connections_instance_id", "oauth_connections", ["instance_id"])
    op.create_index("ix_oauth_connections_kid", "oauth_connections", ["kid"])


def _create_pending_logins() -> None:
    op.create_table(
        "oauth_pending_logins",
        sa.Column("txn_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("csrf_hashes", sa.LargeBinary(320), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text()),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("ip_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("txn_hash", name="pk_oauth_pending_logins"),
    )
    op.create_index("ix_oauth_pending_logins_expires_at", "oauth_pending_logins", ["expires_at"])
    op.create_index(
        "ix_oauth_pending_logins_ip_mac_created_at",
        "oauth_pending_logins",
        ["ip_mac", "created_at"],
    )


def _create_grants() -> None:
    op.create_table(
        "oauth_grants",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(512), nullable=False),
        sa.Column("connection_id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(160), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("absolute_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("cnf_jkt", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["oauth_connections.id"],
            name="fk_oauth_grants_connection_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_grants"),
    )
    op.create_index(
        "ix_oauth_grants_active",
        "oauth_grants",
        ["absolute_expires_at"],
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index("ix_oauth_grants_client_id_subject", "oauth_grants", ["client_id", "subject"])
    op.create_index("ix_oauth_grants_connection_id", "oauth_grants", ["connection_id"])
    op.create_index("ix_oauth_grants_ended_at", "oauth_grants", ["ended_at"])


def _create_auth_codes() -> None:
    op.create_table(
        "oauth_auth_codes",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("client_id", sa.String(512), nullable=False),
        sa.Column("connection_id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("redirect_explicit", sa.Boolean(), nullable=False),
        sa.Column("code_challenge", sa.String(128), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", sa.BigInteger()),
        sa.Column("grant_id", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["oauth_connections.id"],
            name="fk_oauth_auth_codes_connection_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name="pk_oauth_auth_codes"),
    )
    op.create_index("ix_oauth_auth_codes_connection_id", "oauth_auth_codes", ["connection_id"])
    op.create_index("ix_oauth_auth_codes_expires_at", "oauth_auth_codes", ["expires_at"])
    op.create_index("ix_oauth_auth_codes_grant_id", "oauth_auth_codes", ["grant_id"])


def _create_tokens() -> None:
    op.create_table(
        "oauth_tokens",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger()),
        sa.Column("successor_hash", sa.LargeBinary(32)),
        sa.Column("replay", sa.LargeBinary()),
        sa.Column("replay_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grants.id"], name="fk_oauth_tokens_grant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_oauth_tokens"),
    )
    op.create_index(
        "ix_oauth_tokens_access",
        "oauth_tokens",
        ["expires_at"],
        sqlite_where=sa.text("kind = 'access'"),
        postgresql_where=sa.text("kind = 'access'"),
    )
    op.create_index("ix_oauth_tokens_grant_id", "oauth_tokens", ["grant_id"])
    op.create_index(
        "ix_oauth_tokens_refresh",
        "oauth_tokens",
        ["expires_at"],
        sqlite_where=sa.text("kind = 'refresh' AND state = 'active'"),
        postgresql_where=sa.text("kind = 'refresh' AND state = 'active'"),
    )
    op.create_index(
        "ix_oauth_tokens_replayable",
        "oauth_tokens",
        ["rotated_at"],
        sqlite_where=sa.text("replay IS NOT NULL"),
        postgresql_where=sa.text("replay IS NOT NULL"),
    )


def _create_sessions() -> None:
    op.create_table(
        "mcp_sessions",
        sa.Column("session_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(512), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(160), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grants.id"], name="fk_mcp_sessions_grant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_hash", name="pk_mcp_sessions"),
    )
    op.create_index("ix_mcp_sessions_grant_id", "mcp_sessions", ["grant_id"])
    op.create_index("ix_mcp_sessions_last_seen", "mcp_sessions", ["last_seen"])


def _create_rate_buckets() -> None:
    op.create_table(
        "rate_buckets",
        sa.Column("bucket", sa.String(32), nullable=False),
        sa.Column("key_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "key_mac", name="pk_rate_buckets"),
    )
    op.create_index("ix_rate_buckets_expires_at", "rate_buckets", ["expires_at"])


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(48), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("instance_id", sa.String(64)),
        sa.Column("client_id", sa.String(512)),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("ip_mac", sa.LargeBinary(32)),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_index("ix_audit_events_grant_id", "audit_events", ["grant_id"])


def _create_crypto_keys() -> None:
    op.create_table(
        "crypto_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("canary", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("kid", name="pk_crypto_keys"),
    )


def _keep_from_the_public() -> None:
    """Take our tables back from the roles as which Supabase serves them to everybody.

    Its default privileges give these roles every new table of the schema `public`.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REVOKE)
