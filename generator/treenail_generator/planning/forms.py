"""What answers of a schema look like: names and types, leniently, since an answer is never refused.

Unlike a view, a form takes the members of `allOf`, `anyOf` and `oneOf` together: each may bring fields.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

from treenail_generator.document import Document, Schema
from treenail_generator.yaml_source import JSON, Pointer

_KINDS: Final = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_ANY: Final[frozenset[str]] = frozenset()
_ALONE: Final = {kind: frozenset({kind}) for kind in _KINDS}
_NO_FIELDS: Final[Mapping[str, JSON]] = {}
_NOTHING: Final = frozenset({"null"})
_LISTS: Final = frozenset({frozenset({"array"}), frozenset({"array", "null"})})
_NULL: Final = {"type": "null"}
_SCHEMAS: Final = ("components", "schemas")
_DEPTH: Final = 32
_NAMED: Final = frozenset({"patternProperties", "dependentSchemas"})
_UNREAD: Final = (
    *sorted(_NAMED),
    "prefixItems",
    "unevaluatedProperties",
    "unevaluatedItems",
    "then",
    "else",
)
"""Keywords that say what an answer may hold, beside those of a `Form`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is known of the answers of one schema.

    Attributes:
        kinds: JSON types; empty when anything may come.
        properties: Known fields and their schemas; empty for anything but objects.
        items: The schema of a list's items; None when nothing is known of them.
        is_secret: Whether it is `writeOnly`: never told.
        is_dated: Whether it is deprecated: told only when somebody asks for it.
    """

    kinds: frozenset[str] = frozenset()
    properties: Mapping[str, JSON] = field(default_factory=lambda: _NO_FIELDS)
    items: JSON = None
    is_secret: bool = False
    is_dated: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it is a list, or null."""
        return self.kinds in _LISTS

    @property
    def is_object(self) -> bool:
        """Whether fields of it are known."""
        return bool(self.properties) and not self.is_list


_UNTOLD: Final = Form()
_TELLING: Final = frozenset(
    {"properties", "items", "writeOnly", "deprecated", "allOf", "anyOf", "oneOf"}
)
"""What tells more of a form than its kinds."""


class Forms:
    """The forms of one document's schemas; each is read once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        # By identity: the document normalises each schema once. The schema is kept with its form,
        # so that no other gets its identity.
        self._known: dict[int, tuple[object, Form]] = {}

    def of(self, schema: object) -> Form:
        """The form of `schema`, references followed."""
        known = self._known.get(id(schema))
        return known[1] if known is not None else self._of(schema, 0)

    def listed(self, schema: JSON) -> JSON:
        """What stands in the innermost list, for a list; otherwise `schema`."""
        for _ in range(_DEPTH):
            form = self.of(schema)
            if not form.is_list or form.items is None:
                break
            schema = form.items
        return schema

    def component(self, schema: JSON) -> Pointer | None:
        """Where the component stands that `schema`, or null, refers to; None when it stands alone."""
        while isinstance(schema, dict):
            ref = schema.get("$ref")
            if isinstance(ref, str):
                return self._document.pointer_of_ref(ref)
            schema = _only_member(schema)
        return None

    def is_map(self, schema: JSON) -> bool:
        """Whether the document expects further fields: of a schema, or any where it names none."""
        told = self.bare(schema).get("additionalProperties", False)
        is_open = told is not False and not self.of(schema).properties
        return is_open or self.values(schema) is not None

    def values(self, schema: JSON) -> JSON:
        """The schema of a map's values; None where the document says nothing of further fields."""
        told = self.bare(schema).get("additionalProperties")
        return told if isinstance(told, dict) and told else None

    def bare(self, schema: JSON) -> Schema:
        """What stands behind the references of `schema`, without what wraps it or stands for null."""
        found: Schema = {}
        for _ in range(_DEPTH):
            if not isinstance(schema, dict):
                break
            found = self._document.resolve(schema)
            told = found.get("additionalProperties")
            schema = None if isinstance(told, dict) and told else _only_member(found)
        return found

    def unread(self, schema: JSON) -> Iterator[JSON]:
        """The schemas of what may stand in an answer of `schema` where no form tells it."""
        is_list = self.of(schema).is_list
        waiting, seen = [schema], set[int]()
        while waiting:
            each = waiting.pop()
            resolved = self._document.resolve(each) if isinstance(each, dict) else {}
            if id(resolved) in seen:
                continue
            seen.add(id(resolved))
            for keyword in _UNREAD if is_list else (*_UNREAD, "items"):
                yield from _subschemas(resolved, keyword)
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting.extend(_members(resolved, keyword))

    def _of(self, schema: object, depth: int) -> Form:
        known = self._known.get(id(schema))
        if known is not None:
            return known[1]
        # Stands there while it is read, for a schema that is a part of itself.
        self._known[id(schema)] = (schema, _UNTOLD)
        resolved = self._document.resolve(cast("JSON", schema))
        if resolved is schema or depth > _DEPTH:
            form = self._read(resolved, depth)
        else:
            form = self._of(resolved, depth + 1)
        self._known[id(schema)] = (schema, form)
        return form

    def _read(self, schema: Schema, depth: int) -> Form:
        if _TELLING.isdisjoint(schema):
            return _of_kinds(_kinds(schema))
        form = Form(
            kinds=_kinds(schema),
            properties=_properties(schema),
            items=schema.get("items"),
            is_secret=schema.get("writeOnly") is True,
            is_dated=schema.get("deprecated") is True,
        )
        if depth > _DEPTH:
            return form
        for member in _members(schema, "allOf"):
            form = _both(form, self._of(member, depth + 1))
        for keyword in ("anyOf", "oneOf"):
            members = [self._of(member, depth + 1) for member in _members(schema, keyword)]
            if members:
                form = _both(form, _either(members))
        return form


@lru_cache(maxsize=2**8)
def _of_kinds(kinds: frozenset[str]) -> Form:
    return Form(kinds=kinds)


def component_name(pointer: Pointer) -> str | None:
    """The name of the component at `pointer`; None when it is a part of something else."""
    if pointer[:-1] == _SCHEMAS or len(pointer) == 2:  # noqa: PLR2004  # #/definitions/Name
        return str(pointer[-1])
    return None


def _only_member(schema: Schema) -> JSON:
    """The one schema that `schema` wraps, beside null; None when it says more than that."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        members = schema.get(keyword)
        if isinstance(members, list) and "properties" not in schema:
            others = [member for member in members if member != _NULL]
            return others[0] if len(others) == 1 else None
    return None


def _subschemas(schema: Schema, keyword: str) -> list[JSON]:
    told = schema.get(keyword)
    if isinstance(told, dict):
        return list(told.values()) if keyword in _NAMED else [told]
    return told if isinstance(told, list) else []


def _members(schema: Schema, keyword: str) -> list[JSON]:
    members = schema.get(keyword)
    return members if isinstance(members, list) else []


def _properties(schema: Schema) -> Mapping[str, JSON]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else _NO_FIELDS


def _kinds(schema: Schema) -> frozenset[str]:
    told = schema.get("type")
    if isinstance(told, str):
        return _ALONE.get(told, _ANY)
    if isinstance(told, list):
        return frozenset(str(kind) for kind in told) & _KINDS
    values = cast(
        "list[Any]", schema.get("enum") or [schema[key] for key in schema if key == "const"]
    )
    if values:
        return frozenset(_kind(value) for value in values)
    if isinstance(schema.get("properties"), dict) or "additionalProperties" in schema:
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in schema else frozenset()


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case _:
            return "array" if isinstance(value, list) else "object"


def _both(left: Form, right: Form) -> Form:
    """What holds where both hold."""
    kinds = left.kinds & right.kinds if left.kinds and right.kinds else left.kinds | right.kinds
    properties, items = _joined((left, right), "allOf")
    return Form(
        kinds=kinds,
        properties=properties,
        items=items,
        is_secret=left.is_secret or right.is_secret,
        is_dated=left.is_dated or right.is_dated,
    )


def _either(members: list[Form]) -> Form:
    """What may come where one of `members` holds."""
    told = all(member.kinds for member in members)
    kinds = (
        frozenset[str]().union(*(member.kinds for member in members)) if told else frozenset[str]()
    )
    others = [member for member in members if member.kinds != _NOTHING]
    properties, items = _joined(members, "anyOf")
    return Form(
        kinds=kinds,
        properties=properties,
        items=items,
        is_secret=bool(others) and all(member.is_secret for member in others),
    )


def _joined(forms: Iterable[Form], keyword: str) -> tuple[Mapping[str, JSON], JSON]:
    """The properties and the items of all; schemas that differ stand together under `keyword`."""
    properties: dict[str, JSON] = {}
    items: list[JSON] = []
    for form in forms:
        if form.items is not None and form.items not in items:
            items.append(form.items)
        for name, schema in form.properties.items():
            other = properties.setdefault(name, schema)
            if other is not schema and other != schema:
                properties[name] = {keyword: [other, schema]}
    several: JSON = {keyword: items} if len(items) > 1 else None
    return properties, items[0] if len(items) == 1 else several
