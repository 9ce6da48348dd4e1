"""The command line: `treenail serve`, `demo`, `call`, and what operators need beside them."""

from importlib import import_module
from typing import Final

import click

_COMMANDS: Final = (
    "serve",
    "demo",
    "call",
    "db",
    "keys",
    "clients",
    "instances",
    "connectors",
    "admin",
    "cache",
    "cleanup",
    "version",
)
"""Each is the function of that name in the module of that name."""


class _Commands(click.Group):
    """Loads only the command that is used: some of their libraries take a second to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        if cmd_name not in _COMMANDS:
            return None
        return getattr(import_module(f".{cmd_name}", __name__), cmd_name)


@click.group(cls=_Commands)
def treenail() -> None:
    """Serve MCP connectors that were generated from OpenAPI documents."""
