"""What the commands about instances have in common."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import IO, TypeVar

import click

from treenail_runtime.administration import (
    Administration,
    AdministrationError,
    Made,
    described_whole,
)
from treenail_runtime.app.desk import open_administration
from treenail_runtime.app.instances import base_url_of
from treenail_runtime.dispatch.strict_json import is_object, read_json
from treenail_runtime.settings import ConfigurationError, Settings, read_settings
from treenail_runtime.storage.database import Database

from .db import with_database
from .files import read_text
from .told import told

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
slug_argument = click.argument("slug")


async def refuse_shown_secrets(desk: Administration, slug: str, pairs: Sequence[str]) -> None:
    """See that no secret stands on the command line.

    Raises:
        ConfigurationError: One does.
    """
    record = (await desk.find(slug, None)).record
    secret = {each.name for each in desk.connector(record.service).login if each.secret}
    shown = sorted(secret & {pair.partition("=")[0] for pair in pairs})
    if shown:
        raise ConfigurationError(f"{', '.join(shown)}: secret; give it by --values")


def read_pairs(
    pairs: Sequence[str], file: IO[str] | None = None, *, called: str = "an argument"
) -> Mapping[str, str]:
    """NAME=VALUE pairs, which are `called` so, before those of a JSON object.

    Raises:
        ConfigurationError: They cannot be read.
    """
    given: dict[str, str] = {}
    if file is not None:
        try:
            read = read_json(read_text(file, "--values").encode())
        except ValueError as error:
            raise ConfigurationError(f"--values is no JSON: {error}") from None
        if not is_object(read) or not all(isinstance(each, str) for each in read.values()):
            raise ConfigurationError("--values is no JSON object of texts")
        given |= read
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            # Not shown: it may be a secret.
            raise ConfigurationError(f"{called} is not NAME=VALUE")
        given[name] = value
    return given


def tell_of(verb: Callable[[Administration], Awaitable[Made]], *, as_json: bool) -> None:
    """Do something with an instance, and print what it is then."""
    with told():
        settings = read_settings()
        made = administer(settings, verb)
    facts = described_whole(made, base_url_of(settings))
    if as_json:
        click.echo(line_of(facts))
        return
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name}: {value if isinstance(value, str | int) else line_of(value)}")


def line_of(value: object) -> str:
    """JSON, on one line."""
    return json.dumps(value, ensure_ascii=False)


def administer(settings: Settings, verb: Callable[[Administration], Awaitable[T]]) -> T:
    """What `verb` makes of the instances.

    Raises:
        ConfigurationError: It cannot be done.
    """

    async def run(database: Database) -> T:
        async with open_administration(settings, database) as desk:
            try:
                return await verb(desk)
            except AdministrationError as error:
                problems = [f"{name}: {text}" for name, text in error.faults.items()]
                raise ConfigurationError(*(problems or [error.detail])) from None

    return with_database(run)
