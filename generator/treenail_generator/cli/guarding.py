"""The last resort: a fault of the program itself, told without a stack trace."""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import click

_WHOLE_TRACE: Final = "TREENAIL_TRACEBACK"
_READER_GONE: Final = 128 + signal.SIGPIPE
"""The status that shells give to a program which SIGPIPE ended."""


class Guarded(click.Group):
    """A group whose commands never end in a stack trace, unless `TREENAIL_TRACEBACK=1` asks for it.

    Status 70 tells such an end from a fault of the user's files (sysexits.h, EX_SOFTWARE).
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, KeyboardInterrupt):
            raise
        except BrokenPipeError as error:
            # The interpreter flushes once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(_READER_GONE) from error
        except Exception as error:
            if os.environ.get(_WHOLE_TRACE):
                raise
            click.echo(_told(error), err=True)
            raise click.exceptions.Exit(os.EX_SOFTWARE) from error


def _told(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = " ".join(str(error).split())[:200]
    return (
        f"this is a fault of treenail: {type(error).__name__}: {words} "
        f"({Path(last.filename).name}:{last.lineno})\n"
        f"  hint: run it again with {_WHOLE_TRACE}=1 and report what it prints"
    )
