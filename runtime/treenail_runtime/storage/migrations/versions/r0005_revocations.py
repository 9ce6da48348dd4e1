"""Tokens that upstreams' providers are to forget."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"

_REVOKE: Final = """
DO $$
DECLARE public_role text;
BEGIN
  FOR public_role IN
    SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
  LOOP
    EXECUTE format('REVOKE ALL ON TABLE mcp_revocations FROM %I', public_role);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Go from 0004 to 0005."""
    op.create_table(
        "mcp_revocations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64)),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text()),
        sa.Column("client", sa.Text()),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_mcp_revocations"),
    )
    for column in ("next_attempt_at", "created_at", "kid"):
        op.create_index(f"ix_mcp_revocations_{column}", "mcp_revocations", [column])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REVOKE)
