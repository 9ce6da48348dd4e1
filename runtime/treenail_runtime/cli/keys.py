"""`treenail keys`: make a secret, check the ones there are, seal everything anew with the first."""

import base64
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

import click

from treenail_runtime.crypto.keys import KEY_BYTES, KeyRing, WeakSecretError, is_kid
from treenail_runtime.settings import ConfigurationError, read_settings
from treenail_runtime.storage.canaries import KeyReport, WrongKeysError, inspect_keys
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.key_rotation import Progress, RotationReport, TableReport
from treenail_runtime.storage.key_rotation import rotate as rotate_keys
from treenail_runtime.telemetry import set_up_logging

from .db import with_database
from .told import told

T = TypeVar("T")


@click.group
def keys() -> None:
    """The secrets that seal stored credentials: AUTH_SECRETS=KID:BASE64,KID:BASE64.

    The first one seals, all of them open.
    """


@keys.command
@click.option("--kid", help="Its key id: 1 to 32 of a-z, 0-9, _ and -; a random one unless given.")
def generate(kid: str | None) -> None:
    """Print a new secret as a line for the environment; it is stored nowhere.

    To replace a secret, first add the new one behind the old one on all servers, then put it in
    front on all servers, then run `treenail keys rotate`, then remove the old one.
    """
    with told():
        if kid is not None and not is_kid(kid):
            raise ConfigurationError("--kid is not 1 to 32 of a-z, 0-9, _ and -")
    name = kid or f"k{secrets.token_hex(3)}"
    secret = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    click.echo(f"AUTH_SECRETS={name}:{secret}")


@keys.command
def check() -> None:
    """Tell whether the secrets open what is stored, and how many rows each has sealed.

    Changes nothing. Status 1 when a secret is wrong or missing.
    """
    with told():
        report, ring = _with_keys(inspect_keys)
    _print_report(report, ring)
    sys.exit(1 if report.problems else 0)


@keys.command
@click.option(
    "--batch", type=click.IntRange(1, 10_000), default=500, help="Rows a transaction.",
    show_default=True,
)  # fmt: skip
def rotate(batch: int) -> None:
    """Seal everything anew with the first secret, while servers run.

    It may be stopped and started again, and run twice at a time. Status 1 when a row could not be
    opened or was held by others all the time.
    """
    with told():
        try:
            report, ring = _with_keys(partial(rotate_keys, batch=batch, progress=_print_progress))
        except WrongKeysError as error:
            _tell(error.problems)
            sys.exit(1)
    _print_rotation(report, ring)
    sys.exit(0 if report.complete else 1)


def _with_keys(work: Callable[[Database, KeyRing], Awaitable[T]]) -> tuple[T, KeyRing]:
    """What `work` makes of the database and the keys of the settings, and those keys.

    Raises:
        ConfigurationError: The settings are wrong, or the database does not answer.
    """
    settings = read_settings()
    set_up_logging("error", settings.log_format)
    try:
        ring = KeyRing.from_settings(settings.auth_secret, settings.auth_secrets)
    except WeakSecretError as error:
        raise ConfigurationError(*error.problems) from None

    return with_database(lambda database: work(database, ring)), ring


def _print_report(report: KeyReport, ring: KeyRing) -> None:
    for rows in report.rows:
        click.echo(f"{rows.table}: {rows.count} sealed with {rows.kid}")
    for kid in report.unused:
        click.echo(f"{kid}: no server has started with it yet")
    _tell(report.problems)
    if not report.problems:
        click.echo(f"the keys fit this database; {ring.current} seals")


def _print_progress(progress: Progress) -> None:
    click.echo(f"{progress.table}: {progress.done} of {progress.total}")


def _print_rotation(report: RotationReport, ring: KeyRing) -> None:
    for name, table in report.tables.items():
        click.echo(f"{name}: {table.resealed} sealed anew with {ring.current}")
        _tell(_trouble(name, table))
    if report.retired:
        click.echo(f"no longer in use: {', '.join(report.retired)}")


def _tell(problems: Iterable[str]) -> None:
    for problem in problems:
        click.echo(f"treenail: {problem}", err=True)


def _trouble(name: str, table: TableReport) -> Iterator[str]:
    for row, reason in table.named:
        yield f"{name} {row}: cannot be opened: {reason}"
    if table.broken > len(table.named):
        yield f"{name}: {table.broken - len(table.named)} more cannot be opened"
    if table.left:
        yield f"{name}: {table.left} were in use all the time; run it again"
