"""What a schema of the document tells about a text: which types it allows, and what lies inside."""

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from treenail_generator.document import JSON, Schema

from .readings import Kind

TEXT: Final[frozenset[Kind]] = frozenset[Kind](("string",))
PRIMITIVES: Final[frozenset[Kind]] = TEXT | frozenset[Kind](
    ("integer", "number", "boolean", "null")
)
_ALL: Final[frozenset[Kind]] = PRIMITIVES | frozenset[Kind](("array", "object"))
_KINDS: Final[dict[str, frozenset[Kind]]] = {
    "string": frozenset({"string"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"integer", "number"}),
    "boolean": frozenset({"boolean"}),
    "null": frozenset({"null"}),
    "array": frozenset({"array"}),
    "object": frozenset({"object"}),
    # Swagger 2.0, which has no other place for it.
    "file": frozenset({"string"}),
}
_COMPOSED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_DEPTH: Final = 16


class Schemas:
    """Answers about the schemas of one document, through references."""

    def __init__(self, resolve: Callable[[JSON], Schema]) -> None:
        """`resolve` finds what a `$ref` names."""
        self._resolve = resolve

    def kinds(self, schema: JSON) -> frozenset[Kind]:
        """The types that it allows; all when it names none."""
        if isinstance(schema, dict) and not schema.keys() & _COMPOSED:
            return _own_kinds(schema)
        return self._kinds(schema, 0)

    def _kinds(self, schema: JSON, depth: int) -> frozenset[Kind]:
        found = self._resolve(schema)
        kinds = _own_kinds(found)
        if depth > _DEPTH:
            return kinds
        for members in (found.get("anyOf"), found.get("oneOf")):
            if isinstance(members, list) and members:
                kinds &= frozenset[Kind]().union(
                    *(self._kinds(each, depth + 1) for each in members)
                )
        for member in _listed(found.get("allOf")):
            kinds &= self._kinds(member, depth + 1)
        return kinds

    def item(self, schema: JSON, index: int) -> Schema:
        """The schema of one item of an array."""
        return _together(self._items(schema, index, 0))

    def _items(self, schema: JSON, index: int, depth: int) -> list[JSON]:
        found = self._resolve(schema)
        first = _listed(found.get("prefixItems"))
        own = first[index : index + 1] or [found[key] for key in ("items",) if key in found]
        return own + self._inside(found, depth, lambda each, deep: self._items(each, index, deep))

    def property(self, schema: JSON, name: str) -> Schema:
        """The schema of one property of an object."""
        return _together(self._property(schema, name, 0))

    def _property(self, schema: JSON, name: str, depth: int) -> list[JSON]:
        found = self._resolve(schema)
        properties = _mapped(found.get("properties"))
        others = found.get("additionalProperties")
        own: list[JSON] = []
        if name in properties:
            own = [properties[name]]
        elif isinstance(others, dict):
            own = [others]
        return own + self._inside(found, depth, lambda each, deep: self._property(each, name, deep))

    def names(self, schema: JSON) -> frozenset[str]:
        """The properties that an object is known to have."""
        return frozenset(self._names(schema, 0))

    def _names(self, schema: JSON, depth: int) -> list[str]:
        found = self._resolve(schema)
        own = list(_mapped(found.get("properties")))
        return own + self._inside(found, depth, self._names)

    def is_closed(self, schema: JSON) -> bool:
        """Whether an object can have no property but the known ones."""
        return self._resolve(schema).get("additionalProperties") is False

    def _inside(
        self, schema: Schema, depth: int, look: "Callable[[JSON, int], list[Any]]"
    ) -> list[Any]:
        """What `look` finds in the schemas that hold for the same value."""
        if depth > _DEPTH:
            return []
        members = (each for key in ("allOf", "anyOf", "oneOf") for each in _listed(schema.get(key)))
        return [found for member in members for found in look(member, depth + 1)]


def _own_kinds(schema: Schema) -> frozenset[Kind]:
    told = schema.get("type")
    if isinstance(told, str):
        return _KINDS.get(told, _ALL)
    if isinstance(told, list):
        return _union(_KINDS.get(str(each), _ALL) for each in told)
    if "const" in schema:
        return _kind_of(schema["const"])
    if isinstance(values := schema.get("enum"), list) and values:
        return _union(map(_kind_of, values))
    return _ALL


def _kind_of(value: JSON) -> frozenset[Kind]:
    match value:
        case None:
            return _KINDS["null"]
        case bool():
            return _KINDS["boolean"]
        case int() | float():
            return _KINDS["number"]
        case str():
            return _KINDS["string"]
        case list():
            return _KINDS["array"]
        case dict():
            return _KINDS["object"]


def _union(kinds: Iterable[frozenset[Kind]]) -> frozenset[Kind]:
    return frozenset[Kind]().union(*kinds)


def _together(schemas: list[JSON]) -> Schema:
    """One schema for a value of which each of `schemas` may hold."""
    if len(schemas) == 1 and isinstance(schemas[0], dict):
        return schemas[0]
    return {"anyOf": schemas} if schemas else {}


def _listed(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def _mapped(value: JSON) -> dict[str, JSON]:
    return cast("dict[str, JSON]", value) if isinstance(value, dict) else {}
