"""`treenail instances`: places of one connector for one owner, made while servers run."""

from collections.abc import Sequence
from typing import IO, Literal

import click
from pydantic import SecretStr

from treenail_runtime.administration import (
    Administration,
    Created,
    Made,
    Wanted,
    described,
)
from treenail_runtime.app.instances import base_url_of
from treenail_runtime.auth.instances import InstanceRecord
from treenail_runtime.settings import Settings, read_settings

from .administering import (
    administer,
    json_option,
    line_of,
    read_pairs,
    refuse_shown_secrets,
    slug_argument,
    tell_of,
)
from .files import read_secret
from .instance_settings import set_settings
from .told import told

_OPERATOR = "operator"


@click.group
def instances() -> None:
    """Places at which a connector is served for one owner, at /SLUG/mcp.

    The connectors' modules are needed, as for `treenail serve`.
    """


@instances.command
@slug_argument
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
@json_option
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
    with told():
        own_limits = read_pairs(limits, called="--limit")
        secret = client_secret_file and read_secret(client_secret_file, "--client-secret-file")
    wanted = Wanted(
        slug=slug,
        service=service,
        owner=owner,
        title=title,
        credentials=credentials,
        client_id=client_id,
        client_secret=None if secret is None else SecretStr(secret),
        server_url=server_url,
        region=region,
        limits=own_limits,
    )
    with told():
        settings = read_settings()
        created = administer(settings, lambda desk: desk.create(wanted))
    _print_created(created, settings, as_json=as_json)


@instances.command("list")
@click.option("--owner", help="Only this owner's.")
@click.option("--json", "as_json", is_flag=True, help="One array of JSON.")
def list_instances(owner: str | None, as_json: bool) -> None:
    """Print all instances that were made like this, or over the admin API."""
    with told():
        settings = read_settings()
        found = administer(settings, lambda desk: _all(desk, owner))
    if as_json:
        click.echo(line_of([described(each, base_url_of(settings)) for each in found]))
        return
    for each in found:
        click.echo(f"{each.slug}  {each.service}  {each.status}  {each.owner}  {each.title}")


async def _all(desk: Administration, owner: str | None) -> Sequence[InstanceRecord]:
    found: list[InstanceRecord] = []
    while page := await desk.list(owner, after=found[-1].slug if found else ""):
        found.extend(page)
    return found


@instances.command
@slug_argument
@json_option
def show(slug: str, as_json: bool) -> None:
    """Print the instance SLUG, without its secrets."""
    tell_of(lambda desk: desk.show(slug, None), as_json=as_json)


@instances.command
@slug_argument
@json_option
def disable(slug: str, as_json: bool) -> None:
    """Close the instance SLUG; everything is kept."""
    tell_of(lambda desk: desk.disable(slug, None), as_json=as_json)


@instances.command
@slug_argument
@json_option
def enable(slug: str, as_json: bool) -> None:
    """Open the instance SLUG again."""
    tell_of(lambda desk: desk.enable(slug, None), as_json=as_json)


@instances.command
@slug_argument
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--values", type=click.File(), help="A JSON object of login values; - for stdin.")
@json_option
def credentials(slug: str, pairs: Sequence[str], values: IO[str] | None, as_json: bool) -> None:
    """Give the instance SLUG an account of its own, which is tried at the upstream first.

    Secrets go into --values: other users of the machine can read command lines.
    """
    with told():
        given = read_pairs(pairs, values)

    async def connect(desk: Administration) -> Made:
        await refuse_shown_secrets(desk, slug, pairs)
        return await desk.set_credentials(slug, given, None)

    tell_of(connect, as_json=as_json)


@instances.command
@slug_argument
@json_option
def refresh(slug: str, as_json: bool) -> None:
    """Replace the upstream's tokens that the instance SLUG holds itself, now."""
    tell_of(lambda desk: desk.refresh(slug, None), as_json=as_json)


@instances.command("access-key")
@slug_argument
@json_option
def access_key(slug: str, as_json: bool) -> None:
    """Give the instance SLUG another access key, shown once; who is connected stays so."""
    with told():
        settings = read_settings()
        created = administer(settings, lambda desk: desk.rotate_access_key(slug, None))
    _print_created(created, settings, as_json=as_json)


@instances.command
@slug_argument
@json_option
def revoke(slug: str, as_json: bool) -> None:
    """End all logins at the instance SLUG, which itself stays."""
    with told():
        ended = administer(read_settings(), lambda desk: desk.revoke(slug, None))
    click.echo(line_of({"logins_ended": ended}) if as_json else f"logins ended: {ended}")


@instances.command
@slug_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(slug: str, yes: bool, as_json: bool) -> None:
    """End the instance SLUG: its tokens are dead at once, its credentials are erased.

    What it held of the upstream's tokens is given back there, for about a minute.
    """
    with told():
        settings = read_settings()
        if not yes:
            click.confirm(f"Delete {slug} for good?", abort=True, err=True)
        deleted = administer(settings, lambda desk: desk.delete(slug, None))
    facts = {
        "id": deleted.record.id,
        "slug": deleted.record.slug,
        "logins_ended": deleted.grants,
        "connections_erased": deleted.connections,
        "upstream_revocations": deleted.tokens,
    }
    click.echo(line_of(facts) if as_json else f"{slug} is deleted; logins ended: {deleted.grants}")


instances.add_command(set_settings)


def _print_created(created: Created, settings: Settings, *, as_json: bool) -> None:
    facts = described(created.record, base_url_of(settings))
    key = created.access_key
    if as_json:
        shown = None if key is None else key.get_secret_value()
        click.echo(line_of({**facts, "access_key": shown}))
    else:
        click.echo(f"{created.record.slug} is {created.record.status} at {facts['url']}")
        if key is not None:
            click.echo(f"access_key: {key.get_secret_value()}")
    if key is not None:
        click.echo("The access key is not kept and cannot be shown again.", err=True)
