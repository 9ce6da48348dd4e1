"""How far long work has come, on stderr: one line that is written over, or a line now and then."""

import sys
import time
from typing import Any, Final

import click

_OFTEN_S: Final = 0.1
_SELDOM_S: Final = 2.0
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """Tells stages of one piece of work; silent when it is not wanted."""

    def __init__(self, *, wanted: bool | None) -> None:
        """`wanted` is None where a terminal decides."""
        self._over = sys.stderr.isatty()
        self._wanted = self._over if wanted is None else wanted
        self._told_at = 0.0
        self._is_open = False

    def __call__(self, stage: str) -> None:
        """Tell what is done now, if the last time is long enough ago."""
        now = time.monotonic()
        if not self._wanted or now - self._told_at < (_OFTEN_S if self._over else _SELDOM_S):
            return
        self._told_at = now
        if self._over:
            click.echo(f"{_CLEAR}{stage}", err=True, nl=False)
            self._is_open = True
        else:
            click.echo(stage, err=True)

    def end(self) -> None:
        """Leave no half line behind."""
        if self._is_open:
            click.echo(_CLEAR, err=True, nl=False)
            self._is_open = False


progress_option: Any = click.option(
    "--progress/--no-progress",
    "progress",
    default=None,
    help="Tell how far the work has come; by default on a terminal only.",
)
