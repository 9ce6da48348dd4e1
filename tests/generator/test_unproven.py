"""Tools of which no request can be proven are told, and their examples are such as can be sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told

CONNECTOR = """\
schema: 1
name: parts
title: Parts
version: 1.0.0
instructions: Parts.
spec: specs/parts.json
servers:
  default: one
  regions:
    one: {title: One, url: "https://api.example.com"}
auth: {kind: none}
tools:
  - {operation: getPart, name: get_part, title: Part, description: One part.}
"""


def project(folder: Path, *ids: str, query: dict[str, Any] | None = None) -> Path:
    """A tool whose path takes one of `ids`; no path can carry `..`."""
    schema = {"type": "string", "enum": list(ids)}
    parameter = {"name": "id", "in": "path", "required": True, "schema": schema}
    optional = [
        {"name": name, "in": "query", "schema": each} for name, each in (query or {}).items()
    ]
    operation = {
        "operationId": "getPart",
        "parameters": [parameter, *optional],
        "responses": {"200": {"description": "The part."}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Parts", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/parts/{id}": {"get": operation}},
    }
    for name in ("connectors", "specs"):
        (folder / name).mkdir()
    (folder / "connectors/parts.yaml").write_text(CONNECTOR, encoding="utf-8")
    (folder / "specs/parts.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


@pytest.mark.requirement("PROOF-NONE")
def test_a_build_tells_a_tool_of_which_no_request_is_proven(tmp_path: Path) -> None:
    root = project(tmp_path, "..")

    built = run(root, "build", "parts", "--json")
    facts = told(built)

    assert built.exit_code == 0
    assert facts["unproven"] == 1
    [warning] = [each for each in facts["warnings"] if each["code"] == "unproven"]
    assert warning["severity"] == "warning"
    assert warning["message"].startswith("get_part: no request is proven")
    assert "unproven" in run(root, "build", "parts").output


@pytest.mark.requirement("PROOF-NONE")
def test_an_optional_argument_that_nothing_satisfies_leaves_the_rest_proven(tmp_path: Path) -> None:
    impossible = {"type": "string", "minLength": 2, "pattern": "^.$"}
    root = project(tmp_path, "a1", query={"colour": {"type": "string"}, "odd": impossible})

    built = told(run(root, "build", "parts", "--json"))
    proven = run(root, "check", "parts", "--prove")

    assert built["unproven"] == 0
    [warning] = [each for each in built["notes"] if each["code"] == "needs-example"]
    assert "'odd'" in warning["message"]
    assert proven.exit_code == 0, proven.output


@pytest.mark.requirement("PROOF-NONE")
def test_a_tool_without_a_proven_request_fails_only_where_a_proof_is_asked_for(
    tmp_path: Path,
) -> None:
    root = project(tmp_path, "..")
    assert run(root, "build", "parts").exit_code == 0

    checked = run(root, "check", "parts")
    proven = run(root, "check", "parts", "--prove", "--json")

    assert checked.exit_code == 0
    assert "warning: connectors/parts.yaml:13:5: unproven" in checked.output
    assert proven.exit_code == 1
    [connector] = told(proven)["connectors"]
    assert connector["unproven"] == 1
    assert [each["code"] for each in connector["diagnostics"]] == ["unproven"]


@pytest.mark.requirement("PROOF-NONE")
def test_an_example_that_the_tool_refuses_is_not_published(tmp_path: Path) -> None:
    root = project(tmp_path, "..", "bolt")

    assert told(run(root, "build", "parts", "--json"))["unproven"] == 0
    module = (root / "connectors/parts.py").read_text(encoding="utf-8")
    assert '"id": "bolt"' in module
    assert '"id": ".."' not in module
