"""Example arguments: for people and demos, and the cases with which the build proves requests."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias, cast

import jsonschema_rs

from treenail_generator.plan import (
    Absent,
    Binding,
    BooleanType,
    ChoiceType,
    Either,
    ExactType,
    FieldPlan,
    FromArgument,
    ListType,
    MapType,
    ModelPlan,
    ModelType,
    NullableType,
    NumberType,
    TextType,
    TypePlan,
)
from treenail_generator.yaml_source import JSON

Mode: TypeAlias = Literal["minimal", "full", "hostile", "null"]

_FORMATS: Final = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "uuid": "3f2b8c1e-5a77-4d0e-9b1a-6f1c2d3e4f50",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "YQ==",
}
_CANDIDATES: Final = (
    "text",
    "a",
    "A",
    "1",
    "0",
    "12",
    "123",
    "1234",
    "2026",
    "abc",
    "ABC",
    "a1",
    "A1",
    "AB",
    "ABCD",
    "example-id",
    "a_b",
    "a.b",
    "a@b.c",
    "#a1b2c3",
    "#A1B2C3",
    "+353123456789",
    "2026-11-20",
    "09:30",
    "09:30:00",
    "EUR",
    "en",
    "en-IE",
    "1.0.0",
    "00000000",
    "0000000000000000",
    "true",
)
_OTHERS: Final[tuple[JSON, ...]] = (1, 0, 1.5, True, {}, {"key": "text"}, [], None)
_TRICKY: Final = "a b&c=d+e%25/\u00e9?#[]\"'\\;:,|$"
_TRICKY_DELIMITED: Final = "a&c=d+e%25/\u00e9?#;:$"
_TRICKY_HEADER: Final = "a b&c/d%25;:$"
_TRICKY_SEGMENT: Final = "a b~\u00e9:@!$&'()*+,=?#"
_DEPTH: Final = 4


class NoSampleError(Exception):
    """No value could be made up; the connector file has to give an example."""


class Samples:
    """Makes values of planned types; deterministic."""

    def __init__(self, models: Mapping[str, ModelPlan]) -> None:
        self._models = models

    def arguments(
        self, fields: Iterable[FieldPlan], bindings: Iterable[Binding], mode: Mode
    ) -> dict[str, JSON]:
        """Arguments by the agent's names.

        Raises:
            NoSampleError: For a required argument without a sample.
        """
        tricky = {_attribute(binding): _tricky(binding) for binding in bindings}
        made: dict[str, JSON] = {}
        for field in fields:
            if mode == "minimal" and not field.required:
                continue
            made[field.name] = self._field(field, mode, tricky.get(field.attribute, _TRICKY), 0)
        return made

    def shown(self, fields: Iterable[FieldPlan]) -> dict[str, JSON]:
        """The arguments worth showing: what is required, and what the file gives an example for."""
        return {
            field.name: self._field(field, "minimal", _TRICKY, 0)
            for field in fields
            if field.required or field.shown
        }

    def _field(self, field: FieldPlan, mode: Mode, tricky: str, depth: int) -> JSON:
        made_up = mode == "hostile" or (mode == "null" and isinstance(field.type, NullableType))
        if not isinstance(field.example, Absent) and not made_up:
            return field.example
        try:
            return self.of(field.type, mode, tricky, depth)
        except NoSampleError:
            if isinstance(field.example, Absent):
                raise NoSampleError(field.name) from None
            return field.example

    def of(self, kind: TypePlan, mode: Mode, tricky: str, depth: int = 0) -> JSON:
        """A value of `kind`."""
        match kind:
            case ListType(item=item):
                return self._list(kind, item, mode, tricky, depth)
            case ModelType(model):
                return self._model(model, mode, tricky, depth)
            case MapType(value):
                return {"key": self.of(value, mode, tricky, depth + 1)}
            case NullableType(inner):
                return None if mode == "null" else self.of(inner, mode, tricky, depth)
            case _:
                return _leaf(kind, mode, tricky)

    def _list(self, kind: ListType, item: TypePlan, mode: Mode, tricky: str, depth: int) -> JSON:
        wanted = max(kind.min_items or 0, 1 if mode == "minimal" else 2)
        count = min(wanted, kind.max_items) if kind.max_items is not None else wanted
        if depth > _DEPTH:
            count = kind.min_items or 0
        return [self.of(item, mode, tricky, depth + 1) for _ in range(count)]

    def _model(self, name: str, mode: Mode, tricky: str, depth: int) -> JSON:
        return {
            field.name: self._field(field, mode, tricky, depth + 1)
            for field in self._models[name].fields
            if field.required or (mode != "minimal" and depth < _DEPTH)
        }


def _leaf(kind: TypePlan, mode: Mode, tricky: str) -> JSON:
    match kind:
        case TextType():
            return _text(kind, tricky if mode == "hostile" else None)
        case NumberType():
            return _number(kind)
        case BooleanType():
            return mode != "hostile"
        case ChoiceType(values):
            return values[-1 if mode == "hostile" else 0]
        case ExactType(schema):
            return _exact(schema)
        case _:
            return {"any": [1, "text", None, True]} if mode == "hostile" else "text"


def _attribute(binding: Binding) -> str | None:
    match binding.value:
        case FromArgument(attribute) | Either(attribute=attribute):
            return attribute
        case _:
            return None


def _tricky(binding: Binding) -> str:
    match binding.place:
        case "path":
            return _TRICKY_SEGMENT
        case "header":
            return _TRICKY_HEADER
        case "query" if binding.style and "Delimited" in binding.style.style:
            return _TRICKY_DELIMITED
        case _:
            return _TRICKY


def _text(kind: TextType, tricky: str | None) -> str:
    if kind.opaque_id:
        return "qZepIh3T5rewMUebHiH9PA"
    fits = (text for text in _text_candidates(kind, tricky) if _fits(kind, text))
    found = next(fits, None)
    if found is None:
        raise NoSampleError
    return found


def _text_candidates(kind: TextType, tricky: str | None) -> Iterable[str]:
    if kind.format in _FORMATS:
        yield _FORMATS[kind.format]
    else:
        least, most = kind.min_length or 0, kind.max_length
        for text in ((tricky,) if tricky else ()) + _CANDIDATES:
            yield text
            yield text.ljust(least, text[-1])[:most]


def _fits(kind: TextType, text: str) -> bool:
    return (
        len(text) >= (kind.min_length or 0)
        and (kind.max_length is None or len(text) <= kind.max_length)
        and (kind.pattern is None or re.search(kind.pattern, text) is not None)
    )


def _number(kind: NumberType) -> int | float:
    step = kind.multiple_of or 1
    low, high = kind.minimum, kind.maximum
    if kind.exclusive_minimum is not None:
        low = kind.exclusive_minimum + (step if kind.whole else 0.5)
    if kind.exclusive_maximum is not None:
        high = kind.exclusive_maximum - (step if kind.whole else 0.5)
    value = low if low is not None else min(1, high) if high is not None else 1
    if kind.whole and value % step:
        value += step - value % step
    if high is not None and value > high:
        raise NoSampleError
    return value


def _exact(schema: dict[str, JSON]) -> JSON:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for value in _candidates(schema, schema, 0):
        if validator.is_valid(value):
            return value
    raise NoSampleError


def _candidates(schema: Any, root: dict[str, JSON], depth: int) -> Iterable[JSON]:
    """Guesses at values of a schema, most likely first."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        yield from ("text", 1, True, {}, [])
        return
    node = cast("dict[str, Any]", schema)
    yield from cast("list[JSON]", node.get("examples", []))
    yield from cast("list[JSON]", node.get("enum", []))
    if "const" in node:
        yield node["const"]
    if isinstance(node.get("$ref"), str):
        definitions = cast("dict[str, Any]", root.get("$defs", {}))
        yield from _candidates(definitions.get(node["$ref"].rpartition("/")[2]), root, depth + 1)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for member in cast("list[Any]", node.get(keyword, [])):
            yield from _candidates(member, root, depth + 1)
    yield from _object_candidates(node, root, depth)
    if "items" in node or node.get("type") == "array":
        item = next(iter(_candidates(node.get("items", {}), root, depth + 1)), "text")
        yield [item]
        yield []
    yield from _CANDIDATES
    yield from _OTHERS


def _object_candidates(node: dict[str, Any], root: dict[str, JSON], depth: int) -> Iterable[JSON]:
    properties = cast("dict[str, Any]", node.get("properties", {}))
    if not properties:
        return
    required = set(cast("list[str]", node.get("required", [])))
    for names in (set(properties), required):
        yield {
            name: _valid_candidate(each, root, depth + 1)
            for name, each in properties.items()
            if name in names
        }


def _valid_candidate(schema: Any, root: dict[str, JSON], depth: int) -> JSON:
    if not isinstance(schema, dict):
        return "text"
    whole = {**cast("dict[str, Any]", schema), "$defs": root.get("$defs", {})}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    fits = (value for value in _candidates(schema, root, depth) if validator.is_valid(value))
    return next(fits, "text")
