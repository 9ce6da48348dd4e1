"""Schemas that are kept as they are: without noise, and without what requests must not hold."""

from collections.abc import Callable
from typing import Any, Final, cast

from treenail_generator.document.schemas import as_object
from treenail_generator.plan.definitions import PREFIX
from treenail_generator.yaml_source import JSON

from .descriptions import Descriptions
from .read_only import ReadOnly

_NOISE: Final = frozenset({"title", "examples", "deprecated", "writeOnly", "$comment", "default"})
_NAMES_TO_SCHEMAS: Final = frozenset({"$defs", "patternProperties", "dependentSchemas"})
_IN_PLACE: Final = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else"})
_TAKEN_AS_IT_IS: Final = frozenset(
    {"const", "enum", "dependentRequired", "description", "properties"}
)
_UNTOLD_FORMATS: Final = frozenset({"int32", "int64", "float", "double"})
_PRIMITIVES: Final = frozenset({"string", "integer", "number", "boolean"})


def requestable(schema: dict[str, JSON], *, forbid: bool = False) -> dict[str, JSON]:
    """`schema` without readOnly properties and without annotations that agents do not need.

    Args:
        schema: Self-contained.
        forbid: Whether readOnly properties are refused instead of not mentioned.
    """
    definitions = cast("dict[str, Any]", schema.get("$defs", {}))
    read_only = ReadOnly(lambda ref: definitions.get(ref.removeprefix(PREFIX)))
    return Requestable(read_only, forbid=forbid).of(schema)


class Requestable:
    """Schemas as requests may use them."""

    def __init__(
        self,
        read_only: ReadOnly,
        name_of: Callable[[str], str] | None = None,
        *,
        forbid: bool = False,
        descriptions: Descriptions | None = None,
    ) -> None:
        """`name_of` gives the definition that takes the place of a reference."""
        self._read_only = read_only
        self._name_of = name_of
        self._forbid = forbid
        self._descriptions = descriptions or Descriptions()

    def of(self, schema: JSON) -> dict[str, JSON]:
        """A copy of `schema`; see `requestable`."""
        return as_object(self.schema(schema, frozenset()))

    def schema(
        self, node: Any, outside: frozenset[str], name: str = "", *, required: bool | None = None
    ) -> Any:
        """`node` as a request may use it.

        Args:
            node: The schema.
            outside: Read-only fields of the same object.
            name: The field that it describes.
            required: Whether that one is; None where it describes no field.
        """
        if not isinstance(node, dict):
            return node
        schema = cast("dict[str, Any]", node)
        hidden = outside | self._read_only.names(schema)
        kept: dict[str, Any] = {}
        for key, value in schema.items():
            if key not in _NOISE and not key.startswith("x-"):
                kept[key] = self._value(key, value, hidden)
        if isinstance(schema.get("properties"), dict):
            kept["properties"] = self._properties(schema)
        told = self._descriptions.of(kept.pop("description", ""), name, required=required)
        if told:
            kept["description"] = told
        if kept.get("format") in _UNTOLD_FORMATS and kept.get("type") in ("integer", "number"):
            # Nothing enforces it, and a number is told as one anyway.
            del kept["format"]
        # OpenAPI 3.1.1, "readOnly": `required` holds for answers only.
        if isinstance(kept.get("required"), list) and not kept["required"]:
            del kept["required"]
        return kept

    def _value(self, key: str, value: Any, hidden: frozenset[str]) -> Any:
        inner = hidden if key in _IN_PLACE else frozenset[str]()
        if key in _TAKEN_AS_IT_IS:
            return value
        if key == "$ref" and self._name_of is not None:
            return PREFIX + self._name_of(value)
        if key == "required" and isinstance(value, list):
            return [name for name in cast("list[Any]", value) if name not in hidden]
        if key in _NAMES_TO_SCHEMAS and isinstance(value, dict):
            items = cast("dict[str, Any]", value).items()
            return {name: self.schema(each, inner) for name, each in items}
        if isinstance(value, list):
            return [self.schema(each, inner) for each in cast("list[Any]", value)]
        return self.schema(value, inner)

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        told = schema.get("required")
        required = cast("list[Any]", told) if isinstance(told, list) else []
        offered: dict[str, Any] = {}
        forbidden: dict[str, Any] = {}
        for name, each in cast("dict[str, Any]", schema["properties"]).items():
            if self._read_only.holds(each):
                forbidden[name] = False
            else:
                is_required = name in required
                offered[name] = self.schema(each, frozenset(), name, required=is_required)
        return {**offered, **forbidden} if self._forbid else offered


def without_null(schema: dict[str, JSON]) -> dict[str, JSON]:
    """`schema` without the null that it names itself."""
    kept = dict(schema)
    for key in ("type", "enum", "anyOf", "oneOf"):
        told = kept.get(key)
        if isinstance(told, list):
            others = [each for each in told if each not in (None, "null", {"type": "null"})]
            kept[key] = others or told
    return kept


def primitive_kind(schema: object, root: dict[str, JSON]) -> str | None:
    """The one kind of primitive, apart from null, that `schema` allows; None for anything else."""
    for part in _referred(schema, root):
        kinds = _said_kinds(part)
        for keyword in ("anyOf", "oneOf"):
            members = part.get(keyword)
            if not kinds and isinstance(members, list):
                told = cast("list[Any]", members)
                kinds = {primitive_kind(each, root) for each in told if each != {"type": "null"}}
        if len(kinds) == 1:
            kind = kinds.pop()
            return kind if kind in _PRIMITIVES else None
        if kinds:
            return "number" if kinds == {"integer", "number"} else None
    return None


def _referred(schema: object, root: dict[str, JSON]) -> list[dict[str, Any]]:
    """`schema` and what its `$ref`s lead to, one behind the other."""
    definitions = cast("dict[str, Any]", root.get("$defs", {}))
    found: list[dict[str, Any]] = []
    while isinstance(schema, dict) and schema not in found:
        found.append(cast("dict[str, Any]", schema))
        schema = definitions.get(str(found[-1].get("$ref", "")).removeprefix(PREFIX))
    return found


def _said_kinds(schema: dict[str, Any]) -> set[str | None]:
    """The kinds that `type`, `enum` or `const` name, null left out."""
    told = schema.get("type")
    if told is not None:
        kinds = cast("list[str]", told if isinstance(told, list) else [told])
        return {kind for kind in kinds if kind != "null"}
    values = cast(
        "list[Any]", schema.get("enum") or [schema[key] for key in schema if key == "const"]
    )
    return {_kind(value) for value in values if value is not None}


def _kind(value: object) -> str | None:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case _:
            return None
