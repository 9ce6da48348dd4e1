"""What a schema with everything that applies to the same value asks for, as far as one guess goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from treenail_generator.plan import PREFIX

_LOWER: Final = frozenset(
    {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}
)
_UPPER: Final = frozenset(
    {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}
)
_SILENT: Final = frozenset({"$defs", "description"})
_IN_PLACE: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"})


class NoSampleError(Exception):
    """No value could be made up; the connector file has to give an example."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A schema without references and alternatives.

    Attributes:
        is_guess: Whether a value of it may miss the schema, since something was chosen or merged.
        refs: The definitions that it comes from.
    """

    schema: Mapping[str, Any]
    is_guess: bool
    refs: frozenset[str]


def asked(node: object, definitions: Mapping[str, Any], number: int, refs: frozenset[str]) -> Asked:
    """What `node` asks for when its alternatives are chosen by `number`.

    Raises:
        NoSampleError: Nothing satisfies it, or it is one of `refs`, inside which it stands.
    """
    if node is False:
        raise NoSampleError
    if not isinstance(node, dict):
        return Asked({}, is_guess=False, refs=refs)
    schema = cast("dict[str, Any]", node)
    if not schema.keys() & _IN_PLACE:
        return Asked(schema, is_guess=False, refs=refs)
    merged = {key: value for key, value in schema.items() if key not in _IN_PLACE}
    # What suits the one target, or one of several alternatives, suits the whole.
    is_guess = schema.keys() - _SILENT not in ({"$ref"}, {"anyOf"})
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].removeprefix(PREFIX)
        if name in refs or name not in definitions:
            raise NoSampleError
        inner = asked(definitions[name], definitions, number, refs | {name})
        merged, refs = _both(merged, inner.schema), inner.refs
        is_guess = is_guess or inner.is_guess
    for part in _parts(schema, number):
        inner = asked(part, definitions, number // max(1, _width(schema)), refs)
        merged, refs = _both(merged, inner.schema), refs | inner.refs
    return Asked(merged, is_guess=is_guess, refs=refs)


def _parts(schema: Mapping[str, Any], number: int) -> list[Any]:
    """What applies beside `schema` itself, by one choice."""
    parts = list(cast("list[Any]", schema.get("allOf", [])))
    for keyword in ("oneOf", "anyOf"):
        members = cast("list[Any]", schema.get(keyword, []))
        if members:
            parts.append(members[number % len(members)])
    if "if" in schema:
        told = [schema["if"], schema.get("then")] if number % 2 == 0 else [schema.get("else")]
        parts += [each for each in told if each is not None]
    return parts


def _width(schema: Mapping[str, Any]) -> int:
    return len(cast("list[Any]", schema.get("oneOf") or schema.get("anyOf") or []))


def choices(node: object, definitions: Mapping[str, Any]) -> int:
    """How many alternatives `node` has at its top."""
    passed: set[str] = set()
    while isinstance(node, dict):
        schema = cast("dict[str, Any]", node)
        if _width(schema):
            return _width(schema)
        name = str(schema.get("$ref", "")).removeprefix(PREFIX)
        if name in passed:
            break
        passed.add(name)
        node = definitions.get(name)
    return 1


def _both(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(left)
    for key, value in right.items():
        merged[key] = _value(key, merged[key], value) if key in merged else value
    return merged


def _value(key: str, left: Any, right: Any) -> Any:
    if left == right:
        return left
    if key in _LOWER:
        return max(left, right)
    if key in _UPPER:
        return min(left, right)
    match key:
        case "properties":
            both = {name: {"allOf": [left[name], right[name]]} for name in left if name in right}
            return {**left, **right, **both}
        case "required":
            return list(dict.fromkeys([*left, *right]))
        case "enum":
            return [each for each in left if each in right]
        case "items":
            return {"allOf": [left, right]}
        case "type":
            return _kinds(left, right)
        case _:
            return right


def _kinds(left: Any, right: Any) -> list[str]:
    ours = cast("list[str]", left if isinstance(left, list) else [left])
    theirs = cast("list[str]", right if isinstance(right, list) else [right])
    whole = {"integer"} if {"integer", "number"} <= {*ours, *theirs} else set[str]()
    kept = [each for each in ours if each in theirs or each in whole]
    return kept or [each for each in theirs if each in whole] or ours
