"""The rule about pairs: which two tools could an agent take for each other?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, takewhile
from typing import Final

from .connector import LintedConnector
from .finding import Finding
from .tools import LintedTool
from .words import name_words, words

ALIKE: Final = 0.8
"""Jaccard index of the words of two descriptions from which on they say the same."""

_SHORTEST_TYPO: Final = 5
_SYNONYMS: Final = {
    word: group[0]
    for group in (
        ("list", "search", "find", "query"),
        ("create", "add", "new", "insert"),
        ("update", "edit", "modify", "change"),
        ("delete", "remove", "destroy"),
    )
    for word in group
}


@dataclass(frozen=True, slots=True)
class _Gist:
    """What an agent may remember of a tool.

    Attributes:
        endpoint: Method and path; the names of path parameters do not count.
        meaning: The words of the name; of the first one, the verb, only what it means.
        said: The words of the description.
    """

    tool: LintedTool
    endpoint: str | None
    meaning: frozenset[str]
    said: frozenset[str]


def shadowed_pairs(connector: LintedConnector) -> Iterator[Finding]:
    """Tools that nothing tells apart; naming one tool in the other's description does."""
    for left, right in combinations(map(_gist, connector.tools), 2):
        reason = _reason(left, right)
        if reason is not None and not (_names(left, right) or _names(right, left)):
            yield Finding(
                rule="shadowed-pairs",
                severity="warning",
                tool=right.tool.name,
                message=f"an agent may take it for {left.tool.name}: {reason}",
                hint=f"say in its description when to use {left.tool.name} instead, or drop one",
                location=right.tool.location,
            )


def _gist(tool: LintedTool) -> _Gist:
    verb, *rest = name_words(tool.name) or ("",)
    endpoint = tool.operation.endpoint if tool.operation is not None else None
    return _Gist(
        tool,
        re.sub(r"\{[^{}]*\}", "{}", endpoint) if endpoint is not None else None,
        frozenset((_SYNONYMS.get(verb, verb), *rest)),
        frozenset(words(tool.description)),
    )


def _reason(left: _Gist, right: _Gist) -> str | None:
    if left.endpoint is not None and left.endpoint == right.endpoint:
        return f"both call {left.endpoint}"
    if _near_names(left.meaning, right.meaning):
        return "their names say the same"
    if _near_descriptions(left.said, right.said):
        return "their descriptions say the same"
    return None


def _names(one: _Gist, other: _Gist) -> bool:
    """Whether the description of one names the other."""
    pattern = rf"(?<![\w.-]){re.escape(other.tool.name)}(?![\w-])"
    return re.search(pattern, one.tool.description) is not None


def _near_names(left: frozenset[str], right: frozenset[str]) -> bool:
    if left == right:
        return True
    mine, theirs = left - right, right - left
    return len(mine) == len(theirs) == 1 and _one_letter_apart(*mine, *theirs)


def _one_letter_apart(left: str, right: str) -> bool:
    """Whether one letter was added, dropped or changed in a word long enough to be misread."""
    short, long = sorted((left, right), key=len)
    if len(short) < _SHORTEST_TYPO or len(long) - len(short) > 1:
        return False
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(short, long, strict=False))
    start = len(list(alike))
    rest = start + 1 if len(short) == len(long) else start
    return short[rest:] == long[start + 1 :]


def _near_descriptions(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether they share their words, and at most one of them has a word of its own."""
    if not left or not right or (left - right and right - left):
        return False
    return len(left & right) / len(left | right) > ALIKE
