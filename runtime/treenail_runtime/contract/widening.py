"""A schema of which parts are left out, so that it still allows whatever the whole one allows."""

from typing import Any, Final, cast

from .references import references

_NAMED: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_VALUES: Final = frozenset({"const", "default", "enum", "examples"})
_CHOOSING: Final = frozenset({"if", "then", "else"})
_UNEVALUATED: Final = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_NARROWING: Final = frozenset({"if", "not", "oneOf"}) | _UNEVALUATED
"""What may allow less where something inside it allows more."""


def widened(node: Any, loose: frozenset[str]) -> Any:
    """`node` without what a wider schema inside makes narrower.

    Where fewer constraints are told, more values fit: two members of a `oneOf` at once, what a `not`
    refuses, what an `if` asks for.

    Args:
        node: A schema, or a list of them.
        loose: The definitions that say less than the whole, directly or not.
    """
    if isinstance(node, list):
        return [widened(each, loose) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    schema = _loosened(cast("dict[str, Any]", node), loose)
    return {key: _inside(key, value, loose) for key, value in schema.items()}


def _inside(key: str, value: Any, loose: frozenset[str]) -> Any:
    if key in _VALUES:
        return value
    if key in _NAMED and isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: widened(each, loose) for name, each in named.items()}
    return widened(value, loose)


def _loosened(schema: dict[str, Any], loose: frozenset[str]) -> dict[str, Any]:
    """`schema` itself; what is inside it stays as it is."""
    if _NARROWING.isdisjoint(schema):
        return schema
    touched = {key for key, value in schema.items() if not loose.isdisjoint(references(value))}
    touched |= {"$ref"} if not loose.isdisjoint(references({"$ref": schema.get("$ref")})) else set()
    dropped = touched & {"not"}
    dropped |= _CHOOSING if "if" in touched else frozenset()
    dropped |= _UNEVALUATED if touched else frozenset()
    left = {key: value for key, value in schema.items() if key not in dropped}
    if "oneOf" in touched:
        one = left.pop("oneOf")
        left.setdefault("anyOf", one)
    return left
