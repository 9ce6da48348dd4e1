"""A schema within a budget: what lies deepest is named instead of told.

A cut type keeps its kind and tells whom to ask: `Call describe_type with "Pod".` What is cut
depends on the schema and the budget alone, so that one tool never changes another.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from .references import PREFIX, references
from .widening import widened

_BYTES_PER_TOKEN: Final = 4
_WORTH_CUTTING: Final = 400
"""Bytes; a smaller object inside a type never becomes a type of its own."""
_STRUCTURAL: Final = frozenset(
    {"properties", "items", "prefixItems", "additionalProperties", "patternProperties"}
    | {"anyOf", "oneOf", "allOf", "if", "not"}
)
_STEP: Final = re.compile(r"\.([A-Za-z0-9_-]+)|(\[\])")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left.

    Attributes:
        definitions: What `schema` refers to: whole, or a stub.
        names: The types that are only named, in the order in which they were met.
    """

    schema: dict[str, Any]
    definitions: dict[str, Any]
    names: tuple[str, ...]


def cut(
    schema: dict[str, Any], definitions: Mapping[str, Any], tokens: int, owner: str, helper: str
) -> Cut:
    """As much of `schema` as costs about `tokens`, decided breadth-first from its root.

    The root stays: all that it requires, and every property of it that is no object.

    Args:
        schema: The root.
        definitions: What it refers to, directly or not.
        tokens: Bytes of compact JSON divided by four.
        owner: What the root is called, for types that have no name of their own.
        helper: The tool that tells a type.
    """
    if _fits(schema, definitions, tokens * _BYTES_PER_TOKEN):
        return Cut(schema, dict(definitions), ())
    return _Cutter(definitions, tokens * _BYTES_PER_TOKEN, helper).cut(schema, owner)


def part(definition: Any, path: str) -> Any | None:
    """What stands at a path like `.spec.containers[]` inside a type; None when nothing does."""
    node, place = definition, 0
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None or not isinstance(node, dict):
            return None
        mapping = cast("dict[str, Any]", node)
        if step[1] is None:
            node = mapping.get("items")
        else:
            properties = mapping.get("properties")
            named = cast("dict[str, Any]", properties) if isinstance(properties, dict) else {}
            node = named.get(step[1])
        place = step.end()
    return node


def _fits(schema: Any, definitions: Mapping[str, Any], most: int) -> bool:
    room = most - _size(schema)
    waiting = list(references(schema))
    seen: set[str] = set()
    while waiting and room >= 0:
        name = waiting.pop()
        if name in definitions and name not in seen:
            seen.add(name)
            room -= _size(definitions[name]) + len(name)
            waiting.extend(references(definitions[name]))
    return room >= 0


class _Cutter:
    def __init__(self, definitions: Mapping[str, Any], most: int, helper: str) -> None:
        self._definitions = dict(definitions)
        self._room = most
        self._helper = helper
        self._stubs: dict[str, Any] = {}

    def cut(self, schema: dict[str, Any], owner: str) -> Cut:
        root = schema
        if not self._take(root, 0):
            root = self._split(schema, owner)
            self._room = max(self._room - self._price(root), 0)
        kept: dict[str, Any] = {}
        waiting = self._met(root)
        for name in waiting:
            told = self._told(name)
            if told is None:
                continue
            kept[name] = told
            waiting.extend(self._met(told))
        names = tuple(name for name in self._stubs if name not in kept)
        named = frozenset(names)
        loose = _leading_to(named, kept)
        whole = {name: self._pointing(widened(told, loose), named) for name, told in kept.items()}
        stubs = {name: self._stubs[name] for name in names}
        return Cut(self._pointing(widened(root, loose), named), {**whole, **stubs}, names)

    def _told(self, name: str) -> Any | None:
        """The definition, or it without its own large parts; None when neither fits."""
        definition = self._definitions[name]
        stub = _size(self._stubs[name])
        if self._take(definition, stub):
            return definition
        split = self._split(definition, name)
        return split if split != definition and self._take(split, stub) else None

    def _take(self, schema: Any, stub: int) -> bool:
        """Whether there is room for `schema`, with stubs for what it refers to, in place of its own."""
        price = self._price(schema) - stub
        if price > self._room:
            return False
        self._room -= max(price, 0)
        return True

    def _price(self, schema: Any) -> int:
        new = {name for name in references(schema) if name not in self._stubs}
        return _size(schema) + sum(
            len(name) + _size(self._stub(name)) for name in new if name in self._definitions
        )

    def _met(self, schema: Any) -> list[str]:
        """What `schema` refers to and nothing before it did."""
        found = dict.fromkeys(references(schema))
        new = [name for name in found if name in self._definitions and name not in self._stubs]
        self._stubs |= {name: self._stub(name) for name in new}
        return new

    def _stub(self, name: str) -> dict[str, Any]:
        definition = self._definitions[name]
        whole = cast("dict[str, Any]", definition) if isinstance(definition, dict) else {}
        kind = whole.get("type")
        told = f"Call {self._helper} with {json.dumps(name, ensure_ascii=False)}."
        return {**({"type": kind} if kind else {}), "description": told}

    def _split(self, schema: Any, owner: str) -> Any:
        """`schema` whose large inner objects are types of their own, called by their place."""
        if not isinstance(schema, dict) or _STRUCTURAL.isdisjoint(cast("dict[str, Any]", schema)):
            return cast("Any", schema)
        split = dict(cast("dict[str, Any]", schema))
        properties = split.get("properties")
        if isinstance(properties, dict):
            split["properties"] = {
                name: self._apart(inner, f"{owner}.{name}") if _PLAIN.fullmatch(name) else inner
                for name, inner in cast("dict[str, Any]", properties).items()
            }
        if isinstance(split.get("items"), dict):
            split["items"] = self._apart(split["items"], f"{owner}[]")
        return split

    def _apart(self, inner: Any, name: str) -> Any:
        split = self._split(inner, name)
        if _is_small(split) or name in self._definitions:
            return split
        self._definitions[name] = split
        described = cast("dict[str, Any]", split).get("description")
        return {"$ref": PREFIX + name, **({"description": described} if described else {})}

    def _pointing(self, node: Any, cut_off: frozenset[str]) -> Any:
        """`node` with its own words and the pointer together, wherever it describes a stub."""
        if isinstance(node, list):
            return [self._pointing(item, cut_off) for item in cast("list[Any]", node)]
        if not isinstance(node, dict):
            return node
        mapping = cast("dict[str, Any]", node)
        target, said = mapping.get("$ref"), mapping.get("description")
        name = target.removeprefix(PREFIX) if isinstance(target, str) else ""
        if name in cut_off and isinstance(said, str):
            stub = self._stubs[name]
            beside = {key: value for key, value in mapping.items() if key != "$ref"}
            ended = said if said.endswith((".", "!", "?", "…")) else f"{said}."
            return {**stub, **beside, "description": f"{ended} {stub['description']}"}
        return {key: self._pointing(value, cut_off) for key, value in mapping.items()}


def _leading_to(named: frozenset[str], kept: Mapping[str, Any]) -> frozenset[str]:
    """The definitions that hold one of `named` somewhere, those included."""
    found = set(named)
    inside = {name: frozenset(references(told)) for name, told in kept.items()}
    while more := {name for name in inside.keys() - found if not found.isdisjoint(inside[name])}:
        found |= more
    return frozenset(found)


def _is_small(schema: Any) -> bool:
    if not isinstance(schema, dict) or "$ref" in schema:
        return True
    told = cast("dict[str, Any]", schema)
    return _STRUCTURAL.isdisjoint(told) or _size(told) <= _WORTH_CUTTING


def _size(schema: Any) -> int:
    return len(json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode())
