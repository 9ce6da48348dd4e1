"""`treenail cleanup`."""

import json

import click

from treenail_runtime.storage.cleanup import Cleanup

from .db import with_database
from .told import told

_ALL = 1_000_000
"""Batches; more than any database has."""


@click.command
@click.option("--json", "as_json", is_flag=True, help="The counts as one line of JSON.")
def cleanup(as_json: bool) -> None:
    """Remove what has expired, once; a running server does so every minute."""
    with told():
        counts = with_database(lambda database: Cleanup(database).run(thorough=True, batches=_ALL))
    if as_json:
        click.echo(json.dumps(dict(sorted(counts.items()))))
        return
    for name, count in sorted(counts.items()):
        click.echo(f"{name}: {count}")
    if not counts:
        click.echo("nothing to remove")
