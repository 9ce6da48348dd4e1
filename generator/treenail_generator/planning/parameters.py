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

from .exact import item_kind, primitive_kind, without_null
from .faults import Faults
from .headers import is_json, why_no_header
from .types import Subject, Types
from .values import Slot, Values
from .verbs import Verbs

Structure: TypeAlias = Literal["primitive", "array", "object", "nested", "mixed"]

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
                    place=_place(parameter),
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
        self._tell_shared_keys(bindings)
        return fields, bindings

    def _tell_shared_keys(self, bindings: list[Binding]) -> None:
        """Report exploded objects whose fields would read as another parameter."""
        seen = {each.upstream: each for each in bindings if each.place == "query"}
        for binding in list(seen.values()):
            style = binding.style or StylePlan(style="form", explode=True)
            if (style.style, style.explode) != ("form", True):
                continue
            for name in self._keys(binding.type):
                other = seen.setdefault(name, binding)
                if other is not binding:
                    self._faults.add(
                        binding.source,
                        "unsupported-parameter",
                        f"query parameter {binding.upstream!r}: its field {name!r} would read as "
                        f"part of {other.upstream!r}",
                        hint="hide the field, or one of the parameters",
                    )

    def _keys(self, kind: TypePlan) -> tuple[str, ...]:
        models = [each for each in self._types.models if kind == ModelType(each.name)]
        return tuple(field.upstream for model in models for field in model.fields)

    def _supported(self, parameter: Parameter) -> bool:
        """Whether the parameter can be sent at all; reports it when not, unless it is hidden."""
        verb = self._verbs.of(parameter.name, parameter.place)
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
        kind = ExactType(without_null(kind.schema)) if isinstance(kind, ExactType) else kind
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

    def _has(self, model: str) -> bool:
        return any(each.name == model for each in self._types.models)

    def _segment(self, kind: TextType) -> TextType:
        if self._ids and kind.pattern in (None, self._ids) and kind.format is None:
            if self._ids == "^[A-Za-z0-9_-]+$":
                return replace(kind, pattern=None, opaque_id=True)
            return replace(kind, pattern=self._ids)
        return replace(kind, min_length=max(kind.min_length or 0, 1))

    def _structure(self, kind: TypePlan, inside: frozenset[str] = frozenset()) -> Structure:
        match kind:
            case ListType(item=item):
                return "array" if self._structure(item, inside) == "primitive" else "nested"
            case ModelType(model) if model in inside or not self._has(model):
                return "nested"
            case ModelType(model):
                fields = next(each for each in self._types.models if each.name == model).fields
                inner = inside | {model}
                flat = all(self._structure(field.type, inner) == "primitive" for field in fields)
                return "object" if flat else "nested"
            case MapType(value):
                return "object" if self._structure(value, inside) == "primitive" else "nested"
            case ExactType(schema):
                if item_kind(schema) is not None:
                    return "array"
                return "primitive" if primitive_kind(schema, schema) is not None else "mixed"
            case NullableType() | AnyType():
                return "nested"
            case _:
                return "primitive"


def _unsupported(parameter: Parameter) -> str | None:
    what = f"{parameter.place} parameter {parameter.name!r}"
    if parameter.place in {"cookie", "querystring"}:
        return f"{what}: parameters in {parameter.place} are not supported yet"
    if parameter.content_type is not None and not is_json(parameter.content_type):
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
        case "cookie" | "querystring":
            raise AssertionError("refused before")


def _style(parameter: Parameter) -> StylePlan | None:
    if parameter.content_type is not None:
        return StylePlan(style="json", explode=False)
    if parameter.style == "deepObject":
        return StylePlan(style="deepObject", explode=True)
    style, explode = _DEFAULTS[parameter.place]
    # Elsewhere, what is percent-encoded reads the same.
    reserved = parameter.place == "query" and parameter.style == "form" and parameter.allow_reserved
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
    if "" in parts[2:-1:2]:
        faults.add(
            operation.location,
            "unsupported-path",
            f"{path!r}: nothing tells where one path parameter ends and the next one begins",
        )
    named = set(parts[1::2])
    declared = {each.name for each in operation.parameters if each.place == "path"}
    for name in sorted(named ^ declared):
        what = "has no path parameter" if name in named else "does not hold the path parameter"
        faults.add(operation.location, "path-parameter-missing", f"{path!r} {what} {name!r}")
    return "".join(
        f"{{{part}}}" if index % 2 else _literal(part) for index, part in enumerate(parts)
    )


def _literal(part: str) -> str:
    """A part of a path between its names; what is percent-encoded already stays so."""
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", part)
    return "".join(
        piece if index % 2 else quote(piece, safe=_PATH_LITERAL)
        for index, piece in enumerate(pieces)
    )
