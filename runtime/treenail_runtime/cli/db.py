"""`treenail db`: make, check and upgrade the tables."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.settings import ConfigurationError, read_settings
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database
from treenail_runtime.telemetry import set_up_logging

from .told import told

T = TypeVar("T")


@click.group
def db() -> None:
    """Make, check and upgrade the tables at TREENAIL_DATABASE_URL."""


@db.command
def init() -> None:
    """Make the tables; those that are there already stay as they are."""
    _upgrade()


@db.command
def upgrade() -> None:
    """Bring the tables up to this release."""
    _upgrade()


@db.command
def check() -> None:
    """Connect, and tell what is there; status 1 when it is not what this release needs."""
    with told():
        version, state = with_any_database(_look)
    click.echo(f"{version}, revision {state.found or 'none'}: {state.problem()}")
    if not state.is_current:
        sys.exit(1)


async def _look(database: Database) -> tuple[str, schema.SchemaState]:
    state = await schema.check(database)
    return await database.version(), state


def _upgrade() -> None:
    with told():
        state = with_any_database(schema.upgrade)
    click.echo(f"{state.problem()} (revision {state.found})")


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """What `work` makes of the database of the settings, which has the tables of this release.

    Raises:
        ConfigurationError: The settings are wrong, the database does not answer, or it has others.
    """

    async def run(database: Database) -> T:
        await schema.require_current(database)
        return await work(database)

    return with_any_database(run)


def with_any_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """The same, whatever tables it has.

    Raises:
        ConfigurationError: The settings are wrong, or the database does not answer.
    """
    return asyncio.run(_with_database(work))


async def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    settings = read_settings()
    set_up_logging("error", settings.log_format)
    database = Database(
        settings.database_url.get_secret_value(), pooler=settings.database_pooler, pool_size=1
    )
    try:
        return await work(database)
    except StoreUnavailableError as error:
        raise ConfigurationError(f"the database does not answer: {error}") from None
    finally:
        await database.aclose()
