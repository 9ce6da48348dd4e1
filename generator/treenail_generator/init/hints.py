"""Where the method misleads about what an operation does; and how its lists are paged."""

import re
from typing import Final

from treenail_generator.document import Operation
from treenail_generator.yaml_source import JSON

from .names import words_of

_READING: Final = frozenset({"search", "find", "lookup", "query", "list", "describe", "count"})
_REMOVING: Final = frozenset({"delete", "remove", "destroy", "purge"})
_WRITING: Final = frozenset({"create", "update", "add", "send", "set", "cancel", "revoke"})
_SEARCH_ENDS: Final = frozenset({"search", "_search", "query", "count", "_count", "lookup"})
_PAGE: Final = frozenset({"page", "pagenumber", "pageno", "pageindex", "pagenum"})
_OFFSET: Final = frozenset({"offset", "skip", "startindex", "startat", "firstresult"})
_CURSOR: Final = frozenset(
    {"cursor", "after", "startingafter", "pagetoken", "nexttoken", "nextpagetoken", "continue"}
    | {"continuationtoken", "marker"}
)


def annotations_of(operation: Operation) -> dict[str, JSON]:
    """Corrections for a POST that only reads and for a GET that does not; else nothing."""
    words = words_of(operation).split("_") if operation.id is not None else []
    first = words[0] if words else ""
    if operation.method == "POST":
        last = re.split(r"[/:]", operation.path.rstrip("/"))[-1].lower()
        if first in _READING or last in _SEARCH_ENDS:
            return {"read_only": True}
    if operation.method == "GET" and first in _REMOVING:
        return {"read_only": False, "destructive": True}
    if operation.method == "GET" and first in _WRITING:
        return {"read_only": False}
    return {}


def paging_of(operation: Operation) -> str:
    """How its parameters page a list, in words; empty when they do not."""
    if operation.method != "GET":
        return ""
    by_letters = {
        re.sub(r"[\W_]+", "", each.name).lower(): each.name
        for each in operation.parameters
        if each.place == "query"
    }
    for style, known in (("cursor", _CURSOR), ("page", _PAGE), ("offset", _OFFSET)):
        found = next((name for letters, name in by_letters.items() if letters in known), None)
        if found is not None:
            return f"a list, by {style}: {found}"
    return ""
