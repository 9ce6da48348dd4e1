"""A model's JSON Schema, written from its annotations.

pydantic would build the whole validator first; a module of a thousand tools lists them without one.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeGuard, cast, get_args, get_origin
from weakref import WeakKeyDictionary

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic import MISSING, AfterValidator, BeforeValidator, JsonValue
from pydantic.fields import FieldInfo

from .exact import JsonSchema
from .formats import Format
from .in_order import InOrder
from .references import PREFIX
from .types import Check, ClosedInput, Input

_LEAVES: Final[dict[object, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}
_BOUNDS: Final = (
    (Ge, "ge", "minimum"),
    (Le, "le", "maximum"),
    (Gt, "gt", "exclusiveMinimum"),
    (Lt, "lt", "exclusiveMaximum"),
    (MultipleOf, "multiple_of", "multipleOf"),
)


class UnknownTypeError(Exception):
    """An annotation that only pydantic can write."""


class Writer:
    """Writes models.

    Attributes:
        definitions: What the schemas written so far refer to.
    """

    def __init__(self, above: frozenset[type[Input]] = frozenset()) -> None:
        """`above` are the models that are being written around those to write."""
        self.definitions: dict[str, Any] = {}
        self._models: dict[str, type[Input]] = {}
        self._above = above

    def object(self, model: type[Input], *, closed: bool) -> dict[str, Any]:
        """The object that `model` accepts; `closed` whether its schema says that it takes no more.

        Raises:
            UnknownTypeError: It holds types that no generated module has.
        """
        written = {
            _name(attribute, field): self._field(field)
            for attribute, field in model.model_fields.items()
        }
        required = [
            _name(attribute, field)
            for attribute, field in model.model_fields.items()
            if field.is_required()
        ]
        schema: dict[str, Any] = {"type": "object", "properties": written}
        if required:
            schema["required"] = required
        return {**schema, "additionalProperties": False} if closed else schema

    def _field(self, field: FieldInfo) -> dict[str, Any]:
        schema = self._type(field.annotation, field.metadata)
        if field.description:
            schema["description"] = field.description
        if not field.is_required() and field.default is not MISSING:
            schema["default"] = field.default
        return schema | _extra(field)

    def _type(self, annotation: Any, metadata: Sequence[Any] = ()) -> dict[str, Any]:
        if get_origin(annotation) is Annotated:
            inner, *more = get_args(annotation)
            return self._type(inner, [*more, *metadata])
        exact = [each for each in metadata if isinstance(each, JsonSchema)]
        if exact:
            return self._exact(exact[0])
        schema = self._bare(annotation)
        for each in metadata:
            self._constrain(schema, each)
        return schema

    def _bare(self, annotation: Any) -> dict[str, Any]:
        if annotation in _LEAVES:
            return {"type": _LEAVES[annotation]}
        if annotation is JsonValue:
            return {}
        arguments = get_args(annotation)
        origin = get_origin(annotation)
        if origin is Literal:
            kinds = {"string" if isinstance(each, str) else "integer" for each in arguments}
            listed = {"const": arguments[0]} if len(arguments) == 1 else {"enum": [*arguments]}
            return {**({"type": kinds.pop()} if len(kinds) == 1 else {}), **listed}
        if origin is list:
            return {"type": "array", "items": self._type(arguments[0])}
        if origin is dict and arguments[0] is str:
            values = self._type(arguments[1])
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        if _is_model(annotation):
            return self._model(annotation)
        if arguments and origin is not None and _is_union(origin):
            return self._union([each for each in arguments if each is not MISSING])
        raise UnknownTypeError(annotation)

    def _union(self, members: list[Any]) -> dict[str, Any]:
        others = [each for each in members if each is not type(None)]
        if len(others) != 1:
            raise UnknownTypeError(members)
        schema = self._type(others[0])
        return or_null(schema) if len(others) < len(members) else schema

    def _model(self, model: type[Input]) -> dict[str, Any]:
        name = model.__name__
        if self._models.setdefault(name, model) is not model:
            raise UnknownTypeError(name)
        if name not in self.definitions:
            schema, definitions, models = self._written(model)
            for inner, each in models.items():
                if self._models.setdefault(inner, each) is not each:
                    raise UnknownTypeError(inner)
            self._define(definitions)
            self._define({name: schema})
        return {"$ref": PREFIX + name}

    def _written(self, model: type[Input]) -> "_Written":
        """`model` with all that it refers to: written once, however many tools take it."""
        found = _WRITTEN.get(model)
        if found is None:
            if model in self._above:
                raise UnknownTypeError(model)
            writer = Writer(self._above | {model})
            schema = writer.object(model, closed=issubclass(model, ClosedInput))
            found = _WRITTEN[model] = schema, writer.definitions, writer._models
        return found

    def _define(self, definitions: dict[str, Any]) -> None:
        for name, schema in definitions.items():
            if self.definitions.setdefault(name, schema) != schema:
                raise UnknownTypeError(name)

    def _exact(self, exact: JsonSchema) -> dict[str, Any]:
        if exact.definitions is None:
            if "$defs" in exact.own:
                raise UnknownTypeError(exact.own)
        else:
            self._define(exact.definitions.closure(exact.own))
        return dict(exact.own)

    def _constrain(self, schema: dict[str, Any], said: Any) -> None:
        """Add what one item of an annotation's metadata says."""
        if isinstance(said, FieldInfo):
            for each in said.metadata:
                self._constrain(schema, each)
            if said.description:
                schema["description"] = said.description
            schema |= _extra(said)
        elif isinstance(said, MinLen | MaxLen):
            unit = {"string": "Length", "array": "Items"}[schema["type"]]
            least = isinstance(said, MinLen)
            schema[f"min{unit}" if least else f"max{unit}"] = (
                said.min_length if isinstance(said, MinLen) else said.max_length
            )
        elif isinstance(said, Format):
            schema["format"] = said.name
        elif not isinstance(said, Check | AfterValidator | BeforeValidator | InOrder):
            schema |= _bound(said)


_Written: TypeAlias = tuple[dict[str, Any], dict[str, Any], dict[str, type[Input]]]
"""A model's schema, the definitions that it refers to, and the models among them."""

_WRITTEN: Final[WeakKeyDictionary[type[Input], _Written]] = WeakKeyDictionary()


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, or null; within its `type` where that says it."""
    kind = schema.get("type")
    if not isinstance(kind, str) or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    opened = {**schema, "type": [kind, "null"]}
    if "enum" in schema:
        opened["enum"] = [*schema["enum"], None]
    return opened


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = cast("Any", field.json_schema_extra)
    return cast("dict[str, Any]", extra) if isinstance(extra, dict) else {}


def _bound(said: Any) -> dict[str, Any]:
    for kind, attribute, keyword in _BOUNDS:
        if isinstance(said, kind):
            return {keyword: getattr(said, attribute)}
    pattern = getattr(said, "pattern", None)
    if isinstance(pattern, str) and getattr(said, "__dict__", {}) == {"pattern": pattern}:
        return {"pattern": pattern}
    raise UnknownTypeError(said)


def _name(attribute: str, field: FieldInfo) -> str:
    name = field.validation_alias or field.alias or attribute
    if not isinstance(name, str):
        raise UnknownTypeError(attribute)
    return name


def _is_model(annotation: Any) -> TypeGuard[type[Input]]:
    return isinstance(annotation, type) and issubclass(cast("Any", annotation), Input)


def _is_union(origin: Any) -> bool:
    return getattr(origin, "__name__", "") in {"Union", "UnionType"}
