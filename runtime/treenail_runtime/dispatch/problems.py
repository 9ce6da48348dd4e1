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
_SHOWN_PROBLEMS: Final = 20


def problems_of(
    error: ValidationError, arguments: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[str]:
    """One line per place in `arguments`, then the known names where an unknown one was given.

    Args:
        error: What pydantic found.
        arguments: As the agent sent them.
        schema: The tool's published input schema.
    """
    found: dict[str, list[str]] = {}
    unknown_at: dict[Path, None] = {}
    for detail in error.errors(include_url=False, include_context=False):
        path = _path(detail, arguments)
        problem = _problem(detail, path, schema)
        said = found.setdefault(_shown(path), [])
        if problem not in said:
            said.append(problem)
        if detail["type"] == "extra_forbidden":
            unknown_at[path[:-1]] = None
    lines = [f"{place}: {' or '.join(said)}" for place, said in found.items()]
    if len(lines) > _SHOWN_PROBLEMS:
        lines = [*lines[:_SHOWN_PROBLEMS], f"and {len(lines) - _SHOWN_PROBLEMS} more"]
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
    cut = name if len(name) <= _SHOWN_NAME else name[:_SHOWN_NAME] + "…"
    return cut if cut.isprintable() else ascii(cut)


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
    return text or "arguments"


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
    return f"known arguments of {_shown(path)}: {names}" if path else f"known arguments: {names}"


def _names_at(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The property names that the schema knows at `path`, in their order."""
    nodes = [schema]
    for step in path:
        nodes = [below for node in nodes for below in _below(node, step, schema)]
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
