"""What is done once before any worker serves: schema, keys, the client of the environment."""

from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.canaries import WrongKeysError, admit_keys
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.schema import check, upgrade

from .seeding import seed_client
from .storing import open_database, open_ring


async def prepare(settings: Settings) -> None:
    """Make the storage ready, or refuse to serve with it.

    Raises:
        ConfigurationError: The schema is another release's, a key is missing or wrong, or the
            client of the environment is not one.
        StoreUnavailableError: The database does not answer.
    """
    ring = open_ring(settings)
    database = open_database(settings)
    try:
        await _prepare_schema(database)
        await admit_keys(database, ring)
        await seed_client(settings, ClientStore(database, Sealer(ring)), AuditStore(database))
    except WrongKeysError as error:
        raise ConfigurationError(*error.problems) from None
    finally:
        await database.aclose()


async def _prepare_schema(database: Database) -> None:
    """An empty database is filled; an embedded one is upgraded; PostgreSQL waits for its operator."""
    state = await check(database)
    if state.is_current:
        return
    if state.kind == "missing" or (state.kind == "behind" and database.dialect == "sqlite"):
        await upgrade(database)
        return
    raise ConfigurationError(state.problem())
