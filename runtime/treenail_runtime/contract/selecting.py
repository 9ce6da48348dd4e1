"""JMESPath over answers, bounded.

An expression is the connector author's; its cost still follows what the upstream sends. Nothing in
JMESPath loops, its input is bounded by `Endpoint.max_bytes`, and what it makes is counted here.
"""

import importlib
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from pydantic import JsonValue

_NAMES: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_MOST_VALUES: Final = 200_000

Select: TypeAlias = Callable[[JsonValue], JsonValue]


class SelectionError(ValueError):
    """An answer from which nothing can be selected."""


def selection(expression: str) -> Select:
    """`expression`, compiled; it raises `SelectionError` for values that it does not fit.

    Raises:
        ValueError: It is no JMESPath.
    """
    if _NAMES.fullmatch(expression):
        return _walking(tuple(expression.split(".")))
    # Only the connectors that use it wait for its import; it carries no types.
    jmespath: Any = importlib.import_module("jmespath")
    search = jmespath.compile(expression).search

    def select(value: JsonValue) -> JsonValue:
        try:
            found = search(value)
        except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError) as error:
            raise SelectionError(f"the expression does not fit the answer: {error}") from None
        return _bounded(found)

    return select


def _walking(names: tuple[str, ...]) -> Select:
    """What names with dots between them say, without the library."""

    def walk(value: JsonValue) -> JsonValue:
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return walk


def _bounded(value: JsonValue) -> JsonValue:
    """`value`, when it is of a size that can be written: parts of it may stand in many places."""
    left = _MOST_VALUES
    waiting: list[JsonValue] = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(cast("list[JsonValue]", here))
        left -= 1
        if left < len(waiting):
            raise SelectionError(f"the expression makes more than {_MOST_VALUES} values")
    return value
