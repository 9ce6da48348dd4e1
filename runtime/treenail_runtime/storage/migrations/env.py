"""How Alembic runs a migration: on the connection that `storage.schema` hands over."""

from alembic import context
from sqlalchemy import Connection

from treenail_runtime.storage.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
