"""Admin tokens, and instances that wait for their return from the upstream's provider."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"

_REVOKE: Final = """
DO $$
DECLARE public_role text;
BEGIN
  FOR public_role IN
    SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
  LOOP
    EXECUTE format('REVOKE ALL ON TABLE admin_tokens, mcp_setups FROM %I', public_role);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Go from 0002 to 0003."""
    _create_admin_tokens()
    _create_setups()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REVOKE)


def _create_admin_tokens() -> None:
    op.create_table(
        "admin_tokens",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_admin_tokens"),
    )
    op.create_index("ix_admin_tokens_token_hash", "admin_tokens", ["token_hash"], unique=True)


def _create_setups() -> None:
    op.create_table(
        "mcp_setups",
        sa.Column("state_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("admin_id", sa.String(64), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["mcp_instances.id"],
            name="fk_mcp_setups_instance_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["admin_id"],
            ["admin_tokens.id"],
            name="fk_mcp_setups_admin_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("state_hash", name="pk_mcp_setups"),
    )
    for column in ("expires_at", "instance_id", "admin_id", "kid"):
        op.create_index(f"ix_mcp_setups_{column}", "mcp_setups", [column])
