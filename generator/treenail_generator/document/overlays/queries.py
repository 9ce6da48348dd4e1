"""JSONPath by RFC 9535: what overlays select with. The library is loaded when one does."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol

from treenail_generator.yaml_source import JSON, Pointer

_MOST_LEVELS: Final = 1000


class QueryError(Exception):
    """A text that is no JSONPath, or one that cannot be evaluated; carries the reason."""


class Match(Protocol):
    """One selected value."""

    @property
    def parts(self) -> Pointer:
        """Where it stands."""
        ...


class Query(Protocol):
    """A compiled JSONPath; as text, its canonical form."""

    def finditer(self, data: Any) -> Iterable[Match]:
        """The values that it selects."""
        ...


class Environment(Protocol):
    """The rules by which the library reads a JSONPath."""

    max_recursion_depth: int

    def compile(self, path: str) -> Query:
        """Read a JSONPath."""
        ...


def compile_query(text: str) -> Query:
    """The JSONPath that the text spells.

    Raises:
        QueryError: It spells none.
    """
    environment, failure = _library()
    try:
        return environment.compile(text)
    except (failure, RecursionError) as error:
        raise QueryError(_reason(error)) from None


def select(query: Query, value: JSON) -> tuple[Pointer, ...]:
    """The places that the query selects, each once, items of lists by their indexes.

    Raises:
        QueryError: The value is nested too deep.
    """
    _, failure = _library()
    try:
        found = {match.parts for match in query.finditer(value)}
    except (failure, RecursionError) as error:
        raise QueryError(_reason(error)) from None
    return tuple(sorted(found, key=_order))


@cache
def _library() -> tuple[Environment, type[Exception]]:
    module = import_module("jsonpath")
    environment: Environment = module.JSONPathEnvironment(strict=True)
    environment.max_recursion_depth = _MOST_LEVELS
    return environment, module.JSONPathError


def _reason(error: Exception) -> str:
    return str(error.args[0]) if error.args else "nested too deep"


def _order(pointer: Pointer) -> list[tuple[int, str]]:
    """Items of one list by their index; the rest only has to be told apart."""
    return [(step, "") if isinstance(step, int) else (-1, step) for step in pointer]
