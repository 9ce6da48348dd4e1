"""The database and the keys that the settings name."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.crypto.keys import KeyRing, WeakSecretError
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.removal import Retention


def open_ring(settings: Settings) -> KeyRing:
    """The key ring.

    Raises:
        ConfigurationError: There is none, or one that can be guessed.
    """
    try:
        return KeyRing.from_settings(settings.auth_secret, settings.auth_secrets)
    except WeakSecretError as error:
        raise ConfigurationError(*error.problems) from None


def open_database(settings: Settings) -> Database:
    """The database; it connects at the first use.

    Raises:
        ConfigurationError: Its URL can lead nowhere.
    """
    return Database(settings.database_url.get_secret_value(), pooler=settings.database_pooler)


def make_cleanup(settings: Settings, database: Database) -> Cleanup:
    """What deletes expired rows."""
    return Cleanup(
        database,
        Retention(
            session_idle=timedelta(seconds=settings.session_idle_seconds),
            grace=timedelta(seconds=settings.refresh_grace_seconds),
        ),
    )


async def answers(database: Database) -> bool:
    """Whether the database answers now."""

    async def ask(connection: AsyncConnection) -> None:
        await connection.execute(select(now_ms))

    try:
        await database.read(ask)
    except StoreUnavailableError:
        return False
    return True
