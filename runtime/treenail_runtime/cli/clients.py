"""`treenail clients`: the applications that the operator approves, and those that came by themselves."""

import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import click

from treenail_runtime.app.seeding import CLIENT_ID
from treenail_runtime.app.storing import open_ring
from treenail_runtime.auth.records import AuthMethod, Client, Digest
from treenail_runtime.auth.redirect_uris import check_redirect_uri
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.clients import ClientExistsError, ClientStore, ListedClient
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .told import told

T = TypeVar("T")

_PREFIX = "treenail"
_METHODS: dict[str | None, AuthMethod] = {
    None: "none",
    "basic": "client_secret_basic",
    "post": "client_secret_post",
}


@click.group
def clients() -> None:
    """Applications that may ask people for access."""


@clients.command
@click.argument("name")
@click.option("--redirect-uri", "uris", multiple=True, help="Where answers go; repeatable.")
@click.option("--id", "client_id", help="A random one unless given.")
@click.option(
    "--confidential",
    type=click.Choice(["basic", "post"]),
    help="It keeps a secret, and sends it like this.",
)
@click.option("--web", is_flag=True, help="It runs on a server: https only, no loopback.")
@click.option("--scope", "scopes", multiple=True, help="All it may ask for; repeatable.")
@click.option("--instance", help="The only instance that knows it: `default` or a connector.")
@click.option("--introspect", is_flag=True, help="It may introspect the tokens of others.")
def add(
    name: str,
    uris: Sequence[str],
    client_id: str | None,
    confidential: Literal["basic", "post"] | None,
    web: bool,  # click gives it by name
    scopes: Sequence[str],
    instance: str | None,
    introspect: bool,  # the same
) -> None:
    """Register the application NAME; its secret, if it has one, is shown once."""
    secret = new_token(_PREFIX, "sec") if confidential else None
    client = Client(
        client_id=client_id or uuid.uuid4().hex,
        kind="preregistered",
        name=name,
        redirect_uris=tuple(uris),
        auth_method=_METHODS[confidential],
        application_type="web" if web else "native",
        scopes=frozenset(scopes) or None,
        secret_digest=Digest(digest(secret)) if secret else None,
        instance_id=instance,
        may_introspect=introspect,
    )
    with told():
        settings = read_settings()
        problems = _problems(client, settings)
        if problems:
            raise ConfigurationError(*problems)

        async def keep(stores: _Stores) -> None:
            await stores.clients.add(client)
            await stores.tell_change(client.client_id, "added")

        try:
            _with_stores(settings, keep)
        except ClientExistsError:
            raise ConfigurationError(f"there is a client {client.client_id} already") from None
    _print_credentials(client.client_id, secret)


def _problems(client: Client, settings: Settings) -> list[str]:
    problems: list[str] = []
    if not CLIENT_ID.fullmatch(client.client_id):
        problems.append("--id must be up to 128 letters, digits, and . _ ~ -")
    if not client.name.isprintable() or not 0 < len(client.name) <= 256:  # noqa: PLR2004  # RFC 7591's has the same bound here
        problems.append("NAME must be 1 to 256 printable characters")
    if not client.redirect_uris and not client.may_introspect:
        problems.append("--redirect-uri is missing: without one no answer can be given")
    if client.may_introspect and client.is_public:
        problems.append("--introspect needs --confidential: introspection demands a secret")
    schemes = frozenset(settings.redirect_schemes)
    for uri in client.redirect_uris:
        problem = check_redirect_uri(uri, application_type=client.application_type, schemes=schemes)
        if problem is not None:
            problems.append(f"--redirect-uri {uri!r} {problem}")
    return problems


@clients.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One array of JSON.")
def list_clients(as_json: bool) -> None:  # click gives it by name
    """Print all clients, also those that registered themselves."""
    with told():
        found = _with_stores(read_settings(), lambda stores: stores.clients.list())
    if as_json:
        click.echo(json.dumps([_described(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        client = each.client
        state = "disabled" if client.disabled else client.auth_method
        used = f"{each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never used"
        click.echo(f"{client.client_id}  {client.kind}  {state}  {used}  {client.name}")


def _described(listed: ListedClient) -> dict[str, object]:
    client = listed.client
    used = listed.last_used_at
    return {
        "client_id": client.client_id,
        "kind": client.kind,
        "name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "auth_method": client.auth_method,
        "application_type": client.application_type,
        "scopes": None if client.scopes is None else sorted(client.scopes),
        "instance": client.instance_id,
        "may_introspect": client.may_introspect,
        "disabled": client.disabled,
        "created_at": listed.created_at.isoformat(timespec="seconds"),
        "last_used_at": None if used is None else used.isoformat(timespec="seconds"),
    }


@clients.command
@click.argument("client_id", metavar="ID")
def disable(client_id: str) -> None:
    """Make the client ID unknown and end everything that was granted to it.

    ID may be the URL of any client's document, whether it was used here or not.
    """

    async def end(stores: _Stores) -> int | None:
        # Unknown first, so that nothing is granted behind the revocation.
        if not await stores.clients.disable(client_id):
            return None
        await stores.tell_change(client_id, "disabled")
        ended = await stores.grants.revoke_client(client_id)
        await stores.audit.record(
            "grant.revoked", "ended", client_id=client_id, reason="operator", count=ended
        )
        return ended

    with told():
        ended = _with_stores(read_settings(), end)
        if ended is None:
            raise _unknown(client_id)
    click.echo(f"{client_id} is disabled; grants ended: {ended}")


@clients.command
@click.argument("client_id", metavar="ID")
def enable(client_id: str) -> None:
    """Make the client ID known again; what was ended stays ended."""

    async def begin(stores: _Stores) -> bool:
        found = await stores.clients.enable(client_id)
        if found:
            await stores.tell_change(client_id, "enabled")
        return found

    with told():
        if not _with_stores(read_settings(), begin):
            raise _unknown(client_id)
    click.echo(f"{client_id} is enabled")


@clients.command("rotate-secret")
@click.argument("client_id", metavar="ID")
def rotate_secret(client_id: str) -> None:
    """Give the client ID a new secret, shown once; the one before is void at once."""
    secret = new_token(_PREFIX, "sec")
    rotated = Digest(digest(secret))

    async def rotate(stores: _Stores) -> bool:
        found = await stores.clients.rotate_secret(client_id, rotated)
        if found:
            await stores.tell_change(client_id, "secret")
        return found

    with told():
        settings = read_settings()
        if not _with_stores(settings, rotate):
            raise ConfigurationError(f"there is no confidential client {client_id!r}")
    _print_credentials(client_id, secret)
    if client_id == settings.auto_seed_client_id:
        click.echo(
            "The next start of a server undoes this: AUTO_SEED_CLIENT_ID names this client, and"
            " AUTO_SEED_CLIENT_SECRET is its secret. Change it there.",
            err=True,
        )


@dataclass(frozen=True, slots=True)
class _Stores:
    clients: ClientStore
    grants: GrantStore
    audit: AuditStore

    async def tell_change(self, client_id: str, change: str) -> None:
        """Let the audit know what the operator did."""
        await self.audit.record("client.changed", "success", client_id=client_id, change=change)


def _with_stores(settings: Settings, work: Callable[[_Stores], Awaitable[T]]) -> T:
    set_up_logging(settings.log_level, settings.log_format)
    ring = open_ring(settings)

    async def run(database: Database) -> T:
        clients = ClientStore(database, Sealer(ring))
        return await work(_Stores(clients, GrantStore(database), AuditStore(database)))

    return with_database(run)


def _unknown(client_id: str) -> ConfigurationError:
    return ConfigurationError(f"there is no client {client_id!r}; see `treenail clients list`")


def _print_credentials(client_id: str, secret: str | None) -> None:
    click.echo(f"client_id: {client_id}")
    if secret is not None:
        click.echo(f"client_secret: {secret}")
        click.echo("The secret is not kept and cannot be shown again.", err=True)
