"""`treenail instances set`: what an instance has of its own is changed."""

from collections.abc import Mapping, Sequence
from typing import IO, Final

import click
from pydantic import SecretStr

from treenail_runtime.administration import Administration, Change, Changes, Made
from treenail_runtime.settings import ConfigurationError

from .administering import (
    json_option,
    read_pairs,
    refuse_shown_secrets,
    slug_argument,
    tell_of,
)
from .files import read_secret
from .told import told

_SINGLE: Final = {
    "title": "title",
    "client-id": "client_id",
    "client-secret": "client_secret",
    "server-url": "server_url",
    "region": "region",
}
"""Fields by the names of their options."""


@click.command("set")
@slug_argument
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--title", help="For people.")
@click.option("--client-id", help="By which the upstream's provider knows it.")
@click.option(
    "--client-secret-file", type=click.File(), help="Holds the client's secret; - for stdin."
)
@click.option("--server-url", help="In place of the connector's servers.")
@click.option("--region", help="One of the connector's servers.")
@click.option(
    "--limit", "limits", multiple=True, help="NAME=RULE, such as mcp_grant=100/1m; repeatable."
)
@click.option("--values", type=click.File(), help="A JSON object of login values; - for stdin.")
@click.option(
    "--unset",
    multiple=True,
    help="title, client-id, client-secret, server-url, region, limits.NAME or values.NAME; repeatable.",
)
@click.option("--version", type=int, help="Only if it is this version of the instance.")
@json_option
def set_settings(
    slug: str,
    pairs: Sequence[str],
    client_secret_file: IO[str] | None,
    limits: Sequence[str],
    values: IO[str] | None,
    unset: Sequence[str],
    version: int | None,
    as_json: bool,
    **single: str | None,
) -> None:
    """Change what the instance SLUG has of its own; everything else stays.

    NAME=VALUE and --values are login values of its own account, which is tried at the upstream
    first. Another region ends its sessions, another client its logins at the provider, and another
    server all its logins: people, and the instance itself, log in again.
    """
    with told():
        given: dict[str, str | None] = {k: v for k, v in single.items() if v is not None}
        own_limits: dict[str, str | None] = {**read_pairs(limits, called="--limit")}
        account: dict[str, str | None] = {**read_pairs(pairs, values)}
        secret = client_secret_file and read_secret(client_secret_file, "--client-secret-file")
        if secret is not None and "client-secret" in unset:
            raise _set_too("client-secret")
        _unset(unset, given, own_limits, account)
        change = _change(given, secret, own_limits, account)

    async def apply(desk: Administration) -> Made:
        await refuse_shown_secrets(desk, slug, pairs)
        return await Changes(desk).apply(slug, change, None, version=version)

    tell_of(apply, as_json=as_json)


def _unset(
    names: Sequence[str],
    given: dict[str, str | None],
    limits: dict[str, str | None],
    account: dict[str, str | None],
) -> None:
    for name in names:
        kind, dot, key = name.partition(".")
        if name in _SINGLE:
            target, key = given, _SINGLE[name]
        elif dot and kind in {"limits", "values"}:
            target = limits if kind == "limits" else account
        else:
            raise ConfigurationError(f"--unset {name}: there is no such setting")
        if target.get(key) is not None:
            raise _set_too(name)
        target[key] = None


def _set_too(name: str) -> ConfigurationError:
    return ConfigurationError(f"--unset {name}: it is set by the same command")


def _change(
    given: Mapping[str, str | None],
    secret: str | None,
    limits: Mapping[str, str | None],
    account: Mapping[str, str | None],
) -> Change:
    names = {*given}
    names |= {"limits"} if limits else set()
    names |= {"values"} if account else set()
    names |= {"client_secret"} if secret is not None else set()
    if not names:
        raise ConfigurationError("say what is to be changed")
    return Change(
        given=frozenset(names),
        title=given.get("title"),
        client_id=given.get("client_id"),
        client_secret=None if secret is None else SecretStr(secret),
        server_url=given.get("server_url"),
        region=given.get("region"),
        limits=limits,
        values=account,
    )
