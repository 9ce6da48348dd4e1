"""The command `gen`: the only place of the generator that reads, writes and prints."""

import importlib
from typing import Final

import click

from .guarding import Guarded

__all__ = ["gen"]

_COMMANDS: Final = {
    "init": "proposing",
    "build": "building",
    "check": "building",
    "diff": "diffing",
    "list": "showing",
    "lint": "linting",
    "schema": "showing",
    "call": "running",
    "mock": "mocking",
    "docs": "documenting",
}


class _Commands(Guarded):
    """Imports a command's module when it is used, since the mock server takes a second to import."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's hook
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's hook
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command = module.__dict__[f"{cmd_name}_command"]
        assert isinstance(command, click.Command)  # noqa: S101  # every entry of the table is one
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="treenail", prog_name="gen")
def gen() -> None:
    """Build MCP tools from connectors/<name>.yaml and an OpenAPI document.

    Status: 0 done, 1 faults or differences, 2 wrong usage, 70 a fault of the program itself.
    """
