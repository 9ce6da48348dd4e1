"""A proposal built in memory, so that what the proof refuses is left out by name as well."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from treenail_generator.build import draft
from treenail_generator.connector_file import ConnectorRequest, read_connector_file
from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document import Document
from treenail_generator.lock import Surfaces
from treenail_generator.planning import plan_connector
from treenail_generator.planning.readings import Readings
from treenail_generator.render import render
from treenail_generator.verify import LoadedModule, load

from .proposal import Proposal, Refused, ToolProposal
from .writing import tool_lines, written

MOST_PROVED: Final = 1500
"""Tools; more would take minutes, and `gen build` tells the same."""
_MOST_ROUNDS: Final = 6
_BYTES_PER_TOKEN: Final = 4
_MOST_OF_DOCUMENT: Final = 1.5
"""What tools/list may be, in lengths of the document, before arguments are told in part."""
_LARGEST_TOOL: Final = 8_000
_SCHEMA_TOKENS: Final = 2_000
"""Both in tokens."""


def proved(
    proposal: Proposal, document: Document, length: int, readings: Readings | None = None
) -> Proposal:
    """The proposal without the tools that a build refuses, and with exact costs.

    As it is, when it has too many tools.

    Args:
        proposal: Made from `document`.
        document: Already read, so that nothing of it is read twice.
        length: Of its text.
        readings: What was found out about its schemas when the proposal was made.

    Raises:
        BuildError: Something else than a tool is refused.
    """
    proposal = _within_limits(proposal, length)
    if len(proposal.tools) > MOST_PROVED:
        return proposal
    for _ in range(_MOST_ROUNDS):
        try:
            proven = draft(_request(proposal), document, readings=readings)
        except BuildError as error:
            proposal = _without(proposal, error)
            continue
        counted = _counted(proposal, proven.module)
        limited = _within_limits(counted, length)
        if limited == counted:
            return counted
        # What is told of arguments changes no request, so nothing is proven again.
        plan = plan_connector(_request(limited), document, readings)
        module = load(render(plan), limited.name)
        return _counted(limited, module)
    return proposal


def _within_limits(proposal: Proposal, length: int) -> Proposal:
    """The proposal, its arguments limited where they would cost more than the document is worth."""
    largest = max((tool.tokens for tool in proposal.tools), default=0)
    is_long = proposal.tokens * _BYTES_PER_TOKEN > _MOST_OF_DOCUMENT * length
    too_much = largest > _LARGEST_TOOL or (is_long and largest > _SCHEMA_TOKENS)
    if proposal.schema_tokens is not None or not too_much:
        return proposal
    return replace(proposal, schema_tokens=_SCHEMA_TOKENS)


def _request(proposal: Proposal) -> ConnectorRequest:
    return read_connector_file(written(proposal), f"connectors/{proposal.name}.yaml")


def _counted(proposal: Proposal, module: LoadedModule) -> Proposal:
    surfaces = Surfaces(module.connector.tools)
    costs = {tool.name: surfaces.tokens(tool.name) for tool in module.connector.tools}
    tools = (replace(tool, tokens=costs.get(tool.name, tool.tokens)) for tool in proposal.tools)
    named = {tool.name for tool in proposal.tools}
    helpers = sum(cost for name, cost in costs.items() if name not in named)
    return replace(proposal, tools=tuple(tools), helper_tokens=helpers, is_proved=True)


def _without(proposal: Proposal, error: BuildError) -> Proposal:
    """The proposal without the tools that the faults speak of."""
    starts = tool_lines(written(proposal))
    faults: dict[int, list[Diagnostic]] = {}
    for fault in error.diagnostics:
        index = _tool_of(fault, proposal, starts)
        if index is None:
            raise error
        faults.setdefault(index, []).append(fault)
    refused = (
        Refused(operation=tool.operation, endpoint=tool.endpoint, faults=tuple(faults[index]))
        for index, tool in enumerate(proposal.tools)
        if index in faults
    )
    return replace(
        proposal,
        tools=tuple(each for index, each in enumerate(proposal.tools) if index not in faults),
        refused=(*proposal.refused, *refused),
    )


def _tool_of(fault: Diagnostic, proposal: Proposal, starts: Sequence[int]) -> int | None:
    """By its place in the connector file, or by the name that a fault of the document begins with."""
    if fault.location.file == f"connectors/{proposal.name}.yaml":
        index = bisect_right(starts, fault.location.line) - 1
        return index if index >= 0 else None
    return next(
        (index for index, tool in enumerate(proposal.tools) if _begins(fault.message, tool)), None
    )


def _begins(message: str, tool: ToolProposal) -> bool:
    return message.startswith((f"{tool.name}:", f"{tool.operation}:"))
