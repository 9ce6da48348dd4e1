"""Rules about what tools say of themselves."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from .connector import LintedConnector
from .finding import Finding
from .tools import LintedTool
from .words import is_restated, name_words, words

SHORTEST: Final = 20
"""Columns; a wide character counts as two."""

LONGEST: Final = 1024
"""Characters that OpenAI's API takes (github.com/modelcontextprotocol/servers/issues/799)."""

_HINT: Final = "say when to use it, what it needs first, and what the answer holds"


def description_missing(connector: LintedConnector) -> Iterator[Finding]:
    """Tools that only their name explains."""
    for tool in connector.tools:
        if not tool.description.strip():
            yield Finding(
                rule="description-missing",
                severity="error",
                tool=tool.name,
                message="has no description",
                hint=_HINT,
                location=tool.location,
            )
        if tool.title is not None and not tool.title.strip():
            yield Finding(
                rule="description-missing",
                severity="warning",
                tool=tool.name,
                message="has no title",
                hint="give it a name for people",
                location=tool.location,
            )


def description_repeats_name(connector: LintedConnector) -> Iterator[Finding]:
    """Descriptions without a word of their own."""
    for tool in connector.tools:
        if not _repeats(tool):
            continue
        same = words(tool.description) in {name_words(tool.name), words(tool.title or "")}
        what = "is the name again" if same else "only restates the name"
        yield Finding(
            rule="description-repeats-name",
            severity="error" if same else "warning",
            tool=tool.name,
            message=f"the description {what}",
            hint=_HINT,
            location=tool.location,
        )


def description_too_short(connector: LintedConnector) -> Iterator[Finding]:
    """Descriptions that can hardly say when to use the tool."""
    for tool in connector.tools:
        width = _width(tool.description.strip())
        if 0 < width < SHORTEST and not _repeats(tool):
            yield Finding(
                rule="description-too-short",
                severity="warning",
                tool=tool.name,
                message=f"the description has {width} characters",
                hint=_HINT,
                location=tool.location,
            )


def description_too_long(connector: LintedConnector) -> Iterator[Finding]:
    """Descriptions that some clients refuse and others cut."""
    for tool in connector.tools:
        if len(tool.description) > LONGEST:
            yield Finding(
                rule="description-too-long",
                severity="warning",
                tool=tool.name,
                message=f"the description has {len(tool.description)} characters, over {LONGEST}",
                hint="move what holds for all tools to `instructions`, and what is about one "
                "argument to its `describe`",
                location=tool.location,
            )


def _repeats(tool: LintedTool) -> bool:
    if not tool.description.strip():
        return False
    names = (name_words(tool.name), *([words(tool.title)] if tool.title else []))
    return any(is_restated(tool.description, name) for name in names)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
