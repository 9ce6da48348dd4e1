"""Path, query, header and cookie parameters to fields and bindings; refuses what has no form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, cast
from urllib.parse import unquote

from treenail_generator.document import Operation, Parameter, Schema
from treenail_generator.naming import attribute_name, class_name
from treenail_generator.patterns import demands
from treenail_generator.plan import (
    ABSENT,
    Absent,
    Arrays,
    Binding,
    BooleanType,
    ChoiceType,
    ExactType,
    FieldPlan,
    ListType,
    MapType,
    ModelPlan,
    ModelType,
    NullableType,
    NumberType,
    StylePlan,
    TextType,
    TypePlan,
)
from treenail_generator.yaml_source import Pointer

from .alternatives import with_form, without_null_fields
from .credentials import Key
from .exact import without_null
from .exact_samples import takes
from .faults import Faults
from .headers import is_header_name, is_json, is_set_by_connection, why_no_header
from .shapes import PRIMITIVE, STYLES, Shape, carried, defined_shapes, shapes, takes_any_key
from .types import Subject, Types
from .values import Slot, Values
from .verbs import Verbs

_DEFAULTS: Final = {
    "path": ("simple", False),
    "query": ("form", True),
    "header": ("simple", False),
    "cookie": ("form", True),
}
_ENCODED: Final = frozenset({"path", "query", "cookie"})
"""Places whose values are percent-encoded, so that `allowReserved` means something."""
_DELIMITED: Final = frozenset({"spaceDelimited", "pipeDelimited", "tabDelimited"})
_FORM: Final = "application/x-www-form-urlencoded"

Planned: TypeAlias = tuple[FieldPlan | None, Binding]
"""The argument that a parameter needs (if any), and where its value goes."""
SharedParameters: TypeAlias = dict[tuple[Pointer, str, str, str], tuple[FieldPlan, Binding]]
"""What became of parameters that operations share, by place and words."""


class Parameters:
    """Plans the parameters of one tool's operation."""

    def __init__(
        self,
        types: Types,
        values: Values,
        verbs: Verbs,
        ids: str | None,
        keys: frozenset[Key],
        known: SharedParameters,
        faults: Faults,
    ) -> None:
        self._types = types
        self._values = values
        self._verbs = verbs
        self._ids = ids
        self._taken = keys
        self._known = known
        self._faults = faults

    def plan(self, operation: Operation, owner: str) -> tuple[list[FieldPlan], list[Binding]]:
        """Fields and bindings, in the order of the document."""
        fields: list[FieldPlan] = []
        bindings: list[Binding] = []
        for parameter in operation.parameters:
            planned = self._once(parameter, owner)
            if planned is None:
                continue
            field, binding = planned
            if field is not None:
                fields.append(field)
            bindings.append(binding)
        return fields, bindings

    def _once(self, parameter: Parameter, owner: str) -> Planned | None:
        """The parameter planned, or as it was for another tool, where nothing is said of it."""
        if self._verbs.of(parameter.name, parameter.place).said:
            return self._planned(parameter, owner)
        key = (parameter.pointer, parameter.place, parameter.name, parameter.description)
        known = self._known.get(key)
        if known is not None and self._values.takes(known[0].attribute):
            return known
        told = len(self._faults)
        planned = self._planned(parameter, owner)
        if planned is None or len(self._faults) > told:
            return planned
        field, binding = planned
        if field is not None and _is_shared(field):
            self._known[key] = field, binding
        return planned

    def _planned(self, parameter: Parameter, owner: str) -> Planned | None:
        if not self._supported(parameter):
            return None
        sourced = self._values.of(_slot(self._with_form(self._or_empty(parameter)), owner))
        if sourced is None:
            return None
        value, field, kind = sourced
        sent = self._carried(parameter, kind)
        if field is not None and sent is not kind:
            field = _narrowed(field, sent)
        return field, Binding(
            place=parameter.place,
            upstream=parameter.name,
            value=value,
            type=sent,
            required=parameter.required,
            source=parameter.location,
            style=_style(parameter, self._arrays(parameter)),
        )

    def tell_shared_keys(self, bindings: Sequence[Binding]) -> None:
        """Report objects whose fields would read as another parameter, or as the path's own query."""
        seen = {each.upstream: each for each in bindings if each.place == "query"}
        any_key: Binding | None = None
        for binding in list(seen.values()):
            style = binding.style or StylePlan(style="form", explode=True)
            is_deep = style.style == "deepObject"
            if not is_deep and (style.style, style.explode) != ("form", True):
                continue
            if takes_any_key(binding.type) and not is_deep:
                any_key = any_key or binding
                if any_key is not binding:
                    self._tell_shared(binding, "whatever it holds", any_key)
            for name in self._keys(binding.type):
                key = f"{binding.upstream}[{name}]" if is_deep else name
                if ("query", key) in self._taken:
                    self._tell_key(binding, name)
                other = seen.setdefault(key, binding)
                if other is not binding:
                    self._tell_shared(binding, f"its field {name!r}", other)

    def _tell_shared(self, binding: Binding, what: str, other: Binding) -> None:
        self._faults.add(
            binding.source,
            "unsupported-parameter",
            f"query parameter {binding.upstream!r}: {what} would read as part of {other.upstream!r}",
            hint="hide the field, or one of the parameters",
        )

    def _tell_key(self, binding: Binding, name: str) -> None:
        self._faults.add(
            binding.source,
            "unsupported-parameter",
            f"query parameter {binding.upstream!r}: the credentials go where its field {name!r} would",
            hint="hide the field, or the parameter",
        )

    @property
    def _models(self) -> Mapping[str, ModelPlan]:
        return self._types.by_name

    def _keys(self, kind: TypePlan) -> tuple[str, ...]:
        if not isinstance(kind, ModelType) or kind.model not in self._models:
            return ()
        model = self._models[kind.model]
        return tuple(each.upstream for each in (*model.fields, *model.fixed))

    def _supported(self, parameter: Parameter) -> bool:
        """Whether the parameter can be sent at all; reports it when not, unless it is hidden."""
        verb = self._verbs.of(parameter.name, parameter.place)
        if parameter.place == "header" and is_set_by_connection(parameter.name):
            self._faults.note(
                parameter.location,
                "header-of-connection",
                f"header parameter {parameter.name!r}: the connection sets this header itself",
            )
            return False
        if _key(parameter) in self._taken:
            self._faults.note(
                parameter.location,
                "parameter-of-credentials",
                f"{parameter.place} parameter {parameter.name!r}: the credentials go there",
            )
            return False
        reason = _unsupported(parameter)
        if reason is None:
            return True
        if not (verb.says("hide") and verb.param.hide and not parameter.required):
            hint = None if parameter.required else _hide(parameter)
            self._faults.add(parameter.location, "unsupported-parameter", reason, hint=hint)
        return False

    def _carried(self, parameter: Parameter, kind: TypePlan) -> TypePlan:
        """`kind`, narrowed to what the parameter's place can carry without loss."""
        if parameter.content_type is not None and is_json(parameter.content_type):
            return kind
        kind = carried(kind)
        kind = replace(kind, own=without_null(kind.own)) if isinstance(kind, ExactType) else kind
        self._tell_undefined(parameter, kind)
        self._tell_slash(parameter, kind)
        match kind:
            case ListType(item=item):
                # An empty list and no list look the same in a URL.
                return replace(kind, item=carried(item), min_items=max(kind.min_items or 0, 1))
            case MapType(value):
                return MapType(carried(value))
            case TextType() if parameter.place == "path":
                return self._segment(kind)
            case _:
                return kind

    def _tell_undefined(self, parameter: Parameter, kind: TypePlan) -> None:
        if parameter.content_type is not None or parameter.place == "querystring":
            return
        undefined = shapes(kind, self._models) - self._defined(parameter)
        if undefined:
            told = " and ".join(sorted(undefined))
            self._faults.add(
                parameter.location,
                "unsupported-parameter",
                f"{parameter.place} parameter {parameter.name!r}: style {parameter.style} has no "
                f"defined form for {told} values",
                hint=None if parameter.required else _hide(parameter),
            )

    def _tell_slash(self, parameter: Parameter, kind: TypePlan) -> None:
        """Report a path parameter none of whose values stays inside its segment."""
        if parameter.place == "path" and _demands_slash(kind):
            self._faults.add(
                parameter.location,
                "unsupported-parameter",
                f"path parameter {parameter.name!r}: each of its values holds '/', and would be "
                "several segments of the path",
                hint="correct its schema by an overlay, or leave the operation out",
            )

    def _arrays(self, parameter: Parameter) -> Arrays | None:
        if parameter.style != "deepObject":
            return None
        return self._verbs.arrays(parameter.name, parameter.place)

    def _defined(self, parameter: Parameter) -> frozenset[Shape]:
        if parameter.style == "cookie" and not parameter.explode:
            # OpenAPI 3.2.1 "Style Examples": a cookie cannot hold the commas between items.
            return PRIMITIVE
        return defined_shapes(parameter.place, parameter.style, self._arrays(parameter))

    def _or_empty(self, parameter: Parameter) -> Parameter:
        """The parameter with the empty text among its values, where the document allows it.

        OpenAPI 3.1.1, 4.8.12.2.1: `allowEmptyValue` is for queries, and for styles that can say it.
        """
        if not parameter.allow_empty or parameter.place != "query" or parameter.style != "form":
            return parameter
        views = self._types.views
        if parameter.content_type is not None or views.why_not(parameter.schema, "") is None:
            return parameter
        view = views.of(parameter.schema)
        if view.get("type") == "string" and "enum" in view:
            return replace(parameter, schema={**view, "enum": [*view["enum"], ""]})
        empty: Schema = {"type": "string", "enum": [""]}
        return replace(parameter, schema={"anyOf": [parameter.schema, empty]})

    def _with_form(self, parameter: Parameter) -> Parameter:
        """The parameter with the alternatives of its schema that its style can carry."""
        if parameter.content_type is not None or parameter.place == "querystring":
            return parameter
        views = self._types.views
        schema, lost = with_form(parameter.schema, self._defined(parameter), views)
        schema = without_null_fields(schema, views)
        if schema is parameter.schema:
            return parameter
        if not lost:
            return replace(parameter, schema=cast("Schema", schema))
        self._faults.note(
            parameter.location,
            "alternative-left-out",
            f"{parameter.place} parameter {parameter.name!r}: style {parameter.style} has no form "
            f"for {' and '.join(lost)} values; the others are offered",
        )
        return replace(parameter, schema=cast("Schema", schema))

    def _segment(self, kind: TextType) -> TextType:
        if self._ids and kind.pattern in (None, self._ids) and kind.format is None:
            if self._ids == "^[A-Za-z0-9_-]+$":
                return replace(kind, pattern=None, opaque_id=True)
            return replace(kind, pattern=self._ids)
        return kind


def _is_shared(field: FieldPlan) -> bool:
    """Whether the field is the same for every tool: it has its own name, and no model."""
    return field.attribute == attribute_name(field.name) and _is_plain(field.type)


def _is_plain(kind: TypePlan) -> bool:
    match kind:
        case ListType(item=inner) | NullableType(inner):
            return _is_plain(inner)
        case _:
            return isinstance(kind, TextType | NumberType | BooleanType | ChoiceType)


def _key(parameter: Parameter) -> Key:
    is_header = parameter.place == "header"
    return parameter.place, parameter.name.lower() if is_header else parameter.name


def _demands_slash(kind: TypePlan) -> bool:
    """Whether a text of `kind` has to hold a slash, also behind percent-encoding."""
    match kind:
        case TextType(pattern=pattern):
            return pattern is not None and demands(pattern, "/")
        case ExactType(own=own):
            pattern = own.get("pattern")
            return (
                own.get("type") == "string" and isinstance(pattern, str) and demands(pattern, "/")
            )
        case ChoiceType(values=values):
            return all("/" in unquote(str(each)) for each in values)
        case _:
            return False


def _narrowed(field: FieldPlan, kind: TypePlan) -> FieldPlan:
    """`field` as `kind`, without an example of the document that it does not take."""
    is_told = isinstance(field.example, Absent) or field.shown or takes(kind, field.example)
    return replace(field, type=kind, example=field.example if is_told else ABSENT)


def _slot(parameter: Parameter, owner: str) -> Slot:
    subject = Subject(
        schema=parameter.schema,
        path=parameter.name,
        hint=class_name(parameter.name),
        owner=owner,
        place=parameter.place,
    )
    return Slot(
        subject=subject,
        upstream=parameter.name,
        required=parameter.required,
        deprecated=parameter.deprecated,
        description=parameter.description,
        examples=parameter.examples,
        source=parameter.location,
    )


def _hide(parameter: Parameter) -> str:
    return f"leave it out: params: {{{parameter.name}: {{hide: true}}}}"


def _unsupported(parameter: Parameter) -> str | None:
    what = f"{parameter.place} parameter {parameter.name!r}"
    if parameter.place == "header":
        reason = why_no_header(parameter.name)
        return f"{what}: {reason}" if reason else None
    if parameter.place == "cookie" and not is_header_name(parameter.name):
        return f"{what}: not a cookie name"
    if parameter.encoding:
        return f"{what}: encodings of its fields are not carried"
    if parameter.content_type is not None:
        return None
    if parameter.place == "querystring":
        return f"{what}: it has no content"
    is_of_2 = parameter.style in _DELIMITED and parameter.place != "query"
    if parameter.style not in STYLES[parameter.place] or (is_of_2 and not parameter.of_2):
        return f"{what}: style {parameter.style!r} does not exist there"
    if parameter.style in _DELIMITED and parameter.explode:
        return f"{what}: style {parameter.style} has no defined form with explode"
    return None


def _style(parameter: Parameter, arrays: Arrays | None) -> StylePlan | None:
    if parameter.content_type is not None:
        return _content_style(parameter.content_type)
    if parameter.style == "deepObject":
        return StylePlan(
            style="deepObject", explode=True, reserved=parameter.allow_reserved, arrays=arrays
        )
    style, explode = _DEFAULTS[parameter.place]
    reserved = (
        parameter.allow_reserved and parameter.place in _ENCODED and parameter.style != "cookie"
    )
    if (parameter.style, parameter.explode, reserved) == (style, explode, False):
        return None
    return StylePlan(style=parameter.style, explode=parameter.explode, reserved=reserved)


def _content_style(content_type: str) -> StylePlan | None:
    """How a value of a media type is written; anything but JSON and forms is a text."""
    if is_json(content_type):
        return StylePlan(style="json", explode=False)
    if content_type.partition(";")[0].strip().lower() == _FORM:
        return StylePlan(style="urlencoded", explode=False)
    return None
