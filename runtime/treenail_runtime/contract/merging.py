"""One schema that says what a definition says, and what stands beside the reference to it."""

from collections.abc import Mapping
from typing import Any, Final, cast

_TEXTS: Final = frozenset(
    {
        *("title", "description", "default", "examples", "example", "deprecated"),
        *("readOnly", "writeOnly", "$comment", "contentMediaType", "contentEncoding"),
    }
)
"""Keywords that refuse no value, so that the nearer one replaces the other."""
_FAMILIES: Final = (
    frozenset({"properties", "patternProperties", "additionalProperties", "unevaluatedProperties"}),
    frozenset({"items", "prefixItems", "unevaluatedItems", "contains"}),
    frozenset({"contains", "minContains", "maxContains"}),
    frozenset({"if", "then", "else"}),
)
"""Keywords that mean something else where another of their family joins them."""


def both(definition: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """`definition` with `beside`, which holds as well (JSON Schema 2020-12 core, 8.2.3.1).

    Where the keywords of both cannot be told as one, the definition is a member of `allOf`.
    """
    own, further = definition.keys() - _TEXTS, beside.keys() - _TEXTS
    shared = own & further
    differing = {key for key in shared if definition[key] != beside[key]}
    meeting: set[str] = {
        key for each in _FAMILIES if own & each and further & each for key in further & each
    }
    merged = {**definition, **beside}
    if "required" in shared:
        merged["required"] = [*dict.fromkeys([*definition["required"], *beside["required"]])]
    if meeting == {"properties"} and (fields := _fields(definition, beside)) is not None:
        merged["properties"] = fields
        meeting = set()
    if meeting or differing - {"required", "properties"}:
        return {**beside, "allOf": [dict(definition), *cast("list[Any]", beside.get("allOf", []))]}
    return merged


def _fields(definition: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields of both, None where the definition would open for further ones."""
    own = _objects(definition.get("properties", {}))
    further = _objects(beside["properties"])
    is_open = not definition.keys() & {"additionalProperties", "unevaluatedProperties"}
    if not is_open and further.keys() - own.keys():
        return None
    named = {name: both(own[name], each) for name, each in further.items() if name in own}
    return {**own, **further, **named}


def _objects(fields: Any) -> dict[str, dict[str, Any]]:
    """Schemas by field; `true` and `false` are schemas, too."""
    told = cast("dict[str, Any]", fields)
    plain = {True: dict[str, Any](), False: {"not": dict[str, Any]()}}
    return {name: plain[each] if isinstance(each, bool) else each for name, each in told.items()}
