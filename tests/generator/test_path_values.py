"""A path parameter is one segment of its path; a schema that no segment satisfies is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told

ARN = "^arn:(aws|aws-cn):[^:]*:(rule/|table/)[a-z]+$"


def proposed(folder: Path, schema: dict[str, Any]) -> Any:
    """What `gen init` says of an operation whose path takes a value of `schema`."""
    operation = {
        "operationId": "getPart",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": schema}],
        "responses": {"204": {"description": "Done."}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Parts", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/parts/{id}": {"get": operation}},
    }
    given = folder / "parts.json"
    given.write_text(json.dumps(document), encoding="utf-8")
    return told(run(folder, "init", "parts", "--spec", str(given), "--all", "--json"))


@pytest.mark.requirement("WIRE-SEGMENT")
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": ARN},
        {"type": "string", "pattern": "a(?:/b){2,}", "minLength": 4, "format": "arn"},
        {"type": "string", "enum": ["a/b", "c%2Fd"]},
    ],
)
def test_a_path_value_that_has_to_hold_a_slash_is_refused_by_name(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    [refused] = proposed(tmp_path, schema)["refused"]
    [fault] = refused["diagnostics"]

    assert refused["endpoint"] == "GET /parts/{id}"
    assert fault["code"] == "unsupported-parameter"
    assert "path parameter 'id': each of its values holds '/'" in fault["message"]


@pytest.mark.requirement("WIRE-SEGMENT")
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(a/b|c)$"},
        {"type": "string", "pattern": "^a/?b$"},
        {"type": "string", "pattern": "^(?!.*/).+$"},
        {"type": "string", "pattern": "^[a/]+$"},
        {"type": "string", "enum": ["a/b", "c"]},
    ],
)
def test_a_path_value_that_may_do_without_a_slash_is_a_tool(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    facts = proposed(tmp_path, schema)

    assert (facts["tools"], facts["refused"]) == (1, [])
