"""What a tool publishes of its answers, and answers fitted to it.

A client may refuse a structured answer that does not fit the published schema (MCP 2026-07-28,
Tools, "Output Schema"), and the upstream may answer what its document does not say. So what does not
fit is taken out, never the whole answer: the call took place.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast

import jsonschema_rs

from .types import JsonObject

_ROUNDS: Final = 50
"""Most passes; each takes out every place that is wrong, its surroundings only in a later one."""


class OutputSchema(Mapping[str, Any]):
    """A JSON Schema given as text, parsed when it is first looked at."""

    def __init__(self, text: str) -> None:
        """`text` is a JSON object."""
        self._text = text

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return json.loads(self._text)

    def __getitem__(self, keyword: str) -> Any:
        return self._schema[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema)

    def __len__(self) -> int:
        return len(self._schema)


class OutputFit:
    """A published output schema, compiled once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def fitted(self, answer: JsonObject) -> tuple[JsonObject, list[str]]:
        """`answer` without what does not fit, and the JSON pointers of what was taken out."""
        if self._validator.is_valid(answer):
            return answer, []
        fitting = copy.deepcopy(answer)
        taken: list[str] = []
        for _ in range(_ROUNDS):
            wrong = {tuple(error.instance_path) for error in self._validator.iter_errors(fitting)}
            if not wrong:
                return fitting, taken
            if wrong == {()}:
                break
            for path in _innermost(wrong):
                _remove(fitting, path)
                taken.append("/" + "/".join(map(str, path)))
        return {}, ["/"]


def _innermost(paths: set[tuple[str | int, ...]]) -> list[tuple[str | int, ...]]:
    """The places that hold no other, the last one of a list first, so that indexes stay true."""
    holding = {path[:length] for path in paths for length in range(len(path))}
    # Paths of one beginning go on with a name, or with an index, all of them.
    return sorted(paths - holding, reverse=True)


def _remove(value: Any, path: Sequence[str | int]) -> None:
    for step in path[:-1]:
        value = value[step]
    last = path[-1]
    if isinstance(value, list):
        # The others keep their places, so that further pointers stay true.
        cast("list[Any]", value).pop(cast("int", last))
    else:
        cast("dict[str, Any]", value).pop(cast("str", last))
