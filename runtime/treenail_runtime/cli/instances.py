"""`treenail instances`: places of one connector for one owner, made while servers run."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import IO, Literal, TypeVar

import click
from pydantic import SecretStr

from treenail_runtime.administration import (
    Administration,
    AdministrationError,
    Created,
    Made,
    Wanted,
    described,
    described_whole,
)
from treenail_runtime.app.desk import base_url_of, open_administration
from treenail_runtime.dispatch.strict_json import is_object, read_json
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.schema import require_current

from .db import with_database
from .told import told

T = TypeVar("T")

_OPERATOR = "operator"
_as_json = click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
_slug = click.argument("slug")


@click.group
def instances() -> None:
    """Places at which a connector is served for one owner, at /SLUG/mcp.

    The connectors' modules are needed, as for `treenail serve`.
    """


@instances.command
@_slug
@click.option("--service", required=True, help="The connector.")
@click.option("--owner", default=_OPERATOR, show_default=True, help="Whose it is.")
@click.option("--title", help="For people; the connector's unless given.")
@click.option(
    "--credentials",
    type=click.Choice(["person", "instance"]),
    default="person",
    show_default=True,
    help="Whose account of the upstream is used.",
)
@click.option("--client-id", help="By which the upstream's provider knows it.")
@click.option(
    "--client-secret-file", type=click.File(), help="Holds the client's secret; - for stdin."
)
@click.option("--server-url", help="In place of the connector's servers.")
@click.option("--region", help="One of the connector's servers.")
@click.option(
    "--limit", "limits", multiple=True, help="NAME=RULE, such as mcp_grant=100/1m; repeatable."
)
@_as_json
def create(
    slug: str,
    service: str,
    owner: str,
    title: str | None,
    credentials: Literal["person", "instance"],
    client_id: str | None,
    client_secret_file: IO[str] | None,
    server_url: str | None,
    region: str | None,
    limits: Sequence[str],
    as_json: bool,
) -> None:
    """Make the instance SLUG; its access key, if it has one, is shown once."""
    secret = None if client_secret_file is None else SecretStr(client_secret_file.read().strip())
    with told():
        own_limits = _values(limits, None)
    wanted = Wanted(
        slug=slug,
        service=service,
        owner=owner,
        title=title,
        credentials=credentials,
        client_id=client_id,
        client_secret=secret,
        server_url=server_url,
        region=region,
        limits=own_limits,
    )
    with told():
        settings = read_settings()
        created = _administer(settings, lambda desk: desk.create(wanted))
    _print_created(created, settings, as_json=as_json)


@instances.command("list")
@click.option("--owner", help="Only this owner's.")
@click.option("--json", "as_json", is_flag=True, help="One array of JSON.")
def list_instances(owner: str | None, as_json: bool) -> None:
    """Print all instances that were made like this, or over the admin API."""
    with told():
        settings = read_settings()
        found = _administer(settings, lambda desk: desk.list(owner))
    if as_json:
        click.echo(_line([described(each, base_url_of(settings)) for each in found]))
        return
    for each in found:
        click.echo(f"{each.slug}  {each.service}  {each.status}  {each.owner}  {each.title}")


@instances.command
@_slug
@_as_json
def show(slug: str, as_json: bool) -> None:
    """Print the instance SLUG, without its secrets."""
    _tell_of(lambda desk: desk.show(slug, None), as_json=as_json)


@instances.command
@_slug
@_as_json
def disable(slug: str, as_json: bool) -> None:
    """Close the instance SLUG; everything is kept."""
    _tell_of(lambda desk: desk.disable(slug, None), as_json=as_json)


@instances.command
@_slug
@_as_json
def enable(slug: str, as_json: bool) -> None:
    """Open the instance SLUG again."""
    _tell_of(lambda desk: desk.enable(slug, None), as_json=as_json)


@instances.command
@_slug
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--values", type=click.File(), help="A JSON object of login values; - for stdin.")
@_as_json
def credentials(slug: str, pairs: Sequence[str], values: IO[str] | None, as_json: bool) -> None:
    """Give the instance SLUG an account of its own, which is tried at the upstream first.

    Secrets go into --values: other users of the machine can read command lines.
    """
    with told():
        given = _values(pairs, values)

    async def connect(desk: Administration) -> Made:
        record = (await desk.find(slug, None)).record
        secret = {each.name for each in desk.connector(record.service).login if each.secret}
        shown = sorted(secret & {pair.partition("=")[0] for pair in pairs})
        if shown:
            raise ConfigurationError(f"{', '.join(shown)}: secret; give it by --values")
        return await desk.set_credentials(slug, given, None)

    _tell_of(connect, as_json=as_json)


@instances.command("access-key")
@_slug
@_as_json
def access_key(slug: str, as_json: bool) -> None:
    """Give the instance SLUG another access key, shown once; who is connected stays so."""
    with told():
        settings = read_settings()
        created = _administer(settings, lambda desk: desk.rotate_access_key(slug, None))
    _print_created(created, settings, as_json=as_json)


@instances.command
@_slug
@_as_json
def revoke(slug: str, as_json: bool) -> None:
    """End all logins at the instance SLUG, which itself stays."""
    with told():
        ended = _administer(read_settings(), lambda desk: desk.revoke(slug, None))
    click.echo(_line({"logins_ended": ended}) if as_json else f"logins ended: {ended}")


@instances.command
@_slug
@click.option("--yes", is_flag=True, help="Do not ask.")
@_as_json
def delete(slug: str, yes: bool, as_json: bool) -> None:
    """End the instance SLUG: its tokens are dead at once, its credentials are erased.

    What it held of the upstream's tokens is given back there, for about a minute.
    """
    with told():
        settings = read_settings()
        if not yes:
            click.confirm(f"Delete {slug} for good?", abort=True, err=True)
        deleted = _administer(settings, lambda desk: desk.delete(slug, None))
    facts = {
        "id": deleted.record.id,
        "slug": deleted.record.slug,
        "logins_ended": deleted.grants,
        "connections_erased": deleted.connections,
        "upstream_revocations": deleted.tokens,
    }
    click.echo(_line(facts) if as_json else f"{slug} is deleted; logins ended: {deleted.grants}")


def _values(pairs: Sequence[str], file: IO[str] | None) -> Mapping[str, str]:
    given: dict[str, str] = {}
    if file is not None:
        try:
            read = read_json(file.read().encode())
        except ValueError as error:
            raise ConfigurationError(f"--values is no JSON: {error}") from None
        if not is_object(read) or not all(isinstance(each, str) for each in read.values()):
            raise ConfigurationError("--values is no JSON object of texts")
        given |= read
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigurationError("what is not NAME=VALUE cannot be read")
        given[name] = value
    return given


def _tell_of(verb: Callable[[Administration], Awaitable[Made]], *, as_json: bool) -> None:
    with told():
        settings = read_settings()
        made = _administer(settings, verb)
    facts = described_whole(made, base_url_of(settings))
    if as_json:
        click.echo(_line(facts))
        return
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name}: {value if isinstance(value, str | int) else _line(value)}")


def _print_created(created: Created, settings: Settings, *, as_json: bool) -> None:
    facts = described(created.record, base_url_of(settings))
    key = created.access_key
    if as_json:
        shown = None if key is None else key.get_secret_value()
        click.echo(_line({**facts, "access_key": shown}))
    else:
        click.echo(f"{created.record.slug} is {created.record.status} at {facts['url']}")
        if key is not None:
            click.echo(f"access_key: {key.get_secret_value()}")
    if key is not None:
        click.echo("The access key is not kept and cannot be shown again.", err=True)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _administer(settings: Settings, verb: Callable[[Administration], Awaitable[T]]) -> T:
    async def run(database: Database) -> T:
        await require_current(database)
        async with open_administration(settings, database) as desk:
            try:
                return await verb(desk)
            except AdministrationError as error:
                problems = [f"{name}: {text}" for name, text in error.faults.items()]
                raise ConfigurationError(*(problems or [error.detail])) from None

    return with_database(run)
