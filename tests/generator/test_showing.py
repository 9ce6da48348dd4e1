"""`gen list`, `gen schema` and `gen lint`: what they print, for people and for programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest
import yaml

from tests.support.project import replace, run, told


@pytest.mark.requirement("S0-45")
def test_list_tells_each_tool_with_operation_hints_and_tokens(root: Path) -> None:
    listed: dict[str, Any] = json.loads(run(root, "list", "phorest", "--json").stdout)

    assert len(listed["tools"]) == 20
    assert listed["tokens"] <= 5000
    assert sum(tool["tokens"] for tool in listed["tools"]) == pytest.approx(
        listed["tokens"], abs=20
    )
    by_name = {tool["name"]: tool for tool in listed["tools"]}
    assert by_name["list_clients"]["operation"] == "getClients"
    assert by_name["get_connection_info"]["operation"] is None
    assert by_name["check_availability"]["annotations"]["readOnlyHint"] is True
    assert by_name["update_client"]["annotations"]["destructiveHint"] is True


def test_list_is_a_table_for_people(root: Path) -> None:
    lines = run(root, "list", "phorest").stdout.splitlines()

    assert lines[0].split() == ["tool", "operation", "hints", "tokens"]
    assert lines[-1].startswith("20 tools, ")


def test_schema_prints_one_tool_and_suggests_a_near_name(root: Path) -> None:
    shown = json.loads(run(root, "schema", "phorest", "get_client").stdout)
    missed = run(root, "schema", "phorest", "get_clients")

    assert shown["inputSchema"]["required"] == ["client_id"]
    assert (missed.exit_code, missed.stderr.strip()) == (
        1,
        "phorest has no tool 'get_clients'; did you mean 'get_client'?",
    )


def test_schema_of_connector_files_accepts_the_committed_one(root: Path) -> None:
    schema = json.loads(run(root, "schema", "--connector-file").stdout)
    text = (root / "connectors/phorest.yaml").read_text(encoding="utf-8")

    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(text))
    assert not validator.is_valid({"schema": 1, "nme": "x"})
    whole = yaml.safe_load(text)
    assert validator.is_valid({**whole, "scopes": {"a:b": "Words"}})
    assert not validator.is_valid({**whole, "scopes": {"two words": "Words"}})
    assert not validator.is_valid({**whole, "token_prefix": "Upper"})


def test_schema_for_programs_is_one_line(root: Path) -> None:
    one = run(root, "schema", "phorest", "get_client", "--json")
    every = run(root, "schema", "phorest", "--json")
    connector_file = run(root, "schema", "--connector-file", "--json")

    assert told(one) == json.loads(run(root, "schema", "phorest", "get_client").stdout)
    assert told(one) in told(every)["tools"]
    assert told(connector_file)["title"] == "ConnectorFile"


def test_a_tool_that_does_not_exist_is_one_json_value_for_programs(root: Path) -> None:
    missed = run(root, "schema", "phorest", "get_clients", "--json")

    (fault,) = told(missed)["diagnostics"]
    assert (missed.exit_code, told(missed)["ok"]) == (1, False)
    assert (fault["code"], fault["hint"]) == ("unknown-tool", "did you mean 'get_client'?")


LONG = "list_the_rooms_of_a_branch_and_of_all_others_that_it_has"


def properties(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from properties(item)
    elif isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        yield from mapping.get("properties", {}).items()
        for value in mapping.values():
            yield from properties(value)


def test_an_editor_can_tell_what_every_key_of_a_connector_file_is_for(root: Path) -> None:
    schema = told(run(root, "schema", "--connector-file", "--json"))
    found = list(properties(schema))

    assert len(found) > 100
    assert not [name for name, each in found if not each.get("description")]


def test_an_editor_takes_durations_and_sizes_as_they_are_written(root: Path) -> None:
    schema = told(run(root, "schema", "--connector-file", "--json"))
    defaults = {"$ref": "#/$defs/Defaults", "$defs": schema["$defs"]}

    for timeout, size in (("250ms", "500kB"), (20, 1000)):
        written = {"timeout": timeout, "max_bytes": size}
        assert jsonschema_rs.is_valid(defaults, written)
    assert not jsonschema_rs.is_valid(defaults, {"timeout": "20"})
    assert not jsonschema_rs.is_valid(defaults, {"timeout": 601})


def test_lint_ends_well_when_nothing_is_wrong(root: Path) -> None:
    result = run(root, "lint", "phorest")

    assert result.exit_code == 0, result.output
    assert "20 tools, 100% of arguments described, 0 errors" in result.stdout.splitlines()[-1]


def lengthen_name(project: Path) -> None:
    replace(project / "connectors/phorest.yaml", "name: list_rooms", f"name: {LONG}")


def test_lint_tells_an_error_and_ends_with_status_1(project: Path) -> None:
    lengthen_name(project)

    result = run(project, "lint", "phorest")

    assert result.exit_code == 1
    assert f"error: name-length: {LONG}: " in result.stdout
    assert "1 errors" in result.stdout.splitlines()[-1]


def test_lint_tells_programs_the_same(project: Path) -> None:
    lengthen_name(project)

    result = run(project, "lint", "phorest", "--json")

    assert (result.exit_code, told(result)["errors"]) == (1, 1)
    assert told(result)["findings"][0]["rule"] == "name-length"


def test_lint_measures_names_as_the_client_shows_them(root: Path) -> None:
    usual = run(root, "lint", "phorest", "--json")
    longer = run(root, "lint", "phorest", "--prefix", f"mcp__{LONG}__", "--json")

    assert "name-length" not in {each["rule"] for each in told(usual)["findings"]}
    assert "name-length" in {each["rule"] for each in told(longer)["findings"]}
    assert (usual.exit_code, longer.exit_code) == (0, 1)
