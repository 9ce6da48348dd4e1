"""`treenail cache`: have running servers read again what they hold."""

import json
from typing import IO, Any, Final
from urllib.parse import quote

import click
from pydantic import BaseModel

from treenail_runtime.app.instances import DEFAULT
from treenail_runtime.app.messages import Message
from treenail_runtime.app.storing import open_ring
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.loading import names_in
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .reaching import Server, ask, named_server, server_options, tell_all
from .told import told

_PATH: Final = "/api/v1/caches"


@click.group
def cache() -> None:
    """What servers hold of the database and of providers."""


@cache.command
@click.option("--instance", "slug", help="Only what belongs to this instance.")
@click.option("--service", help="Only what belongs to the instances of this connector.")
@click.option("--all", "everything", is_flag=True, help="Everything, of all instances.")
@server_options
def clear(
    slug: str | None,
    service: str | None,
    everything: bool,
    server: str | None,
    token_file: IO[str] | None,
) -> None:
    """Have all workers of all servers read it again, by way of Redis.

    With --token-file one server is asked, which tells its own workers, and others if it has Redis.
    Of itself an instance is read again within 5 seconds, and upstream tokens within 30. Answers of
    upstreams are held as long as the connector says, an hour at most. Tokens of agents are held
    nowhere, unless TREENAIL_TOKEN_CACHE_SECONDS says so.
    """
    with told():
        if [everything, slug is not None, service is not None].count(True) != 1:
            raise ConfigurationError("say --instance SLUG, --service CONNECTOR or --all")
        settings = read_settings()
        set_up_logging(settings.log_level, settings.log_format)
        asked = named_server(settings, server, token_file)
        if asked is None:
            tell_all(settings, _message(settings, slug, service))
            click.echo("told")
        else:
            _print_told(ask(asked, "DELETE", _path(slug, service), _Cleared), asked)


@cache.command
@server_options
def show(server: str | None, token_file: IO[str] | None) -> None:
    """Print as JSON how the caches of one worker of a server are doing."""
    with told():
        asked = named_server(read_settings(), server, token_file)
        if asked is None:
            raise ConfigurationError("say which server, by --token-file and --server")
        click.echo(json.dumps(ask(asked, "GET", _PATH, _Caches).model_dump()))


def _path(slug: str | None, service: str | None) -> str:
    if slug is not None:
        return f"{_PATH}/instances/{quote(slug, safe='')}"
    return _PATH if service is None else f"{_PATH}/services/{quote(service, safe='')}"


def _message(settings: Settings, slug: str | None, service: str | None) -> Message:
    if slug is not None:
        return Message("instance", _id_of(settings, slug))
    if service is None:
        return Message("all")
    if service not in names_in(settings.connectors_dir):
        raise ConfigurationError(f"there is no connector {service!r}")
    return Message("service", service)


class _Cleared(BaseModel):
    told: str


class _Caches(BaseModel):
    worker: str
    caches: list[dict[str, Any]]


def _print_told(answer: _Cleared, server: Server) -> None:
    who = "all servers" if answer.told == "all-servers" else f"the workers of {server.url}"
    click.echo(f"told {who}")


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
