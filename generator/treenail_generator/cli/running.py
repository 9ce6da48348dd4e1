"""`gen call`: one tool from the shell."""

import os
import sys
from pathlib import Path

import click


@click.command("call", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def call_command(arguments: tuple[str, ...]) -> None:
    """Run one tool of a built connector against an upstream; the same as `treenail call`."""
    # The runtime sends the request; the two packages meet only in the generated module.
    command = [sys.executable, "-m", "treenail_runtime", "call", *arguments]
    sys.stdout.flush()
    os.execv(Path(sys.executable), command)  # noqa: S606  # replaces this process by our own
