"""`gen list` and `gen schema`: what the tools are, and how agents see them."""

import json
import sys
from typing import Any

import click

from treenail_generator.build import Built
from treenail_generator.connector_file import json_schema
from treenail_generator.diagnostics import BuildError, Diagnostic, nearest
from treenail_generator.lock import published, total_tokens
from treenail_generator.project import Project
from treenail_generator.tokens import compact, count_tokens

from .common import built_or_exit
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, table, tell, tell_faults


@click.command("list")
@name_argument
@project_option
@as_json_option
def list_command(name: str, project: Project, as_json: bool) -> None:
    """List the tools with operation, annotations and token cost."""
    built = built_or_exit(project, name, as_json=as_json)
    entries = [_entry(built, index) for index in range(len(built.tools))]
    total = total_tokens(built.tools)
    if as_json:
        say_json(
            {"tools": entries, "tokens": total, "counted_as": "UTF-8 bytes of compact JSON / 4"}
        )
        return
    rows = [("tool", "operation", "hints", "tokens")]
    rows += [
        (entry["name"], entry["operation"] or "-", _hints(entry), str(entry["tokens"]))
        for entry in entries
    ]
    say(table(rows))
    for scope, words in built.plan.scopes:
        needed = [entry["name"] for entry in entries if entry["scope"] == scope]
        say(f"scope {scope} ({words}): {', '.join(needed)}")
    say(f"{len(entries)} tools, {total} tokens (UTF-8 bytes of compact JSON / 4)")


def _entry(built: Built, index: int) -> dict[str, Any]:
    tool = built.tools[index]
    surface = published(tool)
    return {
        "name": tool.name,
        "title": tool.title,
        "operation": tool.operation,
        "annotations": surface["annotations"],
        "scope": tool.required_scope,
        "arguments": sorted(surface["inputSchema"].get("properties", {})),
        "tokens": count_tokens(surface),
    }


def _hints(entry: dict[str, Any]) -> str:
    hints = entry["annotations"]
    words = [
        "reads" if hints.get("readOnlyHint") else "writes",
        *(["destructive"] if hints.get("destructiveHint") else []),
        *(["idempotent"] if hints.get("idempotentHint") else []),
    ]
    return ", ".join(words)


@click.command("schema")
@click.argument("name", required=False)
@click.argument("tool", required=False)
@click.option("--connector-file", is_flag=True, help="The JSON Schema of connector files instead.")
@project_option
@as_json_option
def schema_command(
    name: str | None,
    tool: str | None,
    connector_file: bool,
    project: Project,
    as_json: bool,
) -> None:
    """Print what tools/list publishes: of connector NAME, or of its one TOOL."""
    if connector_file:
        _say_schema(json_schema(), as_json=as_json)
        return
    if name is None:
        raise click.UsageError("name a connector, or say --connector-file")
    built = built_or_exit(project, name, as_json=as_json)
    surfaces = {each.name: published(each) for each in built.tools}
    if tool is not None and tool not in surfaces:
        _tell_unknown(built, tool, nearest(tool, surfaces), as_json=as_json)
        sys.exit(1)
    shown = surfaces[tool] if tool is not None else {"tools": list(surfaces.values())}
    _say_schema(shown, as_json=as_json)


def _say_schema(schema: dict[str, Any], *, as_json: bool) -> None:
    say(compact(schema) if as_json else json.dumps(schema, indent=2, ensure_ascii=False))


def _tell_unknown(built: Built, tool: str, close: str | None, *, as_json: bool) -> None:
    fault = f"{built.plan.name} has no tool {tool!r}"
    hint = f"did you mean {close!r}?" if close else None
    if as_json:
        unknown = Diagnostic(built.request.at("tools"), "unknown-tool", fault, hint=hint)
        tell_faults(BuildError([unknown]), as_json=True)
    else:
        tell(f"{fault}; {hint}" if hint else fault)
