"""Schemas that are kept as they are: without noise, and without what requests must not hold."""

from typing import Any, Final, cast

from treenail_generator.yaml_source import JSON

_NOISE: Final = frozenset({"title", "examples", "deprecated", "writeOnly", "$comment", "default"})
_NAMES_TO_SCHEMAS: Final = frozenset(
    {"properties", "$defs", "patternProperties", "dependentSchemas"}
)
_DATA: Final = frozenset({"const", "enum", "required"})


def requestable(schema: dict[str, JSON]) -> dict[str, JSON]:
    """`schema` without readOnly properties and without annotations that agents do not need."""
    return cast("dict[str, JSON]", _schema(schema))


def _schema(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", node).items():
        if key in _NOISE or key.startswith("x-"):
            continue
        if key in _NAMES_TO_SCHEMAS and isinstance(value, dict):
            named = cast("dict[str, Any]", value)
            kept[key] = {
                name: _schema(each) for name, each in named.items() if not _read_only(each)
            }
        elif key in _DATA:
            kept[key] = value
        elif isinstance(value, list):
            kept[key] = [_schema(each) for each in cast("list[Any]", value)]
        else:
            kept[key] = _schema(value)
    _forget_read_only(cast("dict[str, Any]", node), kept)
    return kept


def _read_only(schema: Any) -> bool:
    return isinstance(schema, dict) and cast("dict[str, Any]", schema).get("readOnly") is True


def _forget_read_only(node: dict[str, Any], kept: dict[str, Any]) -> None:
    """Take read-only names out of `required` (OpenAPI 3.1.1: required holds for answers only)."""
    properties = node.get("properties")
    if isinstance(properties, dict) and isinstance(kept.get("required"), list):
        read_only = {
            name for name, each in cast("dict[str, Any]", properties).items() if _read_only(each)
        }
        kept["required"] = [name for name in kept["required"] if name not in read_only]
        if not kept["required"]:
            del kept["required"]
