"""A document as requests are read: what is read-only is not required, `nullable` opens all.

openapi-core refuses read-only fields in requests, and misses them where they are required.
"""

from functools import partial
from typing import Any, Final, cast

from treenail_generator.planning.read_only import ReadOnly

_NUMBER_FORMATS = frozenset({"int32", "int64", "float", "double"})
_SCHEMAS = frozenset({"contains", "else", "if", "items", "not", "propertyNames", "then"})
_NOTHING: Final[frozenset[str]] = frozenset()
_LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"dependentSchemas", "patternProperties", "properties"})
_IN_PLACE = frozenset({"$ref", "allOf", "anyOf", "not", "oneOf"})


def requests_only(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of `document` in which no schema requires what only answers hold."""
    read_only = ReadOnly(partial(_at, document))
    return _copied(document, read_only, frozenset())


def _at(document: dict[str, Any], ref: str) -> object:
    found: object = document
    for step in ref.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = cast("dict[str, object]", found).get(name) if isinstance(found, dict) else None
    return found


def _copied(node: Any, read_only: ReadOnly, outside: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_copied(each, read_only, outside) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, Any]", node)
    hidden = outside | read_only.names(schema)
    copy: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "required" and isinstance(value, list) and hidden:
            copy[key] = [name for name in cast("list[Any]", value) if name not in hidden]
        elif not _is_misread(key, value):
            in_place = key in _LISTED or key in {"if", "then", "else"}
            copy[key] = _copied(_mapped(key, value), read_only, hidden if in_place else _NOTHING)
    if not copy.get("required", True):
        # OpenAPI 3.0 has no empty `required`.
        del copy["required"]
    return _opened(copy) if copy.get("nullable") is True and copy.keys() & _IN_PLACE else copy


def _is_misread(key: str, value: Any) -> bool:
    """Formats, fractions and discriminators that openapi-core judges otherwise than JSON Schema does.

    It also takes a default for what was sent, and refuses one of another type.
    """
    if key == "default":
        return not isinstance(value, dict)
    if key == "discriminator":
        # It looks for what a mapping names, and nothing else may lead there.
        return isinstance(value, dict) and isinstance(value.get("propertyName"), str)  # pyright: ignore[reportUnknownMemberType]  # of any keys
    if key == "format":
        return isinstance(value, str) and value not in _NUMBER_FORMATS
    return key == "multipleOf" and isinstance(value, float)


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    """A 3.0 schema that null satisfies, whatever stands beside its `nullable`."""
    return {"nullable": True, "anyOf": [schema, {"nullable": True, "enum": [None]}]}


def _mapped(key: str, value: Any) -> Any:
    """`value` without boolean schemas, at which openapi-core crashes."""
    if key in _SCHEMAS:
        return _mapping(value)
    if key in _LISTED and isinstance(value, list):
        return [_mapping(each) for each in cast("list[Any]", value)]
    if key in _NAMED and isinstance(value, dict):
        return {name: _mapping(each) for name, each in cast("dict[str, Any]", value).items()}
    return value


def _mapping(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema
