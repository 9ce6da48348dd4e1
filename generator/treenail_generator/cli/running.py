"""`gen call`: one tool from the shell."""

import os
import sys

import click
from click.core import ParameterSource

from treenail_generator.project import Project

from .options import as_json_option, project_option


@click.command("call")
@click.argument("connector")
@click.argument("tool")
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--args", "text", help="All arguments as a JSON object; NAME=VALUE goes before it.")
@click.option("--upstream-url", help="Call this URL instead of the connector's servers.")
@project_option
@as_json_option
@click.pass_context
def call_command(
    context: click.Context,
    connector: str,
    tool: str,
    pairs: tuple[str, ...],
    text: str | None,
    upstream_url: str | None,
    project: Project,
    as_json: bool,
) -> None:
    """Call TOOL of the built CONNECTOR and print its answer; the same as `treenail call`.

    The upstream's credentials come from variables such as PHOREST_EMAIL. Status 1 when the call
    failed, 2 when it could not be made.
    """
    options = ["--json"] if as_json else []
    if text is not None:
        options.append(f"--args={text}")
    if upstream_url is not None:
        options.append(f"--upstream-url={upstream_url}")
    # Otherwise TREENAIL_CONNECTORS_DIR decides, as it does for `treenail`.
    if context.get_parameter_source("project") is not ParameterSource.DEFAULT:
        options.append(f"--connectors-dir={project.connectors}")
    # The runtime sends the request; the two packages meet only in the generated module.
    command = [sys.executable, "-m", "treenail_runtime", "call", *options, "--"]
    sys.stdout.flush()
    os.execv(sys.executable, [*command, connector, tool, *pairs])  # noqa: S606  # our own command
