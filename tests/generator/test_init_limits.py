"""What `gen init` proposes for extreme documents builds, too."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.proposed import DONE, connector, proposed, written


def posting(schema: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"/x": {"post": {"operationId": "x", "requestBody": body, "responses": DONE}}}


@pytest.mark.requirement("INIT-BUILDS")
def test_the_budget_holds_the_tool_that_tells_of_large_arguments(tmp_path: Path) -> None:
    fields = {f"field_{number}": {"type": "string"} for number in range(40)}
    kinds = [
        {"type": "object", "required": ["k"], "properties": {"k": {"const": number}, **fields}}
        for number in range(100)
    ]
    told = proposed(tmp_path, written(tmp_path, posting({"oneOf": kinds})))

    assert [tool.name for tool in connector(tmp_path).tools] == ["describe_type", "x"]
    assert told["tokens"] > 100


@pytest.mark.requirement("INIT-BUILDS")
@pytest.mark.parametrize("digits", ["1" + "0" * 5000, "1" + "0" * 400 + ".5"])
def test_bounds_that_no_number_can_have_are_left_out(tmp_path: Path, digits: str) -> None:
    file = written(tmp_path, posting({"type": "number", "maximum": "DIGITS"}))
    file.write_text(file.read_text(encoding="utf-8").replace('"DIGITS"', digits), encoding="utf-8")
    proposed(tmp_path, file)

    (tool,) = connector(tmp_path).tools
    assert tool.input_schema["properties"]["body"] == {"type": "number"}


@pytest.mark.requirement("DOC-BOUNDS")
def test_an_operation_of_thousands_of_parameters_is_refused_by_name(tmp_path: Path) -> None:
    many = [{"name": f"q{number}", "in": "query"} for number in range(1001)]
    paths = {"/x": {"get": {"operationId": "x", "parameters": many, "responses": DONE}}}
    told = proposed(tmp_path, written(tmp_path, paths))

    (refused,) = told["refused"]
    assert [each["code"] for each in refused["diagnostics"]] == ["too-large"]
