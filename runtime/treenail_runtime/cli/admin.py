"""`treenail admin`: what an operator does in an emergency."""

import json

import click

from treenail_runtime.settings import read_settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .told import told


@click.group
def admin() -> None:
    """Emergencies: end what must not go on."""


@admin.command("revoke-all")
@click.option("--client", help="Only the grants of this client id.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def revoke_all(client: str | None, yes: bool, as_json: bool) -> None:
    """End every login: all tokens are refused from now on, and people have to connect again.

    For a key that became known, a stolen database, or a backup that was restored and has revived
    refresh tokens. The cleanup erases the stored credentials about a minute later.
    """
    with told():
        settings = read_settings()
        set_up_logging(settings.log_level, settings.log_format)
        if not yes:
            whose = f"of client {client}" if client else "of everybody"
            click.confirm(f"End all logins {whose}?", abort=True, err=True)
        ended = with_database(lambda database: _revoke(database, client))
    click.echo(
        json.dumps({"ended": ended})
        if as_json
        else f"{ended} login{'' if ended == 1 else 's'} ended"
    )


async def _revoke(database: Database, client: str | None) -> int:
    grants = GrantStore(database)
    ended = await (grants.revoke_client(client) if client else grants.revoke_all())
    await AuditStore(database).record(
        "grant.revoked", "ended", client_id=client, reason="operator", count=ended
    )
    return ended
