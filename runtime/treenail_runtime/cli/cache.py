"""`treenail cache`: have running servers read again what they hold."""

import asyncio

import click

from treenail_runtime.app.instances import DEFAULT
from treenail_runtime.app.invalidating import Announcer, open_redis
from treenail_runtime.app.storing import open_ring
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.loading import names_in
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .told import told


@click.group
def cache() -> None:
    """What servers hold of the database and of providers."""


@cache.command
@click.option("--instance", "slug", help="Only what belongs to this instance.")
@click.option("--all", "everything", is_flag=True, help="Everything, of all instances.")
def clear(slug: str | None, everything: bool) -> None:
    """Have all workers of all servers read it again, by way of Redis.

    Without REDIS_URL there is no way to tell them: instances are then read again within 5 seconds
    and upstream tokens within 30, or at once after a restart. Tokens of agents are held nowhere.
    """
    with told():
        if everything == (slug is not None):
            raise ConfigurationError("say --instance SLUG or --all")
        settings = read_settings()
        set_up_logging(settings.log_level, settings.log_format)
        instance_id = None if slug is None else _id_of(settings, slug)
        asyncio.run(_clear(settings, instance_id))
    click.echo("told")


def _id_of(settings: Settings, slug: str) -> str:
    if slug in {DEFAULT, *names_in(settings.connectors_dir)}:
        return slug
    ring = open_ring(settings)

    async def find(database: Database) -> str | None:
        found = await InstanceStore(database, Sealer(ring), Macs(ring)).by_slug(slug)
        return None if found is None else found.record.id

    found = with_database(find)
    if found is None:
        raise ConfigurationError(f"there is no instance {slug!r}")
    return found


async def _clear(settings: Settings, instance_id: str | None) -> None:
    redis = open_redis(settings)
    if redis is None:
        raise ConfigurationError("REDIS_URL is not set: servers cannot be told")
    announcer = Announcer(redis)
    try:
        if not await announcer.send(instance_id):
            raise ConfigurationError("Redis does not answer: servers were not told")
    finally:
        await announcer.aclose()
