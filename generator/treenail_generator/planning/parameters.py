"""Path, query and header parameters to fields and bindings; refuses what cannot be carried."""

import re
from dataclasses import replace
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from treenail_generator.document import Operation, Parameter
from treenail_generator.naming import class_name
from treenail_generator.plan import (
    AnyType,
    Binding,
    ExactType,
    FieldPlan,
    ListType,
    MapType,
    ModelType,
    NullableType,
    Place,
    StylePlan,
    TextType,
    TypePlan,
)

from .faults import Faults
from .headers import why_no_header
from .types import Subject, Types
from .values import Slot, Values
from .verbs import Verbs

Structure: TypeAlias = Literal["primitive", "array", "object", "nested"]

# OpenAPI 3.1.1 "Style Values", per place; the first one is the default with its explode.
_STYLES: Final[dict[str, dict[str, frozenset[Structure]]]] = {
    "path": {
        "simple": frozenset({"primitive", "array", "object"}),
        "label": frozenset({"primitive", "array", "object"}),
        "matrix": frozenset({"primitive", "array", "object"}),
    },
    "query": {
        "form": frozenset({"primitive", "array", "object"}),
        "spaceDelimited": frozenset({"array", "object"}),
        "pipeDelimited": frozenset({"array", "object"}),
        "deepObject": frozenset({"object"}),
    },
    "header": {"simple": frozenset({"primitive", "array", "object"})},
}
_DEFAULTS: Final = {"path": ("simple", False), "query": ("form", True), "header": ("simple", False)}
_PATH_LITERAL: Final = "/:@!$&'()*+,;=-._~"


class Parameters:
    """Plans the parameters of one tool's operation."""

    def __init__(
        self, types: Types, values: Values, verbs: Verbs, ids: str | None, faults: Faults
    ) -> None:
        self._types = types
        self._values = values
        self._verbs = verbs
        self._ids = ids
        self._faults = faults

    def plan(self, operation: Operation, hint: str) -> tuple[list[FieldPlan], list[Binding]]:
        """Fields and bindings, in the order of the document."""
        fields: list[FieldPlan] = []
        bindings: list[Binding] = []
        for parameter in operation.parameters:
            if not self._supported(parameter):
                continue
            slot = Slot(
                subject=Subject(
                    schema=parameter.schema,
                    path=parameter.name,
                    hint=f"{hint}{class_name(parameter.name)}",
                    ancestors={},
                ),
                upstream=parameter.name,
                required=parameter.required,
                deprecated=parameter.deprecated,
                description=parameter.description,
                examples=parameter.examples,
                source=parameter.location,
            )
            sourced = self._values.of(slot)
            if sourced is None:
                continue
            value, field, kind = sourced
            carried = self._carried(parameter, kind)
            if field is not None:
                fields.append(replace(field, type=carried))
            bindings.append(
                Binding(
                    place=_place(parameter),
                    upstream=parameter.name,
                    value=value,
                    type=carried,
                    required=parameter.required,
                    source=parameter.location,
                    style=_style(parameter),
                )
            )
        return fields, bindings

    def _supported(self, parameter: Parameter) -> bool:
        """Whether the parameter can be sent at all; reports it when not, unless it is hidden."""
        verb = self._verbs.of(parameter.name)
        reason = _unsupported(parameter)
        if reason is None:
            return True
        if not (verb.says("hide") and verb.param.hide and not parameter.required):
            hint = (
                "no tool can be made of this operation yet"
                if parameter.required
                else f"leave it out: params: {{{parameter.name}: {{hide: true}}}}"
            )
            self._faults.add(parameter.location, "unsupported-parameter", reason, hint=hint)
        return False

    def _carried(self, parameter: Parameter, kind: TypePlan) -> TypePlan:
        """`kind`, narrowed to what the parameter's place can carry without loss."""
        if parameter.content_type is not None:
            return kind
        # Null has no text; OpenAPI leaves it undefined.
        kind = kind.inner if isinstance(kind, NullableType) else kind
        kind = TextType() if isinstance(kind, AnyType) else kind
        structure = self._structure(kind)
        if structure not in _STYLES[parameter.place][parameter.style]:
            self._faults.add(
                parameter.location,
                "unsupported-parameter",
                f"{parameter.place} parameter {parameter.name!r}: style {parameter.style} has no "
                f"defined form for {structure} values",
                hint=f"leave it out: params: {{{parameter.name}: {{hide: true}}}}",
            )
        if isinstance(kind, ListType):
            # An empty list and no list look the same in a URL.
            return replace(kind, min_items=max(kind.min_items or 0, 1))
        if parameter.place == "path" and isinstance(kind, TextType):
            return self._segment(kind)
        return kind

    def _segment(self, kind: TextType) -> TextType:
        if self._ids and kind.pattern in (None, self._ids) and kind.format is None:
            if self._ids == "^[A-Za-z0-9_-]+$":
                return replace(kind, pattern=None, opaque_id=True)
            return replace(kind, pattern=self._ids)
        return replace(kind, min_length=max(kind.min_length or 0, 1))

    def _structure(self, kind: TypePlan) -> Structure:
        match kind:
            case ListType(item=item):
                return "array" if self._structure(item) == "primitive" else "nested"
            case ModelType(model):
                fields = next(each for each in self._types.models if each.name == model).fields
                flat = all(self._structure(field.type) == "primitive" for field in fields)
                return "object" if flat else "nested"
            case MapType(value):
                return "object" if self._structure(value) == "primitive" else "nested"
            case ExactType(schema):
                plain = schema.get("type") in {"string", "integer", "number", "boolean"}
                return "primitive" if plain else "nested"
            case NullableType() | AnyType():
                return "nested"
            case _:
                return "primitive"


def _unsupported(parameter: Parameter) -> str | None:
    what = f"{parameter.place} parameter {parameter.name!r}"
    if parameter.place == "cookie":
        return f"{what}: cookies are not supported yet"
    if parameter.content_type not in {None, "application/json"}:
        return f"{what}: content {parameter.content_type} is not supported yet"
    if parameter.content_type is None and parameter.style not in _STYLES[parameter.place]:
        return f"{what}: style {parameter.style!r} does not exist there"
    delimited = parameter.style in {"spaceDelimited", "pipeDelimited"}
    if parameter.content_type is None and delimited and parameter.explode:
        return f"{what}: style {parameter.style} has no defined form with explode"
    reason = why_no_header(parameter.name) if parameter.place == "header" else None
    return f"{what}: {reason}" if reason else None


def _place(parameter: Parameter) -> Place:
    match parameter.place:
        case "path" | "query" | "header":
            return parameter.place
        case "cookie":
            raise AssertionError("cookies are refused before")


def _style(parameter: Parameter) -> StylePlan | None:
    if parameter.content_type is not None:
        return StylePlan(style="json", explode=False)
    if parameter.style == "deepObject":
        return StylePlan(style="deepObject", explode=True)
    style, explode = _DEFAULTS[parameter.place]
    reserved = parameter.place == "query" and parameter.allow_reserved
    if (parameter.style, parameter.explode, reserved) == (style, explode, False):
        return None
    return StylePlan(style=parameter.style, explode=parameter.explode, reserved=reserved)


def path_template(operation: Operation, faults: Faults) -> str:
    """The operation's path, percent-encoded apart from its `{names}`."""
    path = operation.path
    if "?" in path or "#" in path:
        faults.add(
            operation.location,
            "unsupported-path",
            f"{path!r}: a path with a query or fragment is not supported yet",
        )
    parts = re.split(r"\{([^{}]*)\}", path)
    named = set(parts[1::2])
    declared = {each.name for each in operation.parameters if each.place == "path"}
    for name in sorted(named ^ declared):
        what = "has no path parameter" if name in named else "does not hold the path parameter"
        faults.add(operation.location, "path-parameter-missing", f"{path!r} {what} {name!r}")
    return "".join(
        f"{{{part}}}" if index % 2 else quote(part, safe=_PATH_LITERAL)
        for index, part in enumerate(parts)
    )
