"""`treenail connectors`: what can be served, and what servers serve."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from treenail_runtime.app.registry import services_in
from treenail_runtime.auth.instances import ServiceRecord
from treenail_runtime.settings import read_settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.services import ServiceStore

from .db import with_database
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
        found = with_database(_kept) if served else services_in(settings.connectors_dir)
    if as_json:
        click.echo(json.dumps([_facts(each) for each in found], ensure_ascii=False))
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        line = (
            f"{each.name:<{width}}  {each.status:<9}  {each.version or '-':<9}  {each.reason or ''}"
        )
        click.echo(line.rstrip())


async def _kept(database: Database) -> Sequence[ServiceRecord]:
    return await ServiceStore(database).list()


def _facts(service: ServiceRecord) -> Mapping[str, object]:
    loaded = service.loaded_at
    return {**asdict(service), "loaded_at": None if loaded is None else loaded.isoformat()}
