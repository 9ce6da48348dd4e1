"""Locks, drift, budgets and reference pages."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "DIFF-SPEC": Requirement(
        "ours",
        "another document is compared tool by tool: breaking, compatible or invisible, in text, JSON"
        " and Markdown, with an exit status and a proposed version",
    ),
}
