"""A tool as the rules look at it: what is published, what it calls, what the file says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from treenail_generator.build import Built
from treenail_generator.connector_file import ToolSection
from treenail_generator.diagnostics import BuildError, Location
from treenail_generator.document import Document, Operation
from treenail_generator.lock import published
from treenail_generator.plan import ToolPlan
from treenail_generator.tokens import count_tokens
from treenail_generator.verify import LoadedAnnotations, LoadedTool

from .arguments import Argument, read_arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedTool:
    """One tool.

    Attributes:
        surface: The tool as tools/list tells it.
        example: Arguments that work.
        tokens: What the surface costs.
        call_tokens: What a call with the example costs.
        operation: What it calls; None for a local tool.
        section: What the connector file says; None for built-in and hand-written tools.
        plan: None for hand-written tools.
    """

    name: str
    title: str | None
    description: str
    surface: Mapping[str, Any]
    example: Mapping[str, Any]
    tokens: int
    call_tokens: int
    arguments: tuple[Argument, ...]
    annotations: LoadedAnnotations
    operation: Operation | None
    section: ToolSection | None
    plan: ToolPlan | None
    location: Location


def read_tools(built: Built) -> tuple[LintedTool, ...]:
    """All tools, in the order in which agents see them."""
    return tuple(_read_tool(built, tool) for tool in built.tools)


def _read_tool(built: Built, tool: LoadedTool) -> LintedTool:
    surface = published(tool)
    plan = next((each for each in built.plan.tools if each.name == tool.name), None)
    sections = built.request.file.tools
    return LintedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        surface=surface,
        example=tool.example,
        tokens=count_tokens(surface),
        call_tokens=count_tokens({"name": tool.name, "arguments": dict(tool.example)}),
        arguments=read_arguments(tool.input_schema),
        annotations=tool.annotations,
        operation=_operation(built.document, tool.operation),
        section=next((each for each in sections if each.name == tool.name), None),
        plan=plan,
        location=plan.source if plan is not None else _custom_place(built, tool.name),
    )


def _operation(document: Document, key: str | None) -> Operation | None:
    """What a tool calls; a hand-written one may name what the document lacks."""
    try:
        return document.operation(key) if key is not None else None
    except BuildError:
        return None


def _custom_place(built: Built, name: str) -> Location:
    return built.request.at("custom_tools", built.plan.custom_tools.index(name))
