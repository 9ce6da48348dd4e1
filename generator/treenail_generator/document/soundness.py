"""Keywords of schemas whose values JSON Schema does not allow: found, and left out.

A schema that says `required: true` of one property, or `type: text`, still says everything else.
"""

from collections.abc import Callable, Mapping
from typing import Final

from treenail_generator.document.model import Schema
from treenail_generator.yaml_source import JSON

_LIMITED: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), frozenset({"string"})),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), frozenset({"integer", "number"})),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), frozenset({"integer", "number"})),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems"), frozenset({"array"})),
    **dict.fromkeys(("minProperties", "maxProperties"), frozenset({"object"})),
}
_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


def sound(schema: Schema, odd: list[str]) -> Schema:
    """The schema without the keywords that mean nothing as they stand; `odd` gains their names.

    What `required` and `type` say twice counts once. Subschemas are not looked at.

    Source: JSON Schema 2020-12, the meta-schemas of its vocabularies.
    """
    unsound = [key for key in schema if key in _RULES and not _RULES[key](schema[key])]
    odd.extend(unsound)
    kept: Schema = {key: schema[key] for key in schema if key not in unsound}
    for key in ("required", "type"):
        if isinstance(listed := kept.get(key), list):
            kept[key] = list[JSON](dict.fromkeys(map(str, listed)))
    if isinstance(types := kept.get("type"), list) and len(types) == 1:
        kept["type"] = types[0]
    return kept


def applicable(schema: Schema) -> Schema:
    """The schema without the bounds that say nothing of its type, like `uniqueItems` of a string.

    Source: JSON Schema 2020-12 validation, 6: each keyword limits values of one type alone.
    """
    told = schema.get("type")
    if told is None:
        return schema
    kinds = {str(kind) for kind in (told if isinstance(told, list) else [told])}
    idle = [key for key in schema if key in _LIMITED and kinds.isdisjoint(_LIMITED[key])]
    return {key: schema[key] for key in schema if key not in idle} if idle else schema


def _is_type(value: JSON) -> bool:
    if isinstance(value, list):
        return bool(value) and all(each in _TYPES for each in value)
    return value in _TYPES


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _is_flag(value: JSON) -> bool:
    return isinstance(value, bool)


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_positive(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_count(value: JSON) -> bool:
    return _is_number(value) and isinstance(value, (int, float)) and value >= 0 and value % 1 == 0


def _is_filled_list(value: JSON) -> bool:
    return isinstance(value, list) and bool(value)


def _is_list(value: JSON) -> bool:
    return isinstance(value, list)


def _is_mapping(value: JSON) -> bool:
    return isinstance(value, dict)


def _is_schema(value: JSON) -> bool:
    return isinstance(value, (dict, bool))


def _are_names(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _are_dependencies(value: JSON) -> bool:
    return isinstance(value, dict) and all(_are_names(names) for names in value.values())


_RULES: Final[Mapping[str, Callable[[JSON], bool]]] = {
    "type": _is_type,
    "enum": _is_filled_list,
    "required": _are_names,
    "dependentRequired": _are_dependencies,
    "multipleOf": _is_positive,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("minContains", "maxContains"), _is_count),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_flag),
    **dict.fromkeys(("title", "description", "format", "pattern", "$ref"), _is_text),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), _is_text),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _is_filled_list),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), _is_mapping),
    **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames"), _is_schema),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _is_schema),
    **dict.fromkeys(("if", "then", "else", "not", "contentSchema"), _is_schema),
    "examples": _is_list,
}
