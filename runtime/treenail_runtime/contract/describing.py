"""What `describe_type` answers: the exact schema of a type that a tool's arguments only name."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final, cast

from .connector import Connector, Tool
from .cutting import cut, part
from .errors import InvalidArguments
from .references import PREFIX
from .schemas import settled
from .types import JsonObject

_SHOWN: Final = 3
_MOST_COMPARED: Final = 5_000


def described(
    connector: Connector, name: str, tool: object = None, *, tokens: int, describer: str
) -> JsonObject:
    """The exact schema of the type `name`, with all that it refers to.

    Args:
        connector: Whose tools have types.
        name: As a published schema names it.
        tool: Of which tool; the first one that has it when this is no text.
        tokens: What the schema may cost; what lies deepest is again only named.
        describer: The tool that is called.

    Raises:
        InvalidArguments: There is no such type, or no such tool.
    """
    tools = _tools(connector, tool)
    for each in tools:
        found = _found(each, name)
        if isinstance(found, dict):
            whole = cast("dict[str, Any]", found)
            return {"name": name, "schema": _schema(each, name, whole, tokens, describer)}
    known = {known for each in tools for known in each.types[1]}
    raise InvalidArguments([f"name: there is no type {name!r}{_nearest(name, sorted(known))}"])


def _schema(
    tool: Tool, name: str, whole: dict[str, Any], tokens: int, describer: str
) -> dict[str, Any]:
    told = cut(whole, tool.types[1], tokens, name, describer)
    if name in told.definitions and not told.names:
        # It refers to itself, and is told once.
        return settled({"$ref": PREFIX + name}, told.definitions, tool.inline_depth)
    return settled(told.schema, told.definitions, tool.inline_depth)


def _tools(connector: Connector, tool: object) -> Sequence[Tool]:
    if not isinstance(tool, str):
        return connector.tools
    found = [each for each in connector.tools if each.name == tool]
    if not found:
        names = [each.name for each in connector.tools]
        raise InvalidArguments([f"tool: there is no tool {tool!r}{_nearest(tool, names)}"])
    return found


def _found(tool: Tool, name: str) -> Any | None:
    arguments, definitions = tool.types
    if name in definitions:
        return definitions[name]
    for owner in _owners(name):
        whole = arguments if owner == tool.name else definitions.get(owner)
        inner = part(whole, name.removeprefix(owner)) if whole is not None else None
        if inner is not None:
            return inner
    return None


def _owners(name: str) -> Iterator[str]:
    """What `name` may be a part of, the longest first."""
    for end in range(len(name) - 1, 0, -1):
        if name[end] in ".[":
            yield name[:end]


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known[:_MOST_COMPARED], _SHOWN)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
