"""Locks, drift, budgets and reference pages."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "LINT-CLIENT": Requirement(
        "github.com/anthropics/claude-code/issues/5973 and 79418, ComposioHQ/composio/issues/2788",
        "the tools are checked against the known limits of a client",
    ),
    "DOCS-PAGE": Requirement(
        "ours", "a page tells what the tools do, take, answer and cost, and is kept in step"
    ),
    "DIFF-REQUEST": Requirement(
        "ours",
        "a request that changes where no argument does is told, and never called invisible",
    ),
    "DIFF-LOGIN": Requirement(
        "ours; MCP SEP-2352",
        "a change of how connections prove who is calling is told, as breaking where people have to"
        " log in again; locks that do not know of it stay readable",
    ),
    "DIFF-SPEC": Requirement(
        "ours",
        "another document is compared tool by tool: breaking, compatible or invisible, in text, JSON"
        " and Markdown, with an exit status and a proposed version",
    ),
}
