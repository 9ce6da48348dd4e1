"""Edge cases of arguments: valid ones at the bounds of what a published schema allows.

Known cases are changed in a few places each, by what the schema says there and by values that
break careless encoders; what the schema then refuses is no case. The same seed gives the same ones.
"""

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import jsonschema_rs

from treenail_generator.yaml_source import JSON

_Path = tuple[str | int, ...]

_TEXTS: Final = (
    "",
    " ",
    " a ",
    "a b",
    "a,b",
    "a&b=c",
    "a|b;c",
    "100%",
    "%2F",
    "a+b",
    "a/b",
    "..",
    "?x#y",
    "[a]",
    "null",
    "true",
    "0",
    "007",
    "1e3",
    "\u00e9\u20ac\u4e2d",
    "\U0001f600",
    "\u202e",
    "a\nb",
    '"quoted"',
    "\\",
)
_NUMBERS: Final = (0, 1, -1, 2**31 - 1, 2**53, -(2**63), 10**21, 0.1, -2.5, 1e-7, 1e21)
_OTHERS: Final[tuple[JSON, ...]] = (None, True, False, "text", 0, 1.5, [], ["a", "b"], {})
_MOST_CHANGES: Final = 3
_TRIES: Final = 6
_LONGEST: Final = 2_000
_DEPTH: Final = 8


class Edges:
    """Makes edge cases for one published schema."""

    def __init__(
        self,
        schema: Mapping[str, Any],
        validator: jsonschema_rs.Draft202012Validator,
        seed: str,
    ) -> None:
        """Equal schemas and seeds give equal cases; `validator` is that of `schema`."""
        self._schema = schema
        self._validator = validator
        self._random = random.Random(seed)  # noqa: S311  # repeatable, guards nothing

    def of(self, known: Sequence[dict[str, JSON]], count: int) -> Iterator[dict[str, JSON]]:
        """Up to `count` further cases."""
        seen = [*known]
        for _ in range(count * _TRIES):
            if count == 0 or not known:
                return
            case = self._changed(self._random.choice(known))
            if case not in seen and self._validator.is_valid(case):
                seen.append(case)
                count -= 1
                yield case

    def _changed(self, known: dict[str, JSON]) -> dict[str, JSON]:
        case = copy.deepcopy(known)
        for _ in range(self._random.randint(1, _MOST_CHANGES)):
            paths = list(_paths(case, ()))
            if paths:
                self._change(case, self._random.choice(paths))
        return case

    def _change(self, case: dict[str, JSON], path: _Path) -> None:
        holder: Any = case
        for step in path[:-1]:
            holder = holder[step]
        last, told = path[-1], list(_at(self._schema, path, self._schema, 0))
        if self._random.random() < 0.15:  # noqa: PLR2004  # one in seven
            del holder[last]
            return
        pool = [each for schema in told for each in _bounds(schema)]
        pool += _alike(holder[last])
        holder[last] = copy.deepcopy(self._random.choice(pool))


def _paths(value: Any, above: _Path) -> Iterator[_Path]:
    """Where each value stands, below the root."""
    if isinstance(value, dict):
        steps: list[tuple[str | int, Any]] = list(cast("dict[str, Any]", value).items())
    elif isinstance(value, list):
        steps = list(enumerate(cast("list[Any]", value)))
    else:
        return
    for step, inner in steps:
        yield (*above, step)
        yield from _paths(inner, (*above, step))


def _alike(value: Any) -> list[JSON]:
    """Values of the same type, and a few of others for unions."""
    match value:
        case str():
            return [*_TEXTS, *_OTHERS]
        case bool() | None:
            return [*_OTHERS]
        case int() | float():
            return [*_NUMBERS, *_OTHERS]
        case list() if value:
            items = cast("list[JSON]", value)
            return [[], items[:1], [items[0], items[-1], items[0]], *_OTHERS]
        case _:
            return [*_OTHERS]


def _at(schema: Any, path: _Path, root: Mapping[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The schemas that speak of what stands at `path`."""
    if depth > _DEPTH or not isinstance(schema, dict):
        return
    node = cast("dict[str, Any]", schema)
    ref = node.get("$ref")
    if isinstance(ref, str):
        named = root.get("$defs", {}).get(ref.removeprefix("#/$defs/"))
        yield from _at(named, path, root, depth + 1)
    for key in ("allOf", "anyOf", "oneOf"):
        for member in node.get(key, ()):
            yield from _at(member, path, root, depth + 1)
    if not path:
        yield node
        return
    step, *rest = path
    inner = (
        node.get("items")
        if isinstance(step, int)
        else node.get("properties", {}).get(step, node.get("additionalProperties"))
    )
    yield from _at(inner, tuple(rest), root, depth)


def _bounds(schema: dict[str, Any]) -> Iterator[JSON]:
    """Values that the schema names, and those at its bounds."""
    yield from schema.get("enum", ())
    yield from (schema[key] for key in ("const", "default", "minimum", "maximum") if key in schema)
    yield from schema.get("examples", ())
    for key in ("minLength", "maxLength"):
        length = schema.get(key)
        if isinstance(length, int) and length <= _LONGEST:
            yield "a" * length
            yield "\u00e9" * length
