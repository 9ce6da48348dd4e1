"""`treenail call`: one tool, from the shell, the way an agent would call it."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from treenail_runtime.app.connecting import Offering, called_connector
from treenail_runtime.app.granting import OwnTokens
from treenail_runtime.app.upstreams import Upstreams, open_context
from treenail_runtime.contract import Tool
from treenail_runtime.dispatch.calls import Calls, UnknownToolError
from treenail_runtime.dispatch.outcome import Answered, Outcome
from treenail_runtime.dispatch.strict_json import is_object, read_json
from treenail_runtime.settings import ConfigurationError, environment, read_settings
from treenail_runtime.telemetry import set_up_logging
from treenail_runtime.upstream import AiohttpTransport

from .told import told


@click.command
@click.argument("connector")
@click.argument("tool")
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--args", "text", help="All arguments as a JSON object; NAME=VALUE goes before it.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, also for a failure.")
@click.option("--connectors-dir", type=click.Path(path_type=Path), help="Folder of the modules.")
@click.option("--upstream-url", help="Call this URL instead of the connector's servers.")
def call(
    connector: str,
    tool: str,
    pairs: Sequence[str],
    text: str | None,
    as_json: bool,  # click gives it by name
    **options: object,
) -> None:
    """Call TOOL of CONNECTOR and print its answer.

    The upstream's credentials come from variables such as PHOREST_EMAIL.
    """
    with told():
        settings = read_settings(connectors=(connector,), **options)
        level = settings.log_level if "log_level" in settings.model_fields_set else "error"
        set_up_logging(level, settings.log_format)
        offering = called_connector(settings, environment(), connector)
        calls = Calls(offering.connector)
        try:
            arguments = _arguments(calls.tool(tool), text, pairs)
        except UnknownToolError as error:
            raise ConfigurationError(str(error)) from None
        outcome = asyncio.run(_outcome(offering, calls, tool, arguments))
    _print(outcome, as_json=as_json)
    sys.exit(0 if isinstance(outcome, Answered) else 1)


async def _outcome(
    offering: Offering, calls: Calls, tool: str, arguments: Mapping[str, Any]
) -> Outcome:
    transport = AiohttpTransport()
    own = OwnTokens(transport)
    try:
        context = open_context(offering, Upstreams(transport), own.source(offering))
        return await calls.call(tool, arguments, context)
    finally:
        await own.aclose()
        await transport.aclose()


def _arguments(tool: Tool, text: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if text is not None:
        try:
            given = read_json(text.encode())
        except ValueError as error:
            raise ConfigurationError(f"--args is no JSON: {error}") from None
        if not is_object(given):
            raise ConfigurationError("--args is no JSON object")
        arguments.update(given)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigurationError(f"{pair!r} is not NAME=VALUE")
        arguments[name] = _value(tool, name, value)
    return arguments


def _value(tool: Tool, name: str, text: str) -> Any:
    """`text` itself where the tool wants text, otherwise what it is as JSON."""
    if tool.input_schema.get("properties", {}).get(name, {}).get("type") == "string":
        return text
    try:
        return read_json(text.encode())
    except ValueError:
        return text


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if isinstance(outcome, Answered):
        shown = outcome.text if as_json else _indented(outcome.structured)
        click.echo(shown)
    elif as_json:
        error = {"kind": outcome.kind, "message": outcome.message, "advice": outcome.advice}
        click.echo(json.dumps({"error": error}, ensure_ascii=False))
    else:
        click.echo(outcome.text, err=True)


def _indented(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
