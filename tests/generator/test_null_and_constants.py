"""Null is a value only where `type` and `const` or `enum` both allow it."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from tests.support.proposed import DONE, connector, proposed, written

FIELDS: dict[str, dict[str, Any]] = {
    "number": {"type": ["integer", "null"], "const": 3},
    "text": {"type": ["string", "null"], "const": "a"},
    "nothing": {"type": ["string", "null"], "const": None},
    "mapping": {"type": ["object", "null"], "const": {"a": 1}},
    "choice": {"type": ["string", "null"], "enum": ["a", "b"]},
    "choice_or_null": {"type": ["string", "null"], "enum": ["a", None]},
}
VALUES: tuple[Any, ...] = (None, 3, "a", "b", {"a": 1})


def accepts(tool: Any, value: Any) -> bool:
    try:
        tool.arguments.model_validate(value)
    except ValidationError:
        return False
    return True


@pytest.mark.requirement("SCHEMA-CONSTRAINTS")
def test_a_constant_beside_null_is_the_only_value(tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "object", "properties": FIELDS}}}
    operation = {"operationId": "x", "requestBody": {"content": content}, "responses": DONE}
    told = proposed(tmp_path, written(tmp_path, {"/x": {"post": operation}}))

    assert told["refused"] == []
    (tool,) = connector(tmp_path).tools
    published = jsonschema_rs.Draft202012Validator(tool.input_schema)
    for name, schema in FIELDS.items():
        document = jsonschema_rs.Draft202012Validator(schema)
        for value in VALUES:
            valid = document.is_valid(value)
            assert published.is_valid({name: value}) == valid, (name, value)
            assert accepts(tool, {name: value}) == valid, (name, value)
