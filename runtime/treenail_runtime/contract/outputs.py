"""Answers fitted to the schema that a tool publishes for them.

A client may refuse a structured answer that does not fit the published schema (MCP 2026-07-28,
Tools, "Output Schema"), and the upstream may answer what its document does not say. So what does not
fit is taken out, never the whole answer: the call took place.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import jsonschema_rs

from .types import JsonObject

_ROUNDS: Final = 50


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
            error = next(iter(self._validator.iter_errors(fitting)), None)
            if error is None:
                return fitting, taken
            path = list(error.instance_path)
            if not path:
                break
            _remove(fitting, path)
            taken.append("/" + "/".join(map(str, path)))
        return {}, ["/"]


def _remove(value: Any, path: Sequence[str | int]) -> None:
    for step in path[:-1]:
        value = value[step]
    last = path[-1]
    if isinstance(value, list):
        # The others keep their places, so that further pointers stay true.
        cast("list[Any]", value).pop(cast("int", last))
    else:
        cast("dict[str, Any]", value).pop(cast("str", last))
