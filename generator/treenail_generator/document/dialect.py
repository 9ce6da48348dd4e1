"""Schema keywords as people write them, made JSON Schema 2020-12; each change has a named rule.

A keyword that cannot be understood is left out: it restricts nothing then, and the upstream decides.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from treenail_generator.document.model import Schema
from treenail_generator.document.patterns import as_ecma

Odd: TypeAlias = tuple[str, str]
"""A keyword whose value means nothing as it stands, and what was done to it."""

_LEFT_OUT: Final = "left out"

TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_OTHER_TYPES: Final = {
    "bool": "boolean",
    "date": "string",
    "date-time": "string",
    "datetime": "string",
    "decimal": "number",
    "dict": "object",
    "double": "number",
    "enum": "string",
    "file": "string",
    "float": "number",
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "list": "array",
    "long": "integer",
    "map": "object",
    "str": "string",
    "text": "string",
    "timestamp": "string",
    "uuid": "string",
}
_FORMATS: Final = {"date": "date", "date-time": "date-time", "datetime": "date-time"} | {
    "file": "binary",
    "uuid": "uuid",
}
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS: Final = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("minContains", "maxContains"),
)
_FLAGS: Final = ("uniqueItems", "deprecated", "readOnly", "writeOnly")
_TEXTS: Final = ("description", "title", "format", "contentEncoding", "contentMediaType")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas")
_WORDS: Final = {"true": True, "false": False}
_DIGITS: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GONE: Final = object()
_LONGEST: Final = 60


def repaired(schema: Schema, odd: list[Odd], *, or_null: bool = False) -> Schema:
    """A copy of `schema` whose keywords have values that JSON Schema 2020-12 knows.

    Args:
        schema: Its keywords as they are written.
        odd: Gains every change.
        or_null: Whether null is allowed beside the `type`.
    """
    kept: dict[str, Any] = dict(schema)
    _rewrite_old_keywords(kept)
    if not isinstance(kept.get("$ref", ""), str):
        del kept["$ref"]
    for keyword in [each for each in kept if each in _READERS]:
        _settle(kept, keyword, _READERS[keyword], odd)
    _repair_type(kept, odd)
    _repair_enum(kept, odd, or_null=or_null)
    if "pattern" in kept:
        _settle(kept, "pattern", as_ecma, odd)
    if isinstance(kept.get("patternProperties"), dict):
        _repair_patterns(kept, odd)
    return kept


def _settle(kept: Schema, keyword: str, read: Callable[[Any], Any], odd: list[Odd]) -> None:
    """Keep what `read` makes of the keyword; leave it out where that is nothing."""
    value = kept[keyword]
    found = read(value)
    if found is _GONE or found is None:
        del kept[keyword]
        odd.append((keyword, _LEFT_OUT))
    elif found is not value and (found != value or type(found) is not type(value)):
        kept[keyword] = found
        if keyword != "required" or set(found) != set(map(str, cast("list[Any]", value))):
            odd.append((keyword, f"read as {_shown(found)}"))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        # OpenAPI 3.0 knows boolean bounds; what is left of them here says nothing.
        return _GONE
    if isinstance(value, str) and len(value) <= _LONGEST and _DIGITS.fullmatch(value.strip()):
        return float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) else _GONE


def _positive(value: Any) -> Any:
    found = _number(value)
    return found if found is not _GONE and found > 0 else _GONE


def _count(value: Any) -> Any:
    found = _number(value)
    if found is _GONE or found < 0 or found != int(found):
        return _GONE
    return int(found)


def _flag(value: Any) -> Any:
    word = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    return word if isinstance(word, bool) else _GONE


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else _GONE


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return [cast("Any", value)]
    members = cast("list[Any]", value) if isinstance(value, list) else []
    return [each for each in members if _is_schema(each)] or _GONE


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        return _GONE
    named = cast("dict[str, Any]", value)
    if all(map(_is_schema, named.values())):
        return named
    nothing: dict[str, Any] = {}
    return {key: each if _is_schema(each) else nothing for key, each in named.items()}


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _required(value: Any) -> Any:
    if not isinstance(value, list):
        return _GONE
    names = cast("list[Any]", value)
    return list(dict.fromkeys(each for each in names if isinstance(each, str)))


def _values(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        return _GONE
    found: dict[Any, Any] = {}
    for each in cast("list[Any]", value):
        found.setdefault(_identity(each), each)
    return list(found.values())


def _same(left: Any, right: Any) -> bool:
    """Whether JSON takes both for one value."""
    return _identity(left) == _identity(right)


def _identity(value: Any) -> Any:
    """What two values share that JSON takes for one; to Python, true is 1."""
    if isinstance(value, dict | list):
        return (json, json.dumps(value, sort_keys=True))
    return (isinstance(value, bool), value)


def _inner(value: Any) -> Any:
    if isinstance(value, str):
        return _flag(value)
    return value if _is_schema(value) else _GONE


def _dependent(value: Any) -> Any:
    if not isinstance(value, dict):
        return _GONE
    named = cast("dict[str, Any]", value)
    lists = {key: _required(names) for key, names in named.items()}
    return {key: names for key, names in lists.items() if names is not _GONE}


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_NUMBERS, _number),
    "multipleOf": _positive,
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_FLAGS, _flag),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_LISTS, _members),
    **dict.fromkeys(_MAPS, _mapping),
    **dict.fromkeys(("items", "additionalProperties", "not", "contains"), _inner),
    **dict.fromkeys(("if", "then", "else", "propertyNames"), _inner),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _inner),
    "required": _required,
    "enum": _values,
    "dependentRequired": _dependent,
}


def _rewrite_old_keywords(kept: dict[str, Any]) -> None:
    """Drafts before 2019-09: tuples as a list under `items`, and `dependencies`."""
    items = kept.get("items")
    if isinstance(items, list):
        kept["prefixItems"] = items
        del kept["items"]
    rest = kept.pop("additionalItems", None)
    if "prefixItems" in kept and isinstance(rest, dict | bool):
        kept.setdefault("items", rest)
    told: Any = kept.pop("dependencies", None)
    if isinstance(told, dict):
        pairs = cast("dict[str, Any]", told).items()
        names: dict[str, Any] = {key: each for key, each in pairs if isinstance(each, list)}
        schemas: dict[str, Any] = {key: each for key, each in pairs if _is_schema(each)}
        kept |= {"dependentRequired": names} if names else {}
        kept |= {"dependentSchemas": schemas} if schemas else {}


def _repair_type(kept: dict[str, Any], odd: list[Odd]) -> None:
    told = kept.get("type")
    if told is None or (isinstance(told, str) and told in TYPES):
        if told is None and "type" in kept:
            del kept["type"]
        return
    listed = cast("list[Any]", told) if isinstance(told, list) else cast("list[Any]", [told])
    kinds = list(dict.fromkeys(_kind(each) for each in listed))
    known = [each for each in kinds if each is not None]
    if isinstance(told, str) and told in _FORMATS:
        kept.setdefault("format", _FORMATS[told])
    if len(known) < len(kinds) or not known:
        # A word that names no type may have meant any.
        del kept["type"]
        odd.append(("type", _LEFT_OUT))
    elif known != told:
        kept["type"] = known if len(known) > 1 else known[0]
        if len(known) != 1 or known[0] != listed[0]:
            odd.append(("type", f"read as {_shown(kept['type'])}"))


def _kind(told: Any) -> str | None:
    if not isinstance(told, str):
        return None
    word = told.strip().lower()
    return word if word in TYPES else _OTHER_TYPES.get(word)


def _repair_enum(kept: Schema, odd: list[Odd], *, or_null: bool) -> None:
    """Let the values of `enum` be of the `type` beside it, as YAML and hasty authors do not."""
    values = kept.get("enum")
    told = kept.get("type")
    if not isinstance(values, list) or told is None:
        return
    kinds = [*cast("list[str]", told if isinstance(told, list) else [told])]
    kinds += ["null"] if or_null else []
    listed = cast("list[Any]", values)
    fitting = [_as_kind(each, kinds) for each in listed]
    found = [each for each in fitting if each is not _GONE]
    if not found:
        _move_enum(kept, kinds, listed)
        odd.append(("enum", "kept against the type beside it"))
    elif len(found) < len(listed) or not all(map(_same, found, listed)):
        kept["enum"] = _values(found)
        if [each for each in listed if each is not None] != found:
            odd.append(("enum", f"read as {_shown(found)}"))


def _move_enum(kept: dict[str, Any], kinds: list[str], values: list[Any]) -> None:
    """Where no value is of the type: those of an array are its items', else the type is wrong."""
    items = kept.get("items")
    if kinds[0] == "array" and isinstance(items, dict) and "enum" not in items:
        kept["items"] = {**items, "enum": values}
        del kept["enum"]
    else:
        del kept["type"]


def _as_kind(value: Any, kinds: list[str]) -> Any:
    """`value` as one of `kinds`; gone when it cannot be."""
    kind = kind_of(value)
    if kind in kinds or (kind == "integer" and "number" in kinds):
        return value
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return int(value)
    if "string" in kinds and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str):
        number = _number(value)
        if number is not _GONE and {"integer", "number"} & {*kinds}:
            return number if "number" in kinds or isinstance(number, int) else _GONE
        if "boolean" in kinds:
            return _WORDS.get(value.strip().lower(), _GONE)
    return _GONE


def kind_of(value: Any) -> str:
    """The JSON type of `value`; whole numbers are integers."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _repair_patterns(kept: Schema, odd: list[Odd]) -> None:
    named = cast("dict[str, Any]", kept["patternProperties"])
    known = {as_ecma(pattern): each for pattern, each in named.items()}
    if list(known) != list(named):
        odd.append(("patternProperties", "read by other patterns"))
        kept["patternProperties"] = {key: each for key, each in known.items() if key is not None}
