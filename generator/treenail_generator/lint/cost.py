"""The rule about cost: what the tools, and calls of them, take from an agent's context."""

from collections.abc import Iterator
from statistics import median
from typing import Final

from treenail_generator.tokens import count_tokens

from .connector import LintedConnector
from .finding import Finding

FACTOR: Final = 2
"""How many times its share a tool may cost."""

FLOOR: Final = 200
"""Tokens below which no tool is called expensive."""


def invocation_cost(connector: LintedConnector) -> Iterator[Finding]:
    """What all of it costs, and which tools cost out of proportion."""
    if not connector.tools:
        return
    yield _total(connector)
    share, told = _share(connector)
    for tool in connector.tools:
        if tool.tokens > max(FACTOR * share, FLOOR):
            yield Finding(
                rule="invocation-cost",
                severity="warning",
                tool=tool.name,
                message=f"costs {tool.tokens} tokens, over {FACTOR} times {told}; "
                f"a call costs about {tool.call_tokens}",
                hint="hide arguments that agents have no use for, or describe them in fewer words",
                location=tool.location,
            )


def _share(connector: LintedConnector) -> tuple[float, str]:
    """The tokens that one tool may be expected to cost, and what they are."""
    budget = connector.built.plan.budget.tokens
    if budget is not None:
        share = budget / len(connector.tools)
        return share, f"its share of the budget ({share:.0f})"
    middle = median(tool.tokens for tool in connector.tools)
    return middle, f"the median of all tools ({middle:.0f})"


def _total(connector: LintedConnector) -> Finding:
    tools = connector.built.surfaces.total
    instructions = count_tokens(connector.built.plan.instructions)
    calls = [tool.call_tokens for tool in connector.tools]
    return Finding(
        rule="invocation-cost",
        severity="info",
        tool="",
        message=f"{len(calls)} tools cost {tools} tokens and the instructions {instructions}; "
        f"a call costs about {median(calls):.0f}, the dearest {max(calls)}",
        location=connector.location,
    )
