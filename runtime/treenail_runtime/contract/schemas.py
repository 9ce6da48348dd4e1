"""The JSON Schema a tool publishes: what its pydantic model accepts, said in few tokens."""

import json
from collections import Counter, deque
from itertools import chain
from typing import Any, Final, cast

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from .exact import EXACT_SCHEMA
from .merging import both
from .references import PREFIX, references
from .types import ClosedInput, Input
from .writing import UnknownTypeError, Writer, or_null

_NULL: Final = {"type": "null"}
INLINE_DEPTH: Final = 16
"""Definitions inside each other; some clients limit how deep a schema nests."""


class _Compact(GenerateJsonSchema):
    """Without the titles that pydantic derives from field names, and closed where documents are."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        told = super().model_schema(schema)
        if issubclass(schema["cls"], Input) and not issubclass(schema["cls"], ClosedInput):
            told.pop("additionalProperties", None)
        return told

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's hook
        return False


def published_schema(model: type[Input]) -> dict[str, Any]:
    """`model` as JSON Schema 2020-12: `type: object` at the root, no root combinators.

    A definition that is used once stands where it is used; one that is used more often, or inside
    itself, stays in `$defs`.
    """
    return settled(*assembled(model))


def assembled(model: type[Input]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The object that `model` accepts, and the definitions that it refers to; not to be changed."""
    writer = Writer()
    try:
        return writer.object(model, closed=True), writer.definitions
    except UnknownTypeError:
        return _by_pydantic(model)


def by_pydantic(model: type[Input]) -> dict[str, Any]:
    """The same as `published_schema`, for models with any types of pydantic."""
    return settled(*_by_pydantic(model))


def _by_pydantic(model: type[Input]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Compact)
    definitions = cast("dict[str, dict[str, Any]]", schema.pop("$defs", {}))
    for each in (schema, *definitions.values()):
        # A class docstring is for readers of the code; the field's description is for agents.
        each.pop("title", None)
        each.pop("description", None)
    for name in [name for name, each in definitions.items() if not each]:
        # Any value at all, `JsonValue`, needs no name.
        schema, definitions = _without(schema, name), _without(definitions, name)
    # Exact schemas bring definitions of their own, which hold no further ones.
    for name, each in list(definitions.items()):
        definitions[name] = _expanded(each, definitions)
    return {**_expanded(schema, definitions), "additionalProperties": False}, definitions


def _expanded(node: Any, definitions: dict[str, dict[str, Any]]) -> Any:
    """`node` with exact schemas put in place, their own `$defs` moved to `definitions`."""
    if isinstance(node, list):
        return [_expanded(item, definitions) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("dict[str, Any]", node)
    exact = mapping.get(EXACT_SCHEMA)
    if isinstance(exact, str):
        beside = {key: value for key, value in mapping.items() if key != EXACT_SCHEMA}
        return {**_hoisted(json.loads(exact), definitions), **beside}
    return _compacted({key: _expanded(value, definitions) for key, value in mapping.items()})


def _without(node: Any, name: str) -> Any:
    """`node` without the definition `name`, which allows anything."""
    if isinstance(node, list):
        return [_without(item, name) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("dict[str, Any]", node)
    return {
        key: _without(value, name)
        for key, value in mapping.items()
        if not (key == "$ref" and value == PREFIX + name)
    }


def _compacted(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without what says nothing, and null within its type."""
    members = cast("list[Any]", schema.get("anyOf", []))
    others = [each for each in members if each != _NULL]
    if len(members) == 2 and len(others) == 1:  # noqa: PLR2004  # something, or null
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**or_null(others[0]), **beside}
    if schema.get("additionalProperties") in (True, {}):
        return {key: value for key, value in schema.items() if key != "additionalProperties"}
    return schema


def _hoisted(schema: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    own = cast("dict[str, Any]", schema.pop("$defs", {}))
    names: dict[str, str] = {}
    for name, definition in own.items():
        free = name
        while definitions.get(free, definition) != definition:
            free += "_"
        names[name] = free
    for name, definition in own.items():
        definitions[names[name]] = _renamed(definition, names)
    return _renamed(schema, names)


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(item, names) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    renamed = {key: _renamed(value, names) for key, value in cast("dict[str, Any]", node).items()}
    target = renamed.get("$ref")
    if isinstance(target, str) and target.startswith(PREFIX):
        name = target.removeprefix(PREFIX)
        renamed["$ref"] = PREFIX + names.get(name, name)
    return renamed


def settled(
    schema: dict[str, Any], definitions: dict[str, Any], depth: int = INLINE_DEPTH
) -> dict[str, Any]:
    """`schema` with single-use definitions inlined, `depth` deep, and the reachable others in `$defs`.

    `schema` itself where there are none; not to be changed.
    """
    if not definitions:
        return schema
    own = list(references(schema))
    referred = _referred(own, definitions)
    uses = Counter(chain(own, *referred.values()))
    # One that refers to itself is used there, too, and so never among them.
    once = {name: definitions[name] for name in referred if uses[name] == 1}
    whole = _inlined(schema, once, depth) if once else schema
    kept: dict[str, Any] = {}
    waiting = list(references(whole))
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in kept:
            is_whole = once.keys().isdisjoint(referred[name])
            kept[name] = definitions[name] if is_whole else _inlined(definitions[name], once, depth)
            waiting.extend(referred[name] if is_whole else references(kept[name]))
    return {**whole, "$defs": dict(sorted(kept.items()))} if kept else whole


def _referred(
    names: list[str], definitions: dict[str, dict[str, Any]]
) -> dict[str, tuple[str, ...]]:
    """For each definition that `names` lead to, those that it refers to itself."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = deque(names)
    while waiting:
        name = waiting.popleft()
        if name in definitions and name not in found:
            found[name] = tuple(references(definitions[name]))
            waiting.extend(found[name])
    return found


def _inlined(node: Any, once: dict[str, dict[str, Any]], depth: int) -> Any:
    if isinstance(node, list):
        return [_inlined(item, once, depth) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("dict[str, Any]", node)
    target = mapping.get("$ref")
    name = target.removeprefix(PREFIX) if isinstance(target, str) else ""
    if name in once and depth > 0:
        beside = {key: value for key, value in mapping.items() if key != "$ref"}
        return both(_inlined(once[name], once, depth - 1), _inlined(beside, once, depth))
    return {key: _inlined(value, once, depth) for key, value in mapping.items()}
