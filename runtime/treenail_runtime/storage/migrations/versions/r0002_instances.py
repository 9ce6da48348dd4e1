"""Services, instances, the upstream's tokens, and logins that go by way of the upstream."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

_REVOKE: Final = """
DO $$
DECLARE public_role text;
BEGIN
  FOR public_role IN
    SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
  LOOP
    EXECUTE format(
      'REVOKE ALL ON TABLE mcp_services, mcp_instances, mcp_credentials FROM %I', public_role);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Go from 0001 to 0002."""
    _widen_pending_logins()
    _find_clients_by_instance()
    _create_services()
    _create_instances()
    _create_credentials()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REVOKE)


def _widen_pending_logins() -> None:
    table = "oauth_pending_logins"
    op.add_column(table, sa.Column("upstream_state_hash", sa.LargeBinary(32)))
    op.add_column(table, sa.Column("upstream", sa.Text()))
    op.add_column(
        table,
        sa.Column("step", sa.String(16), server_default=sa.text("'page'"), nullable=False),
    )
    op.create_index("ix_oauth_pending_logins_upstream_state_hash", table, ["upstream_state_hash"])


def _find_clients_by_instance() -> None:
    op.create_index(
        "ix_oauth_clients_instance_id",
        "oauth_clients",
        ["instance_id"],
        sqlite_where=sa.text("instance_id IS NOT NULL"),
        postgresql_where=sa.text("instance_id IS NOT NULL"),
    )


def _create_services() -> None:
    op.create_table(
        "mcp_services",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("contract", sa.Integer()),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mcp_services"),
    )


def _create_instances() -> None:
    op.create_table(
        "mcp_instances",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("credentials", sa.String(16), nullable=False),
        sa.Column("access_key_hash", sa.LargeBinary(32)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("pending_since", sa.BigInteger()),
        sa.Column("last_error", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_mcp_instances"),
    )
    op.create_index(
        "ix_mcp_instances_slug",
        "mcp_instances",
        ["slug"],
        unique=True,
        sqlite_where=sa.text("status <> 'deleted'"),
        postgresql_where=sa.text("status <> 'deleted'"),
    )
    op.create_index("ix_mcp_instances_owner", "mcp_instances", ["owner"])
    op.create_index("ix_mcp_instances_kid", "mcp_instances", ["kid"])
    op.create_index(
        "ix_mcp_instances_pending",
        "mcp_instances",
        ["pending_since"],
        sqlite_where=sa.text("pending_since IS NOT NULL"),
        postgresql_where=sa.text("pending_since IS NOT NULL"),
    )
    op.create_index("ix_mcp_instances_status_changed_at", "mcp_instances", ["status", "changed_at"])


def _create_credentials() -> None:
    op.create_table(
        "mcp_credentials",
        sa.Column("connection_id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text()),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("refresh_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger()),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("last_error", sa.String(64)),
        sa.Column("refreshed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["oauth_connections.id"],
            name="fk_mcp_credentials_connection_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", name="pk_mcp_credentials"),
    )
    op.create_index("ix_mcp_credentials_instance_id", "mcp_credentials", ["instance_id"])
    op.create_index("ix_mcp_credentials_kid", "mcp_credentials", ["kid"])
    op.create_index(
        "ix_mcp_credentials_refreshable",
        "mcp_credentials",
        ["expires_at"],
        sqlite_where=sa.text("refresh IS NOT NULL"),
        postgresql_where=sa.text("refresh IS NOT NULL"),
    )
    op.create_index(
        "ix_mcp_credentials_ended",
        "mcp_credentials",
        ["ended_at"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
