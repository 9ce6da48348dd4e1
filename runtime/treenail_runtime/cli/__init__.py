"""The command line: `treenail serve`, `demo`, `call`, and what operators need beside them."""

from importlib import import_module
from typing import Final

import click

from treenail_runtime.app.hangups import hold_back_hangups

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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what no table and no header could hold."""
        if any(not _is_text(each) for each in args):
            raise click.UsageError("the arguments are no text in UTF-8", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] == "serve":
            # Before the libraries are loaded: whoever deploys may send one right after the start.
            hold_back_hangups()
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        if cmd_name not in _COMMANDS:
            return None
        return getattr(import_module(f".{cmd_name}", __name__), cmd_name)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


@click.group(cls=_Commands)
def treenail() -> None:
    """Serve MCP connectors that were generated from OpenAPI documents."""
