"""`treenail demo`."""

import logging
import sys
from pathlib import Path

import click

from treenail_runtime.demo import Demo, demonstrate
from treenail_runtime.loading import load_connector
from treenail_runtime.settings import ConfigurationError, Settings, environment, read_settings
from treenail_runtime.telemetry import set_up_logging

from .told import told


@click.command
@click.argument("connector", required=False)
@click.option("--connector", "named", help="The same as CONNECTOR.")
@click.option("--once", is_flag=True, help="Exit after the account.")
@click.option("--json", "as_json", is_flag=True, help="The account as one line of JSON, too.")
@click.option("--connectors-dir", type=click.Path(path_type=Path), help="Folder of the modules.")
def demo(
    connector: str | None,
    named: str | None,
    once: bool,
    as_json: bool,
    connectors_dir: Path | None,
) -> None:
    """Show CONNECTOR at work: a mock upstream, the server, and a client that calls every tool.

    Needs no credentials and reaches nothing outside this machine. Stays up for an agent until
    Ctrl-C. Status 1 when a call failed; with --json the account for people goes to stderr.
    """
    with told():
        connector = named or connector
        chosen = (connector,) if connector else None
        settings = read_settings(connectors=chosen, connectors_dir=connectors_dir)
        set_up_logging("error", settings.log_format)
        # What goes wrong in the client is part of the account, without its stack.
        logging.getLogger("mcp.client").setLevel(logging.CRITICAL)
        shown = Demo(
            connector=load_connector(settings.connectors_dir, _name(settings)),
            connectors_dir=settings.connectors_dir,
            environment=environment(),
            once=once,
            as_json=as_json,
        )
    sys.exit(demonstrate(shown))


def _name(settings: Settings) -> str:
    """The connector that is meant: the mock needs its connector file beside its module."""
    folder = settings.connectors_dir
    found = sorted(path.stem for path in folder.glob("*.yaml") if path.with_suffix(".py").is_file())
    names = settings.connectors[:1] or found
    if len(names) == 1:
        return names[0]
    choice = f"name one of: {', '.join(names)}" if names else "there are none"
    raise ConfigurationError(f"{folder}: which connector? {choice}")
