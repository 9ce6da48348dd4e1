"""What an operation asks of credentials, and the names that credentials take."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.project import run, told
from treenail_runtime.testing import capture, load

SCHEMES: Final[dict[str, Any]] = {
    "key": {"type": "apiKey", "in": "query", "name": "api_key"},
    "other": {"type": "apiKey", "in": "header", "name": "X-Other"},
    "basic": {"type": "http", "scheme": "basic"},
}
CONNECTOR: Final = """\
schema: 1
name: keyed
title: Keyed
version: 1.0.0
instructions: Try the tools.
spec: specs/spec.json
servers: {default: main, regions: {main: {title: Main, url: "https://keyed.test"}}}
auth: {kind: api_key, scheme: key, in: query, name: api_key, value: "{key}"}
login: {fields: [{name: key, label: Key, type: password}]}
"""


def project(folder: Path, operations: dict[str, dict[str, Any]]) -> Path:
    """A connector with an API key in the query, and a tool for each operation, by its path."""
    done = {"204": {"description": "Done."}}
    paths = {
        path: {"get": {"operationId": f"o{number}", "responses": done, **operation}}
        for number, (path, operation) in enumerate(operations.items())
    }
    written: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "Keyed", "version": "1"},
        "servers": [{"url": "https://keyed.test"}],
        "security": [{"key": []}],
        "components": {"securitySchemes": SCHEMES},
        "paths": paths,
    }
    tools = [
        f"  - {{operation: o{number}, name: o{number}, description: Does it.}}\n"
        for number in range(len(paths))
    ]
    (folder / "connectors").mkdir()
    (folder / "specs").mkdir()
    (folder / "connectors/keyed.yaml").write_text(
        f"{CONNECTOR}tools:\n{''.join(tools)}", encoding="utf-8"
    )
    (folder / "specs/spec.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


def built(root: Path) -> list[dict[str, Any]]:
    """The notes of the build."""
    facts = told(run(root, "build", "keyed", "--json"))
    assert facts["ok"], facts
    return facts["notes"]


def query(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


@pytest.mark.requirement("AUTH-ASKED")
def test_each_tool_whose_operation_asks_for_something_else_is_told(tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "/usual": {},
        "/one-of": {"security": [{"other": []}, {"key": []}]},
        "/optional": {"security": [{"other": []}, {}]},
        "/nothing": {"security": []},
        "/other": {"security": [{"other": []}]},
        "/both": {"security": [{"key": [], "other": []}]},
        "/basic": {"security": [{"basic": []}]},
        "/unknown": {"security": [{"nowhere": []}]},
        "/said": {
            "security": [{"key": [], "other": []}],
            "parameters": [{"name": "x-other", "in": "header", "schema": {"type": "string"}}],
        },
    }
    root = project(tmp_path, asked)

    shown = run(root, "build", "keyed").stderr
    notes = built(root)

    assert [
        (each["severity"], each["message"]) for each in notes if "security-" in each["code"]
    ] == [
        ("note", "o3: o3 asks for no credentials; they are sent all the same"),
        ("warning", "o4: o4 asks for other, and `auth` is api_key"),
        ("warning", "o5: o5 asks for key and other, and `auth` is api_key"),
        ("warning", "o6: o6 asks for basic, and `auth` is api_key"),
        ("warning", "o7: o7 asks for nowhere, and `auth` is api_key"),
    ]
    assert shown.count("security-differs") == 1
    assert "(and 3 more tools; see --json)" in shown


@pytest.mark.requirement("AUTH-NAME")
async def test_no_argument_goes_where_the_credentials_go(tmp_path: Path) -> None:
    parameters = [query("api_key", {"type": "string"}), query("x", {"type": "string"})]
    root = project(tmp_path, {"/a": {"parameters": parameters}})

    notes = built(root)
    made = load(root / "connectors", "keyed")
    request = await capture(made, "o0", {"x": "1"})

    assert "parameter-of-credentials" in {each["code"] for each in notes}
    assert set(made.tools[0].input_schema["properties"]) == {"x"}
    assert str(request.url) == "https://keyed.test/a?x=1"


@pytest.mark.requirement("AUTH-NAME")
def test_a_value_in_the_path_where_the_credentials_go_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path, {"/a?api_key=1": {}})

    (fault,) = told(run(root, "build", "keyed", "--json"))["diagnostics"]

    assert fault["code"] == "unsupported-path"


@pytest.mark.requirement("AUTH-NAME")
def test_a_field_that_would_go_where_the_credentials_go_is_refused(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"api_key": {"type": "string"}}}
    root = project(tmp_path, {"/a": {"parameters": [query("filter", schema)]}})

    (fault,) = told(run(root, "build", "keyed", "--json"))["diagnostics"]

    assert fault["code"] == "unsupported-parameter"
    assert "the credentials go where its field 'api_key' would" in fault["message"]


@pytest.mark.requirement("WIRE-PATH")
@pytest.mark.parametrize("kind", [{"type": "string"}, {"type": "integer"}, {"enum": [2, 3]}])
async def test_a_value_in_the_path_goes_before_a_parameter_of_its_name(
    kind: dict[str, Any], tmp_path: Path
) -> None:
    parameters = [query("kind", kind, required=True), query("x", {"type": "string"})]
    root = project(tmp_path, {"/a?kind=1": {"parameters": parameters}})

    notes = built(root)
    made = load(root / "connectors", "keyed")
    request = await capture(made, "o0", {"x": "2"})

    assert "path-query-fixed" in {each["code"] for each in notes}
    assert set(made.tools[0].input_schema["properties"]) == {"x"}
    assert request.url.params.get_list("kind") == ["1"]
