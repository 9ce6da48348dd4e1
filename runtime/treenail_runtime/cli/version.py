"""`treenail version`."""

from importlib.metadata import version as version_of

import click
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS

from treenail_runtime.contract import CONTRACT_VERSION

_FIRST_OVER_HTTP = "2025-03-26"
"""Streamable HTTP begins with it."""


@click.command
def version() -> None:
    """Tell the version, the contract of generated modules, and the MCP versions that are served."""
    click.echo(f"treenail {version_of('treenail')}")
    click.echo(f"contract {CONTRACT_VERSION}")
    served = [each for each in reversed(KNOWN_PROTOCOL_VERSIONS) if each >= _FIRST_OVER_HTTP]
    click.echo(f"MCP {', '.join(served)}")
