"""Values that satisfy a JSON Schema: built by its keywords, and checked wherever that was a guess."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import jsonschema_rs

from treenail_generator.document.dialect import kind_of
from treenail_generator.formats import validator_of
from treenail_generator.patterns import is_found, matching
from treenail_generator.plan import (
    Definitions,
    ExactType,
    ListType,
    MapType,
    NullableType,
    TextType,
    TypePlan,
)
from treenail_generator.yaml_source import JSON

from .leaf_samples import number_of, text_of
from .merging import NoSampleError, asked, choices

__all__ = ["NoSampleError", "exact_sample", "exact_samples", "takes"]

_MOST_VISITS: Final = 3000
_MOST_GUESSES: Final = 24
_FULL_DEPTH: Final = 3
_MOST_ITEMS: Final = 50
_MOST_TRIES: Final = 12
_KEYS: Final = ("key", "key2", "a", "A", "1", "12", "x-key", "text")
_UNSURE: Final = frozenset(
    {"not", "contains", "uniqueItems", "propertyNames", "patternProperties", "minProperties"}
    | {"dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties"}
    | {"maxProperties", "multipleOf", "const", "enum", "prefixItems", "maxItems"}
)
_CHOICE: Final = frozenset({"type", "enum", "description"})
_BY_KEYWORD: Final = (
    (
        "object",
        {"properties", "required", "additionalProperties", "minProperties", "propertyNames"},
    ),
    ("array", {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}),
    ("string", {"minLength", "maxLength", "pattern", "format"}),
    ("number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
)
_KINDS: Final = ("integer", "boolean", "object", "array", "null", "string")
_known: WeakKeyDictionary[Definitions, dict[str, tuple[JSON, ...]]] = WeakKeyDictionary()


def exact_sample(kind: ExactType, *, full: bool = False) -> JSON:
    """A value of `kind`, with what it may leave out only when `full`.

    Raises:
        NoSampleError: No guess fits.
    """
    key = json.dumps([full, kind.own])
    known = _known.setdefault(kind.definitions, {})
    if key not in known:
        known[key] = tuple(islice(exact_samples(kind.schema, full=full), 1))
    if not known[key]:
        raise NoSampleError
    return known[key][0]


def takes(kind: TypePlan, value: JSON) -> bool:
    """Whether a value that suits the document suits `kind`, too, which may be narrower."""
    match kind:
        case ExactType():
            return _validator(kind.schema).is_valid(value)
        case TextType():
            return isinstance(value, str)
        case MapType(inner) if isinstance(value, dict):
            return all(takes(inner, each) for each in value.values())
        case ListType(item=inner) if isinstance(value, list):
            return all(takes(inner, each) for each in value)
        case NullableType(inner):
            return value is None or takes(inner, value)
        case _:
            return True


def exact_samples(schema: Mapping[str, Any], *, full: bool = False) -> Iterator[JSON]:
    """Different values of a schema in one piece, the simplest first."""
    validator: jsonschema_rs.Draft202012Validator | None = None
    seen: list[JSON] = []
    modes = (full, not full)
    for number in range(_MOST_GUESSES):
        for mode in modes:
            maker = _Maker(schema.get("$defs", {}), full=mode)
            try:
                value = maker.value(schema, number, frozenset())
            except NoSampleError:
                continue
            if value in seen:
                continue
            seen.append(value)
            if maker.is_guess and validator is None:
                validator = _validator(schema)
            if not maker.is_guess or (validator is not None and validator.is_valid(value)):
                yield value


def _validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return validator_of(schema)


class _Maker:
    """Makes one value.

    Attributes:
        is_guess: Whether the value has to be checked.
    """

    def __init__(self, definitions: Mapping[str, Any], *, full: bool) -> None:
        self.is_guess = False
        self._definitions = definitions
        self._full = full
        self._visits = 0

    def value(self, node: object, number: int, refs: frozenset[str], depth: int = 0) -> JSON:
        """The value of that number; the first alternative that has one, where there are several."""
        many = choices(node, self._definitions)
        for turn in range(min(many, _MOST_TRIES)):
            self._visits += 1
            if self._visits > _MOST_VISITS:
                break
            try:
                return self._chosen(node, number + turn, refs, depth)
            except NoSampleError:
                continue
        raise NoSampleError

    def _chosen(self, node: object, number: int, refs: frozenset[str], depth: int) -> JSON:
        found = asked(node, self._definitions, number, refs)
        schema = found.schema
        self.is_guess = self.is_guess or found.is_guess or _is_unsure(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            values = cast("list[JSON]", schema["enum"])
            if not values:
                raise NoSampleError
            return values[number % len(values)]
        match _kind(schema, number):
            case "object":
                return self._object(schema, number, found.refs, depth)
            case "array":
                return self._array(schema, number, found.refs, depth)
            case "integer" | "number" as kind:
                return number_of(schema, number, whole=kind == "integer")
            case "boolean":
                return number % 2 == 0
            case "null":
                return None
            case _:
                return text_of(schema, number)

    def _array(
        self, schema: Mapping[str, Any], number: int, refs: frozenset[str], depth: int
    ) -> JSON:
        first = cast("list[Any]", schema.get("prefixItems", []))
        least = int(schema.get("minItems", 0))
        most = min(int(schema.get("maxItems", _MOST_ITEMS)), max(_MOST_ITEMS, least))
        wanted = min(max(least, len(first) if first else 1), most)
        if number and number % 4 == 3:  # noqa: PLR2004  # now and then, as few as there may be
            wanted = least
        nodes = [*first, *[schema.get("items", {})] * (wanted - len(first))][:wanted]
        contained = schema.get("contains")
        made: list[JSON] = []
        for index, node in enumerate(nodes):
            both = {"allOf": [node, contained]} if contained is not None else node
            try:
                made.append(self._item(both, number + index, refs, depth, schema, made))
            except NoSampleError:
                if len(made) < least:
                    raise
                break
        return made

    def _item(
        self,
        node: object,
        number: int,
        refs: frozenset[str],
        depth: int,
        schema: Mapping[str, Any],
        others: list[JSON],
    ) -> JSON:
        """An item; another one than `others` where no item may occur twice."""
        value = self.value(node, number, refs, depth + 1)
        for turn in range(_MOST_TRIES):
            if not schema.get("uniqueItems") or value not in others:
                break
            value = self.value(node, number + turn + 1, refs, depth + 1)
        return value

    def _object(
        self, schema: Mapping[str, Any], number: int, refs: frozenset[str], depth: int
    ) -> JSON:
        properties = cast("dict[str, Any]", schema.get("properties", {}))
        required = self._required(schema)
        made: dict[str, JSON] = {}
        for name in required:
            made[name] = self.value(_property(schema, name), number, refs, depth + 1)
        most = int(schema.get("maxProperties", len(properties) + len(required) + _MOST_ITEMS))
        least = int(schema.get("minProperties", 0))
        for name, node in properties.items():
            wanted = len(made) < least or (self._full and depth < _FULL_DEPTH)
            if name not in made and wanted and len(made) < most:
                self._add(made, name, node, number, refs, depth)
        for key in _other_keys(schema, number) if len(made) < least or not properties else ():
            if len(made) >= max(least, 1 if depth == 0 and not properties else 0):
                break
            if key not in made and len(made) < most:
                self._add(made, key, _property(schema, key), number, refs, depth)
        return made

    def _add(
        self,
        made: dict[str, JSON],
        name: str,
        node: object,
        number: int,
        refs: frozenset[str],
        depth: int,
    ) -> None:
        """Put a field into an object that may do without it."""
        try:
            made[name] = self.value(node, number, refs, depth + 1)
        except NoSampleError:
            return

    def _required(self, schema: Mapping[str, Any]) -> list[str]:
        required = list(cast("list[str]", schema.get("required", [])))
        dependent = cast("dict[str, list[str]]", schema.get("dependentRequired", {}))
        present = [*required, *(schema.get("properties", {}) if self._full else ())]
        for name in present:
            more = [each for each in dependent.get(name, []) if each not in required]
            required += more
            present += more
        return required


def _is_unsure(schema: Mapping[str, Any]) -> bool:
    """Whether a value made by the keywords may miss some of them."""
    if schema.keys() <= _CHOICE and "type" in schema:
        told = schema["type"]
        kinds = {*cast("list[str]", told if isinstance(told, list) else [told])}
        return not all(kind_of(value) in kinds for value in schema.get("enum", ()))
    return bool(schema.keys() & _UNSURE)


def _kind(schema: Mapping[str, Any], number: int) -> str:
    told = schema.get("type")
    if isinstance(told, list):
        kinds = cast("list[str]", told)
        others = [each for each in kinds if each != "null"] or kinds
        return others[number % len(others)]
    if isinstance(told, str):
        return told
    likely = next((kind for kind, keys in _BY_KEYWORD if keys & schema.keys()), "string")
    # What is excluded may be all that is likely.
    return [likely, *_KINDS][number % (len(_KINDS) + 1)] if "not" in schema else likely


def _property(schema: Mapping[str, Any], name: str) -> object:
    """The schema of a field called `name`."""
    if name in schema.get("properties", {}):
        return schema["properties"][name]
    for pattern, node in cast("dict[str, Any]", schema.get("patternProperties", {})).items():
        if is_found(pattern, name):
            return node
    return schema.get("additionalProperties", {})


def _other_keys(schema: Mapping[str, Any], number: int) -> Iterator[str]:
    """Names for fields that the schema does not name."""
    names = schema.get("propertyNames")
    if isinstance(names, dict):
        yield from (each for each in exact_samples(cast("Any", names)) if isinstance(each, str))
    for pattern in cast("dict[str, Any]", schema.get("patternProperties", {})):
        spelt = (matching(pattern, number + turn) for turn in range(_MOST_TRIES))
        yield from (each for each in spelt if each is not None)
    if schema.get("additionalProperties", True) is not False:
        yield from _KEYS
        yield from (f"key{count}" for count in range(3, _MOST_ITEMS))
