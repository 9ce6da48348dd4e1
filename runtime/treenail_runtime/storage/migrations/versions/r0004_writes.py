"""How often something was written through a connection."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """Go from 0003 to 0004."""
    op.add_column(
        "oauth_connections",
        sa.Column("writes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
