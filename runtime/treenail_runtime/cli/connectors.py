"""`treenail connectors`: what can be served, and what servers serve."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO
from urllib.parse import quote

import click
from pydantic import BaseModel

from treenail_runtime.app.messages import Message
from treenail_runtime.app.registry import services_in
from treenail_runtime.auth.instances import ServiceRecord
from treenail_runtime.loading import names_in
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.services import ServiceStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .reaching import ask, named_server, server_options, tell_all
from .told import told


@click.group
def connectors() -> None:
    """Connectors: those of the folder, and those that servers have loaded."""


@connectors.command("list")
@click.option("--served", is_flag=True, help="What servers over this database said last.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
@click.option("--connectors-dir", type=click.Path(path_type=Path), help="Folder of the modules.")
def list_connectors(served: bool, as_json: bool, **options: object) -> None:
    """List the connectors with their health.

    healthy: can be served. degraded: is served, but is not what its lock says, or its files cannot
    be loaded any more. unhealthy: cannot be loaded. The last column says why.
    """
    with told():
        settings = read_settings(**options)
        found = with_database(_kept) if served else _found(settings.connectors_dir)
    if as_json:
        click.echo(json.dumps([_facts(each) for each in found], ensure_ascii=False))
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        line = (
            f"{each.name:<{width}}  {each.status:<9}  {each.version or '-':<9}  {each.reason or ''}"
        )
        click.echo(line.rstrip())


@connectors.command
@click.argument("name", required=False)
@server_options
def reload(name: str | None, server: str | None, token_file: IO[str] | None) -> None:
    """Have running servers load what has changed; with NAME this connector, changed or not.

    Told by way of Redis, all workers of all servers do so. With --token-file one server is asked,
    which says what came of it, and tells its other workers. Calls that run finish on what they
    began with.
    """
    with told():
        settings = read_settings()
        set_up_logging(settings.log_level, settings.log_format)
        asked = named_server(settings, server, token_file)
        if asked is None:
            tell_all(settings, Message("connectors", _known(settings, name)))
            click.echo("told; see `treenail connectors list --served`")
        else:
            within = "" if name is None else f"/{quote(name, safe='')}"
            _print_reloaded(ask(asked, "POST", f"/api/v1/connectors{within}/reload", _Reloaded))


@connectors.command
@click.argument("name")
def forget(name: str) -> None:
    """Forget what servers said of NAME when they loaded it last, once none has it any more.

    Its name is then free for instances. A server that still has it tells of it again when it
    loads it.
    """
    with told():

        async def work(database: Database) -> bool:
            return await ServiceStore(database).forget(name)

        if not with_database(work):
            raise ConfigurationError(
                f"no server has told of a connector {name!r}; see `treenail connectors list --served`"
            )
    click.echo(f"forgot {name}")


def _found(directory: Path) -> list[ServiceRecord]:
    if not directory.is_dir():
        raise ConfigurationError(f"{directory}: there is no such folder")
    return services_in(directory)


def _known(settings: Settings, name: str | None) -> str:
    if name is not None and name not in names_in(settings.connectors_dir):
        raise ConfigurationError(f"there is no connector {name!r}")
    return name or ""


class _Service(BaseModel):
    name: str
    status: str
    reason: str | None


class _Reloaded(BaseModel):
    loaded: list[str]
    services: list[_Service]


def _print_reloaded(answer: _Reloaded) -> None:
    click.echo(f"loaded: {', '.join(answer.loaded) or 'nothing has changed'}")
    for each in answer.services:
        click.echo(f"{each.name}  {each.status}  {each.reason or ''}".rstrip())


async def _kept(database: Database) -> Sequence[ServiceRecord]:
    return await ServiceStore(database).list()


def _facts(service: ServiceRecord) -> Mapping[str, object]:
    loaded = service.loaded_at
    return {**asdict(service), "loaded_at": None if loaded is None else loaded.isoformat()}
