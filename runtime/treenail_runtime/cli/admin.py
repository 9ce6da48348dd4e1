"""`treenail admin`: what an operator does in an emergency, and who may administer instances."""

import json
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

import click

from treenail_runtime.administration.describing import told as moment_told
from treenail_runtime.auth.admins import Admin
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.settings import ConfigurationError, read_settings
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .told import told

T = TypeVar("T")

_PREFIX = "treenail"
_DAY = 86_400
_LONGEST_OWNER = 200


@click.group
def admin() -> None:
    """Emergencies, and the tokens of the admin API."""


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


@admin.group
def tokens() -> None:
    """Tokens of the admin API at /api/v1, each for one owner of instances."""


@tokens.command
@click.option("--owner", required=True, help="Whose instances it makes.")
@click.option(
    "--role",
    type=click.Choice(["owner", "admin"]),
    default="owner",
    show_default=True,
    help="Whether it knows only these, or all.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), help="After which it is void; never unless given."
)
def create(owner: str, role: Literal["owner", "admin"], days: int | None) -> None:
    """Make a token, shown once."""
    token = new_token(_PREFIX, "adm")
    lasts_s = None if days is None else days * _DAY
    with told():
        if not (0 < len(owner) <= _LONGEST_OWNER and owner.isprintable()):
            raise ConfigurationError(f"--owner must be 1 to {_LONGEST_OWNER} printable characters")

        async def add(store: AdminStore) -> Admin:
            return await store.add(Digest(digest(token)), owner=owner, role=role, lasts_s=lasts_s)

        made = _with_tokens(add, "created")
    click.echo(f"id: {made.id}")
    click.echo(f"token: {token}")
    click.echo("The token is not kept and cannot be shown again.", err=True)


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="One array of JSON.")
def list_tokens(as_json: bool) -> None:
    """Print all tokens by their ids; a token itself is never shown."""
    with told():
        found = _with_tokens(lambda store: store.list())
    if as_json:
        click.echo(json.dumps([_described(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        until = f"until {moment_told(each.expires_at)}" if each.expires_at else "for ever"
        click.echo(f"{each.id}  {each.role}  {until}  {each.owner}")


@tokens.command
@click.argument("token_id", metavar="ID")
def remove(token_id: str) -> None:
    """Make the token ID void at once; instances that it has made stay."""
    with told():
        if not _with_tokens(lambda store: store.remove(token_id), "removed"):
            raise ConfigurationError(
                f"there is no token {token_id!r}; see `treenail admin tokens list`"
            )
    click.echo(f"{token_id} is void")


def _described(admin: Admin) -> dict[str, object]:
    return {
        "id": admin.id,
        "owner": admin.owner,
        "role": admin.role,
        "created_at": moment_told(admin.created_at),
        "expires_at": None if admin.expires_at is None else moment_told(admin.expires_at),
    }


def _with_tokens(work: Callable[[AdminStore], Awaitable[T]], change: str | None = None) -> T:
    """What `work` makes of the tokens; a change is told to the audit."""

    async def run(database: Database) -> T:
        result = await work(AdminStore(database))
        if change is not None:
            await AuditStore(database).record("admin.token", "success", change=change)
        return result

    return with_database(run)
