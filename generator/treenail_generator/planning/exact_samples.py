"""Values that satisfy a JSON Schema: guessed, then checked."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, cast

import jsonschema_rs

from treenail_generator.yaml_source import JSON

CANDIDATES: Final = (
    "text",
    "a",
    "A",
    "1",
    "0",
    "12",
    "123",
    "1234",
    "2026",
    "abc",
    "ABC",
    "a1",
    "A1",
    "AB",
    "ABCD",
    "example-id",
    "a_b",
    "a.b",
    "a@b.c",
    "#a1b2c3",
    "#A1B2C3",
    "+353123456789",
    "2026-11-20",
    "09:30",
    "09:30:00",
    "EUR",
    "en",
    "en-IE",
    "1.0.0",
    "00000000",
    "0000000000000000",
    "true",
)
_OTHERS: Final[tuple[JSON, ...]] = (1, 0, 1.5, True, {}, {"key": "text"}, [], None)
_DEPTH: Final = 4
_DIFFERENT: Final = 20
_COMBINED: Final = ("oneOf", "anyOf", "allOf")


class NoSampleError(Exception):
    """No value could be made up; the connector file has to give an example."""


def exact_sample(schema: dict[str, JSON]) -> JSON:
    """A value of `schema`.

    Raises:
        NoSampleError: No guess fits.
    """
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for value in _candidates(schema, schema, 0):
        if validator.is_valid(value):
            return value
    raise NoSampleError


def _candidates(schema: Any, root: dict[str, JSON], depth: int) -> Iterable[JSON]:
    """Guesses at values of a schema, most likely first."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        yield from ("text", 1, True, {}, [])
        return
    node = cast("dict[str, Any]", schema)
    yield from cast("list[JSON]", node.get("examples", []))
    yield from cast("list[JSON]", node.get("enum", []))
    if "const" in node:
        yield node["const"]
    if isinstance(node.get("$ref"), str):
        yield from _candidates(_referred(node, root), root, depth + 1)
    yield from _objects(node, root, depth)
    for keyword in _COMBINED:
        for member in cast("list[Any]", node.get(keyword, [])):
            yield from _candidates(member, root, depth + 1)
    if "items" in node or "prefixItems" in node or node.get("type") == "array":
        yield from _arrays(node, root, depth)
    yield from _numbers(node)
    yield from CANDIDATES
    yield from _OTHERS


def _referred(node: dict[str, Any], root: dict[str, JSON]) -> Any:
    definitions = cast("dict[str, Any]", root.get("$defs", {}))
    return definitions.get(str(node.get("$ref", "")).removeprefix("#/$defs/"))


def _arrays(node: dict[str, Any], root: dict[str, JSON], depth: int) -> Iterable[JSON]:
    first: list[JSON] = [
        _valid(each, root, depth + 1) for each in cast("list[Any]", node.get("prefixItems", []))
    ]
    wanted = max(len(first), int(node.get("minItems", 0)), 1)
    item = node.get("items", {})
    more = _different(item, root, depth + 1) or [_valid(item, root, depth + 1)]
    for count in (wanted, len(first), 0):
        rest = [more[min(place, len(more) - 1)] for place in range(count - len(first))]
        yield [*first[:count], *rest]


def _numbers(node: dict[str, Any]) -> Iterable[JSON]:
    """Numbers at and near the bounds."""
    for bound in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"):
        limit = node.get(bound)
        if isinstance(limit, int | float):
            yield from (limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5)
    low, high = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if isinstance(low, int | float) and isinstance(high, int | float):
        yield (low + high) / 2


def _objects(node: dict[str, Any], root: dict[str, JSON], depth: int) -> Iterable[JSON]:
    known, required, alternatives = _parts(node, root, depth)
    if not known and not required:
        return
    made = {name: _valid(each, root, depth + 1) for name, each in known.items()}
    made |= {name: "text" for name in required if name not in known}
    yield made
    yield {name: made[name] for name in required}
    for extra_known, extra_required in alternatives:
        names = (*required, *extra_required)
        own = {name: _valid(each, root, depth + 1) for name, each in extra_known.items()}
        yield {name: own.get(name, made.get(name, "text")) for name in names}
        yield {**{name: made[name] for name in required}, **own}
    for name in known:
        yield {**{each: made[each] for each in required}, name: made[name]}


def _parts(
    schema: Any, root: dict[str, JSON], depth: int
) -> tuple[dict[str, Any], list[str], list[tuple[dict[str, Any], list[str]]]]:
    """Properties and required names of an object with its `allOf`; the same of each alternative."""
    if not isinstance(schema, dict) or depth > 2 * _DEPTH:
        return {}, [], []
    node = cast("dict[str, Any]", schema)
    known = dict(cast("dict[str, Any]", node.get("properties", {})))
    required = list(cast("list[str]", node.get("required", [])))
    alternatives: list[tuple[dict[str, Any], list[str]]] = []
    for member in (_referred(node, root), *cast("list[Any]", node.get("allOf", []))):
        more, needed, others = _parts(member, root, depth + 1)
        known |= more
        required += needed
        alternatives += others
    for keyword in ("oneOf", "anyOf"):
        for member in cast("list[Any]", node.get(keyword, [])):
            alternatives.append(_parts(member, root, depth + 1)[:2])
    return known, list(dict.fromkeys(required)), alternatives


def _different(schema: Any, root: dict[str, JSON], depth: int) -> list[JSON]:
    """A few primitive values of `schema`, for items that have to differ."""
    whole: dict[str, JSON] = {"$defs": root.get("$defs", {})}
    whole |= cast("dict[str, JSON]", schema) if isinstance(schema, dict) else {}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    found = (value for value in _candidates(schema, root, depth) if validator.is_valid(value))
    values = list(islice(found, _DIFFERENT))
    return list(dict.fromkeys(value for value in values if isinstance(value, str | int | float)))


def _valid(schema: Any, root: dict[str, JSON], depth: int) -> JSON:
    if not isinstance(schema, dict):
        return "text"
    whole = {**cast("dict[str, Any]", schema), "$defs": root.get("$defs", {})}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    fits = (value for value in _candidates(schema, root, depth) if validator.is_valid(value))
    return next(fits, "text")
