"""A proposal built in memory, so that what the proof refuses is left out by name as well."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from treenail_generator.build import Built, Sources, build
from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.lock import published
from treenail_generator.tokens import count_tokens

from .proposal import Proposal, Refused, ToolProposal
from .writing import tool_lines, written

MOST_PROVED: Final = 1500
"""Tools; more would take minutes, and `gen build` tells the same."""
_MOST_ROUNDS: Final = 6


def proved(proposal: Proposal, spec: str) -> Proposal:
    """The proposal without the tools that a build refuses, and with exact costs.

    As it is, when it has too many tools.

    Raises:
        BuildError: Something else than a tool is refused.
    """
    if len(proposal.tools) > MOST_PROVED:
        return proposal
    for _ in range(_MOST_ROUNDS):
        try:
            return _counted(proposal, build(_sources(proposal, spec)))
        except BuildError as error:
            proposal = _without(proposal, error)
    return proposal


def _sources(proposal: Proposal, spec: str) -> Sources:
    return Sources(
        connector=written(proposal),
        connector_name=f"connectors/{proposal.name}.yaml",
        spec=spec,
        spec_name=proposal.spec,
    )


def _counted(proposal: Proposal, built: Built) -> Proposal:
    costs = {tool.name: count_tokens(published(tool)) for tool in built.tools}
    tools = (replace(tool, tokens=costs.get(tool.name, tool.tokens)) for tool in proposal.tools)
    return replace(proposal, tools=tuple(tools), is_proved=True)


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
