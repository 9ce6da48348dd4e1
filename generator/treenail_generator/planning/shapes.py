"""What values of a type look like to a style: one text, a list of texts, an object of texts, more."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, cast

from treenail_generator.plan import (
    AnyType,
    Arrays,
    ChoiceType,
    ExactType,
    ListType,
    MapType,
    ModelPlan,
    ModelType,
    NullableType,
    TextType,
    TypePlan,
)

Shape: TypeAlias = Literal["primitive", "array", "object", "deep", "nested"]
"""`deep`: an object of primitives and of such objects; `nested`: anything with arrays inside."""

PRIMITIVE: Final[frozenset[Shape]] = frozenset({"primitive"})
_ARRAY: Final[frozenset[Shape]] = frozenset({"array"})
_NESTED: Final[frozenset[Shape]] = frozenset({"nested"})
_UNKNOWN: Final[frozenset[Shape]] = frozenset()
_DEPTH: Final = 12
_FLAT: Final[frozenset[Shape]] = frozenset({"primitive", "array", "object"})
_SEVERAL: Final[frozenset[Shape]] = frozenset({"array", "object"})

# Swagger 2.0 "Parameter Object", `collectionFormat`: 3.x has these in queries only.
_OF_2: Final = dict.fromkeys(("spaceDelimited", "pipeDelimited", "tabDelimited"), _ARRAY)

# OpenAPI 3.1.1 "Style Values", per place.
STYLES: Final[Mapping[str, Mapping[str, frozenset[Shape]]]] = {
    "path": {"simple": _FLAT, "label": _FLAT, "matrix": _FLAT, **_OF_2},
    "query": {
        "form": _FLAT,
        "spaceDelimited": _SEVERAL,
        "pipeDelimited": _SEVERAL,
        "tabDelimited": _SEVERAL,
        "deepObject": frozenset({"object", "deep"}),
    },
    "header": {"simple": _FLAT, **_OF_2},
    # OpenAPI 3.2.1 Appendix D: "&" and "," are no delimiters of cookies.
    "cookie": {"form": frozenset({"primitive"}), "cookie": _FLAT},
}


def defined_shapes(place: str, style: str, arrays: Arrays | None) -> frozenset[Shape]:
    """What a style of a place has a form for; `arrays` is the connector's rule for `deepObject`.

    Who reads arrays there reads `name=value`, too, which nothing else can mean.
    """
    defined = STYLES[place][style]
    return defined if arrays is None else defined | _ARRAY | _NESTED | PRIMITIVE


def takes_any_key(kind: TypePlan) -> bool:
    """Whether values of `kind` are objects whose names nobody knows."""
    match kind:
        case NullableType(inner):
            return takes_any_key(inner)
        case ExactType(schema):
            is_closed = schema.get("additionalProperties") is False
            return "object" in schema_shapes(schema, schema) and not is_closed
        case _:
            return isinstance(kind, MapType)


def shapes(kind: TypePlan, models: Mapping[str, ModelPlan]) -> frozenset[Shape]:
    """What values of `kind` can be; null apart, which no style carries."""
    return _shapes(kind, models, frozenset())


def _shapes(
    kind: TypePlan, models: Mapping[str, ModelPlan], inside: frozenset[str]
) -> frozenset[Shape]:
    match kind:
        case NullableType(inner):
            return _shapes(inner, models, inside)
        case ListType(item=item):
            return _ARRAY if _shapes(item, models, inside) <= PRIMITIVE else _NESTED
        case MapType(value):
            return _object([_shapes(value, models, inside)])
        case ModelType(model) if model in inside or model not in models:
            return _NESTED
        case ModelType(model):
            plan = models[model]
            fixed = [
                _NESTED if isinstance(each.value, dict | list) else PRIMITIVE for each in plan.fixed
            ]
            fields = [_shapes(each.type, models, inside | {model}) for each in plan.fields]
            return _object([*fields, *fixed])
        case ExactType(schema):
            return schema_shapes(schema, schema)
        case AnyType():
            return _UNKNOWN
        case _:
            return PRIMITIVE


def schema_shapes(node: object, root: Mapping[str, Any], depth: int = 0) -> frozenset[Shape]:
    """What values of a schema can be; nothing when it does not say."""
    if depth > _DEPTH:
        return _NESTED
    if not isinstance(node, dict):
        return _UNKNOWN
    schema = cast("dict[str, Any]", node)
    found = _own_shapes(schema, root, depth)
    for keyword in ("anyOf", "oneOf"):
        members = schema.get(keyword)
        if not found and isinstance(members, list):
            told = [schema_shapes(each, root, depth + 1) for each in cast("list[Any]", members)]
            found = frozenset[Shape]().union(*told)
    for member in (_referred(schema, root), *_listed(schema.get("allOf"))):
        more = schema_shapes(member, root, depth + 1)
        found = _both(found, more)
    return found


def _both(left: frozenset[Shape], right: frozenset[Shape]) -> frozenset[Shape]:
    """What a value can be by two schemas at once."""
    if not left or not right:
        return left | right
    objects: frozenset[Shape] = frozenset({"object", "deep", "nested"})
    if left & objects and right & objects:
        worst: Shape = "nested" if "nested" in left | right else "deep"
        kept: frozenset[Shape] = frozenset(
            {"object"} if not (left | right) & {"deep", "nested"} else {worst}
        )
        return (left & right - objects) | kept
    return left & right or left


def _own_shapes(schema: dict[str, Any], root: Mapping[str, Any], depth: int) -> frozenset[Shape]:
    told = schema.get("type")
    if told is None:
        values = _listed(schema.get("enum")) or [schema[key] for key in schema if key == "const"]
        if values:
            return _UNKNOWN.union(*(_of_value(value) for value in values))
        told = "object" if "properties" in schema else "array" if "items" in schema else None
    kinds = _listed(told) or [told]
    found: set[Shape] = set()
    for kind in kinds:
        match kind:
            case "array":
                found |= _array(schema, root, depth)
            case "object":
                found |= _schema_object(schema, root, depth)
            case "null" | None:
                pass
            case _:
                found.add("primitive")
    return frozenset(found)


def _array(schema: dict[str, Any], root: Mapping[str, Any], depth: int) -> frozenset[Shape]:
    items = [schema.get("items"), *_listed(schema.get("prefixItems"))]
    told = (schema_shapes(each, root, depth + 1) for each in items)
    return _ARRAY if all(each <= PRIMITIVE for each in told) else _NESTED


def _schema_object(schema: dict[str, Any], root: Mapping[str, Any], depth: int) -> frozenset[Shape]:
    properties = cast("dict[str, Any]", schema.get("properties") or {})
    parts = [*properties.values(), schema.get("additionalProperties")]
    return _object([schema_shapes(each, root, depth + 1) for each in parts])


def _object(fields: list[frozenset[Shape]]) -> frozenset[Shape]:
    every = _UNKNOWN.union(*fields)
    if every <= PRIMITIVE:
        return frozenset({"object"})
    return frozenset({"deep" if every <= {"primitive", "object", "deep"} else "nested"})


def _of_value(value: object) -> frozenset[Shape]:
    match value:
        case None:
            return _UNKNOWN
        case list():
            return _ARRAY
        case dict():
            return frozenset({"object"})
        case _:
            return PRIMITIVE


def _referred(schema: dict[str, Any], root: Mapping[str, Any]) -> object:
    definitions = cast("dict[str, Any]", root.get("$defs", {}))
    return definitions.get(str(schema.get("$ref", "")).removeprefix("#/$defs/"))


def _listed(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def carried(kind: TypePlan) -> TypePlan:
    """`kind` without null, which has no text, and with text for what may be anything."""
    match kind:
        case NullableType(inner):
            return carried(inner)
        case AnyType():
            return TextType()
        case _:
            return kind


def texts(kind: TypePlan) -> bool:
    """Whether every value of `kind` is a text."""
    inner = kind.inner if isinstance(kind, NullableType) else kind
    if isinstance(inner, ChoiceType):
        return all(isinstance(each, str) for each in inner.values)
    return isinstance(inner, TextType)
