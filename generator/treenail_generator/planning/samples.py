"""Example arguments: for people and demos, and the cases with which the build proves requests."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import unquote

from treenail_generator.patterns import is_found
from treenail_generator.plan import (
    Absent,
    Binding,
    BooleanType,
    ChoiceType,
    Either,
    EndpointPlan,
    ExactType,
    FieldPlan,
    FileType,
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

from .exact_samples import NoSampleError, exact_sample
from .leaf_samples import FORMATS, number_of, text_of

Mode: TypeAlias = Literal["minimal", "full", "hostile", "null"]

_TRICKY: Final = "a b&c=d+e%25/\u00e9?#[]\"'\\;:,|$"
_TRICKY_DELIMITED: Final = "a&c=d+e%25/\u00e9?#;:$"
_TRICKY_HEADER: Final = "a b&c/d%25;:$"
_TRICKY_SEGMENT: Final = "a b~\u00e9:@!$&'()*+,=?#"
_DEPTH: Final = 4
_PLENTY: Final = 2
_DEEPEST: Final = 40
_ENOUGH: Final = 1_000
"""Values after which no more is put into optional lists and objects; some would hold 20,000."""


class Samples:
    """Makes values of planned types; deterministic."""

    def __init__(self, models: Mapping[str, ModelPlan]) -> None:
        self._models = models
        self._made: dict[tuple[str, Mode, str, int], JSON] = {}
        self._holding_null: dict[str, bool] = {}

    def arguments(
        self, fields: Iterable[FieldPlan], endpoint: EndpointPlan, mode: Mode
    ) -> dict[str, JSON]:
        """Arguments by the agent's names; without optional ones that have no sample.

        Raises:
            NoSampleError: For a required argument without a sample.
        """
        tricky = _tricky_texts(endpoint) if mode == "hostile" else {}
        made: dict[str, JSON] = {}
        size = 0
        for field in fields:
            if mode == "minimal" and not field.required:
                continue
            text = tricky.get(field.attribute, _TRICKY)
            sparing = size > _ENOUGH and not _is_leaf(field.type)
            try:
                value = self._argument(field, endpoint, "minimal" if sparing else mode, text)
            except NoSampleError:
                if field.required:
                    raise
            else:
                made[field.name] = value
                size += _size(value)
        return made

    def may_hold_null(self, fields: Iterable[FieldPlan]) -> bool:
        """Whether the mode "null" makes other values of the fields than "full" does."""
        return any(self._may_hold_null(field.type) for field in fields)

    def _may_hold_null(self, kind: TypePlan) -> bool:
        match kind:
            case NullableType():
                return True
            case ListType(item=inner) | MapType(inner):
                return self._may_hold_null(inner)
            case ModelType(model):
                if model not in self._holding_null:
                    # Stands there meanwhile, for a model inside itself.
                    self._holding_null[model] = True
                    self._holding_null[model] = self.may_hold_null(self._models[model].fields)
                return self._holding_null[model]
            case _:
                return False

    def shown(self, fields: Iterable[FieldPlan], endpoint: EndpointPlan) -> dict[str, JSON]:
        """The arguments worth showing: what is required, and what the file gives an example for."""
        return {
            field.name: self._argument(field, endpoint, "minimal", _TRICKY)
            for field in fields
            if field.required or field.shown
        }

    def _argument(self, field: FieldPlan, endpoint: EndpointPlan, mode: Mode, tricky: str) -> JSON:
        value = self._field(field, mode, tricky, 0)
        if value != {} or any(_attribute(each) == field.attribute for each in endpoint.at("body")):
            return value
        # Nothing would be sent of it.
        return self._field(field, "full", tricky, 0)

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
        if depth > _DEEPEST:
            raise NoSampleError
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
        # Two show how items are told apart; two in each of two would say it again and again.
        plenty = 1 if mode == "minimal" or depth > _PLENTY else 2
        wanted = max(kind.min_items or 0, plenty)
        count = min(wanted, kind.max_items) if kind.max_items is not None else wanted
        if depth > _DEPTH:
            count = kind.min_items or 0
        return [self.of(item, mode, tricky, depth + 1)] * count if count else []

    def _model(self, name: str, mode: Mode, tricky: str, depth: int) -> JSON:
        key = (name, mode, tricky, depth)
        if key not in self._made:
            self._made[key] = self._object(name, mode, tricky, depth)
        return self._made[key]

    def _object(self, name: str, mode: Mode, tricky: str, depth: int) -> JSON:
        made: dict[str, JSON] = {}
        size = 0
        for field in self._models[name].fields:
            wanted = mode != "minimal" and depth < _DEPTH
            if field.required or (wanted and (size < _ENOUGH or _is_leaf(field.type))):
                made[field.name] = self._field(field, mode, tricky, depth + 1)
                size += _size(made[field.name])
        return made


def _is_leaf(kind: TypePlan) -> bool:
    inner = kind.inner if isinstance(kind, NullableType) else kind
    return not isinstance(inner, ListType | ModelType | MapType | ExactType)


def _size(value: JSON) -> int:
    match value:
        case dict():
            return 1 + sum(map(_size, value.values()))
        case list():
            return 1 + sum(map(_size, value))
        case _:
            return 1


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
        case ExactType():
            return exact_sample(kind, full=mode != "minimal")
        case FileType():
            return _file(kind, mode)
        case _:
            return {"any": [1, "text", None, True]} if mode == "hostile" else "text"


def _file(kind: FileType, mode: Mode) -> JSON:
    told = next((each for each in kind.accept if not each.endswith("/*")), None)
    accepted = f"{kind.accept[0].partition('/')[0]}/png" if kind.accept else None
    kinds: dict[str, JSON] = {"type": told or accepted} if accepted else {}
    if mode == "minimal":
        return {"data": "YQ==", **kinds}
    # Bytes that no text encoding takes, and a line end with two hyphens, as boundaries begin.
    return {"data": "AP8NCi0tYQ0K" if mode == "hostile" else "YQ==", "name": "a b.txt", **kinds}


def _attribute(binding: Binding) -> str | None:
    match binding.value:
        case FromArgument(attribute) | Either(attribute=attribute):
            return attribute
        case _:
            return None


def _tricky_texts(endpoint: EndpointPlan) -> dict[str | None, str]:
    """The hostile text of each argument, by its attribute."""
    between = frozenset(unquote("".join(re.findall(r"\}([^/{}]+)\{", endpoint.path))))
    return {_attribute(binding): _tricky(binding, between) for binding in endpoint.bindings}


def _tricky(binding: Binding, between: frozenset[str]) -> str:
    match binding.place:
        case "path":
            return _tricky_segment(between)
        case "header":
            return _TRICKY_HEADER
        case "query" if binding.style and "Delimited" in binding.style.style:
            return _TRICKY_DELIMITED
        case _:
            return _TRICKY


@lru_cache(maxsize=2**8)
def _tricky_segment(between: frozenset[str]) -> str:
    return "".join(each for each in _TRICKY_SEGMENT if each not in between)


@lru_cache(maxsize=2**12)
def _number(kind: NumberType) -> int | float:
    return number_of(_schema(kind), whole=kind.whole)


@lru_cache(maxsize=2**14)
def _text(kind: TextType, tricky: str | None) -> str:
    if kind.opaque_id:
        return "qZepIh3T5rewMUebHiH9PA"
    least, most = kind.min_length or 0, kind.max_length
    if tricky and kind.format not in FORMATS:
        for text in (tricky, tricky.ljust(least, tricky[-1])[:most]):
            if _fits(kind, text):
                return text
    return text_of(_schema(kind))


def _fits(kind: TextType, text: str) -> bool:
    return (
        len(text) >= (kind.min_length or 0)
        and (kind.max_length is None or len(text) <= kind.max_length)
        and (kind.pattern is None or is_found(kind.pattern, text))
    )


def _schema(kind: TextType | NumberType) -> dict[str, Any]:
    """The bounds of `kind`, as a schema says them."""
    if isinstance(kind, TextType):
        told: dict[str, Any] = {
            "format": kind.format,
            "minLength": kind.min_length,
            "maxLength": kind.max_length,
            "pattern": kind.pattern,
        }
    else:
        told = {
            "minimum": kind.minimum,
            "maximum": kind.maximum,
            "exclusiveMinimum": kind.exclusive_minimum,
            "exclusiveMaximum": kind.exclusive_maximum,
            "multipleOf": kind.multiple_of,
        }
    return {key: value for key, value in told.items() if value is not None}
