"""What is wrong with a tool's arguments, told so that an agent can correct them in one attempt."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]

_SHOWN_VALUE: Final = 40
_SHOWN_NAME: Final = 64
_SHOWN_MESSAGE: Final = 300
_SHOWN_PLACE: Final = 200
_SHOWN_LINE: Final = 1000
_SHOWN_PROBLEMS: Final = 20
_SHOWN_KNOWN: Final = 3
_SHOWN_CHARACTERS: Final = 5000
"""Of all problems together; the known names come on top."""

_EXAMINED: Final = 50
_EXPANDED: Final = 2000
"""Most problems that are asked for: pydantic only tells all of them, at 5 µs each."""


def problems_of(
    error: ValidationError, arguments: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[str]:
    """One line per place in `arguments`, then the known names where an unknown one was given.

    Whatever the arguments are, the text and the work are small: the event loop waits for them.

    Args:
        error: What pydantic found.
        arguments: As the agent sent them.
        schema: The tool's published input schema.
    """
    count = error.error_count()
    if count > _EXPANDED:
        told = f"{count} problems, too many to name: this is not the shape of the input schema"
        return [told, _known_line((), schema)]
    found: dict[str, list[str]] = {}
    unknown_at: dict[Path, None] = {}
    for detail in error.errors(include_url=False, include_context=False)[:_EXAMINED]:
        path = _path(detail, arguments)
        place = _shown(path)
        if place not in found and len(found) == _SHOWN_PROBLEMS:
            break
        found.setdefault(place, []).append(_problem(detail, path, schema))
        if detail["type"] == "extra_forbidden" and len(unknown_at) < _SHOWN_KNOWN:
            unknown_at[path[:-1]] = None
    lines: list[str] = []
    room = _SHOWN_CHARACTERS
    for place, said in found.items():
        line = _cut(f"{place}: {' or '.join(dict.fromkeys(said))}", _SHOWN_LINE)
        if len(line) > room:
            break
        room -= len(line)
        count -= len(said)
        lines.append(line)
    if count:
        lines.append(f"and {count} more")
    return [*lines, *(_known_line(path, schema) for path in unknown_at)]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    near = difflib.get_close_matches(name[:_SHOWN_NAME], known, n=1, cutoff=0.6)
    if near:
        return near[0]
    bare = _bare(name)
    return next((each for each in known if _bare(each) == bare), None)


def shown_name(name: str) -> str:
    """A name that came from outside, short and on one line."""
    cut = _cut(name, _SHOWN_NAME)
    return cut if cut.isprintable() else ascii(cut)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _path(detail: ErrorDetails, arguments: Mapping[str, Any]) -> Path:
    """The steps of `loc` that exist in the arguments: pydantic also names union members in it."""
    path: list[Step] = []
    value: Any = arguments
    last = len(detail["loc"]) - 1
    for index, step in enumerate(detail["loc"]):
        if isinstance(value, Mapping):
            members = cast("Mapping[Step, Any]", value)
            if step in members:
                path.append(step)
                value = members[step]
            elif index == last and detail["type"] == "missing":
                path.append(step)
        elif isinstance(value, list) and isinstance(step, int):
            items = cast("list[Any]", value)
            path.append(step)
            value = items[step] if step < len(items) else None
    return tuple(path)


def _shown(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shown_name(step)}" if text else shown_name(step)
    return _cut(text, _SHOWN_PLACE) or "arguments"


def _problem(detail: ErrorDetails, path: Path, schema: Mapping[str, Any]) -> str:
    match detail["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            near = nearest(str(path[-1]), _names_at(schema, path[:-1])) if path else None
            return f"unknown argument, did you mean {near}?" if near else "unknown argument"
        case _:
            message = detail["msg"].removeprefix("Input ")[:_SHOWN_MESSAGE]
            return f"{message} (got {_value(detail['input'])})"


def _value(value: object) -> str:
    match value:
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case str():
            return ascii(value) if len(value) <= _SHOWN_VALUE else f"{len(value)} characters"
        case _:
            return f"{value!r:.{_SHOWN_VALUE}}"


def _known_line(path: Path, schema: Mapping[str, Any]) -> str:
    names = ", ".join(_names_at(schema, path)) or "none"
    place = f" of {_shown(path)}" if path else ""
    return _cut(f"known arguments{place}: {names}", _SHOWN_LINE)


def _names_at(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The property names that the schema knows at `path`, in their order."""
    nodes = [schema]
    for step in path:
        below = [below for node in nodes for below in _below(node, step, schema)]
        # Once each: in a schema that holds itself they would double with every step.
        nodes = list({id(node): node for node in below}.values())
    found: dict[str, None] = {}
    for node in nodes:
        for each in _alternatives(node, schema):
            found.update(dict.fromkeys(each.get("properties", {})))
    return list(found)


def _below(
    node: Mapping[str, Any], step: Step, root: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    for each in _alternatives(node, root):
        below = each.get("items") if isinstance(step, int) else _property(each, step)
        if isinstance(below, Mapping):
            yield cast("Mapping[str, Any]", below)


def _property(node: Mapping[str, Any], name: str) -> object:
    return node.get("properties", {}).get(name, node.get("additionalProperties"))


def _alternatives(
    node: Mapping[str, Any], root: Mapping[str, Any], depth: int = 8
) -> Iterator[Mapping[str, Any]]:
    """`node` with its reference followed, or each of its alternatives."""
    if depth == 0:
        return
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
        yield from _alternatives(target, root, depth - 1)
    for alternative in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _alternatives(alternative, root, depth - 1)
    yield node
