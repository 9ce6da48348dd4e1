"""`schema_tokens` and `describe_type`: large arguments are told in part, and enforced whole."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from tests.support.project import run, told
from treenail_generator.verify.loaded import load
from treenail_runtime.contract import Connector, Request, ToolContext, UpstreamAnswer
from treenail_runtime.dispatch.calls import Calls
from treenail_runtime.dispatch.outcome import Answered, Failed, Outcome

CONNECTOR = """\
schema: 1
name: pods
title: Pods
version: 1.0.0
instructions: Try the tools.
spec: specs/pods.json
servers: {default: main, regions: {main: {title: Main, url: "https://api.example.com"}}}
auth: {kind: none}
tools:
  - {operation: create, name: create_pod, title: Create, description: Creates a pod.}
  - {operation: rename, name: rename_pod, title: Rename, description: Renames a pod.}
"""
LIMIT = "defaults: {schema_tokens: 300}\n"
HELPER = "helpers: {describe_type: {}}\n"
LONG = "What this means is told at length, since many fields have a long story."


def texts(prefix: str, count: int) -> dict[str, Any]:
    """Properties that take room."""
    text = {"type": "string", "description": LONG}
    return {f"{prefix}{number}": text for number in range(count)}


def document() -> dict[str, Any]:
    component = "#/components/schemas/"
    body = {
        "type": "object",
        "required": ["name", "spec"],
        "properties": {
            "name": {"type": "string"},
            "spec": {"$ref": f"{component}Spec", "description": "What to run."},
            "rule": {"$ref": f"{component}Rule"},
            "rest": {"not": {"required": ["never"]}, "type": "object",
                     "properties": {"inner": {"type": "object", "properties": texts("in", 6)}}},
            "replicas": {"type": "integer", "minimum": 1},
        },
    }  # fmt: skip
    schemas = {
        "Spec": {"type": "object", "required": ["image"],
                 "properties": {"image": {"type": "string", "minLength": 3}, **texts("spec", 12)}},
        "Rule": {"oneOf": [{"type": "object", "required": ["and"], "additionalProperties": False,
                            "properties": {"and": {"type": "array", "items": {"$ref": f"{component}Rule"}}}},
                           {"$ref": f"{component}Leaf"}]},
        "Leaf": {"type": "object", "required": ["is"], "additionalProperties": False,
                 "properties": {"is": {"type": "string"}, **texts("leaf", 14)}},
    }  # fmt: skip
    named = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pods", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/pods": {"post": operation_of("create", body), "put": operation_of("rename", named)}},
        "components": {"schemas": schemas},
    }  # fmt: skip


def operation_of(name: str, body: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": body}}
    return {
        "operationId": name,
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "Done."}},
    }


def project(folder: Path, *more: str) -> Path:
    (folder / "connectors").mkdir()
    (folder / "specs").mkdir()
    (folder / "connectors/pods.yaml").write_text(CONNECTOR + "".join(more), encoding="utf-8")
    (folder / "specs/pods.json").write_text(json.dumps(document()), encoding="utf-8")
    return folder


def built(folder: Path, *more: str) -> Connector:
    made = project(folder, *more)
    result = run(made, "build", "pods")
    assert result.exit_code == 0, result.output
    text = (made / "connectors/pods.py").read_text(encoding="utf-8")
    return cast("Connector", load(text, "pods").connector)


class Silent:
    """An upstream that keeps what reaches it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def send(self, request: Request) -> UpstreamAnswer:
        self.requests.append(request)
        return UpstreamAnswer(200, b"{}")


def call(connector: Connector, tool: str, arguments: dict[str, Any]) -> tuple[Outcome, int]:
    upstream = Silent()
    context = ToolContext(connector="pods", connection={}, upstream=upstream)
    return asyncio.run(Calls(connector).call(tool, arguments, context)), len(upstream.requests)


def described(connector: Connector, **arguments: str) -> dict[str, Any]:
    outcome, sent = call(connector, "describe_type", dict(arguments))
    assert isinstance(outcome, Answered), outcome
    assert sent == 0
    return cast("dict[str, Any]", outcome.structured)


DEEP = {
    "type": "object",
    "properties": {
        "shape": {
            "oneOf": [
                {"$ref": "#/components/schemas/Round"},
                {"$ref": "#/components/schemas/Square"},
            ]
        },
        "other": {"not": {"$ref": "#/components/schemas/Square"}},
        "either": {
            "if": {"$ref": "#/components/schemas/Round"},
            "then": {"required": ["kind"]},
            "else": False,
        },
        "both": {
            "allOf": [{"$ref": "#/components/schemas/Round"}],
            "unevaluatedProperties": False,
        },
    },
}
"""What a narrower schema inside makes wider, and the other way round."""


def shape(kind: str) -> dict[str, Any]:
    told = {"kind": {"type": "string", "enum": [kind]}, **texts(kind, 20)}
    return {"type": "object", "required": ["kind"], "properties": told}


@pytest.mark.requirement("SCHEMA-TOKENS")
@pytest.mark.parametrize(
    "arguments",
    [{name: {"kind": "round"}} for name in DEEP["properties"]],
    ids=list(DEEP["properties"]),
)
def test_a_schema_in_part_allows_what_the_whole_one_allows(
    arguments: dict[str, Any], tmp_path: Path
) -> None:
    made = project(tmp_path, LIMIT, HELPER)
    content = document()
    content["components"]["schemas"] |= {"Round": shape("round"), "Square": shape("square")}
    content["paths"]["/pods"]["post"] = operation_of("create", DEEP)
    (made / "specs/pods.json").write_text(json.dumps(content), encoding="utf-8")

    result = run(made, "build", "pods")
    assert result.exit_code == 0, result.output
    text = (made / "connectors/pods.py").read_text(encoding="utf-8")
    tool = cast("Connector", load(text, "pods").connector).tools[1]

    assert {"Round", "Square"} <= {*tool.named_types}
    jsonschema_rs.validate(tool.exact_schema, arguments)
    jsonschema_rs.validate(tool.input_schema, arguments)


def schema_of(connector: Connector, tool: str) -> dict[str, Any]:
    return next(each.input_schema for each in connector.tools if each.name == tool)


@pytest.mark.requirement("SCHEMA-TOKENS")
def test_a_large_tool_names_what_lies_deep_and_keeps_what_is_required_or_plain(
    tmp_path: Path,
) -> None:
    schema = schema_of(built(tmp_path, LIMIT, HELPER), "create_pod")

    assert len(json.dumps(schema, separators=(",", ":"))) <= 4 * 300
    assert schema["required"] == ["name", "spec"]
    assert list(schema["properties"]) == ["name", "spec", "rule", "rest", "replicas"]
    assert schema["properties"]["replicas"] == {"type": "integer", "minimum": 1}
    assert schema["properties"]["spec"] == {
        "type": "object",
        "description": 'What to run. Call describe_type with "SpecModel".',
    }


@pytest.mark.requirement("SCHEMA-TOKENS")
def test_a_small_tool_and_a_connector_without_a_limit_are_told_whole(tmp_path: Path) -> None:
    (tmp_path / "limited").mkdir()
    (tmp_path / "whole").mkdir()
    limited = built(tmp_path / "limited", LIMIT, HELPER)
    whole = built(tmp_path / "whole")

    assert schema_of(limited, "rename_pod") == schema_of(whole, "rename_pod")
    assert "describe_type" not in json.dumps(schema_of(whole, "create_pod"))
    assert [tool.exact_schema for tool in limited.tools[1:]] == [
        tool.input_schema for tool in whole.tools
    ]


@pytest.mark.requirement("SCHEMA-TOKENS")
def test_what_is_only_named_is_enforced_all_the_same(tmp_path: Path) -> None:
    connector = built(tmp_path, LIMIT, HELPER)

    short, sent = call(connector, "create_pod", {"name": "a", "spec": {"image": "x"}})
    unknown, _ = call(connector, "create_pod", {"name": "a", "spec": {"image": "abc", "imge": ""}})

    assert isinstance(short, Failed)
    assert isinstance(unknown, Failed)
    assert sent == 0
    assert "spec.image" in str(short)
    assert "imge" in str(unknown)


@pytest.mark.requirement("SCHEMA-DESCRIBE")
def test_each_named_type_is_told_exactly_with_all_that_it_refers_to(tmp_path: Path) -> None:
    connector = built(tmp_path, LIMIT, HELPER)

    spec, rule = described(connector, name="SpecModel"), described(connector, name="Rule")

    assert spec["name"] == "SpecModel"
    assert spec["schema"]["required"] == ["image"]
    assert spec["schema"]["properties"]["image"] == {"type": "string", "minLength": 3}
    assert len(spec["schema"]["properties"]) == 13
    assert rule["schema"]["$defs"]["Rule"]["oneOf"][1]["required"] == ["is"]
    assert rule == described(connector, name="Rule", tool="create_pod")


@pytest.mark.requirement("SCHEMA-DESCRIBE")
def test_whatever_a_schema_names_can_be_described(tmp_path: Path) -> None:
    connector = built(tmp_path, "defaults: {schema_tokens: 100}\n", HELPER)
    (tool,) = (each for each in connector.tools if each.name == "create_pod")

    assert tool.named_types
    for name in tool.named_types:
        assert described(connector, name=name)["schema"]


@pytest.mark.requirement("SCHEMA-DESCRIBE")
def test_a_part_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    connector = built(tmp_path, "defaults: {schema_tokens: 100}\n", HELPER)

    told_of = json.dumps(schema_of(connector, "create_pod")["properties"]["rest"])

    assert "create_pod.rest" in told_of
    inner = described(connector, name="create_pod.rest.inner")["schema"]
    assert list(inner["properties"]) == [f"in{number}" for number in range(6)]


@pytest.mark.requirement("SCHEMA-DESCRIBE")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"name": "Rul"}, "there is no type 'Rul'; did you mean 'Rule'?"),
        (
            {"name": "Rule", "tool": "create_pots"},
            "there is no tool 'create_pots'; did you mean 'create_pod'",
        ),
        ({"name": "Rule", "tool": "rename_pod"}, "there is no type 'Rule'"),
    ],
)
def test_an_unknown_type_is_refused_with_the_nearest(
    tmp_path: Path, arguments: dict[str, Any], problem: str
) -> None:
    outcome, _ = call(built(tmp_path, LIMIT, HELPER), "describe_type", arguments)

    assert isinstance(outcome, Failed)
    assert problem in str(outcome)


@pytest.mark.requirement("SCHEMA-DESCRIBE")
def test_a_cut_that_no_tool_explains_is_a_fault(tmp_path: Path) -> None:
    result = run(project(tmp_path, LIMIT), "build", "pods")

    assert result.exit_code == 1
    assert "no-describe-type" in result.stderr
    assert "helpers: {describe_type: {}}" in result.stderr


@pytest.mark.requirement("SCHEMA-DESCRIBE")
def test_the_describing_tool_is_listed_documented_and_may_be_called_otherwise(
    tmp_path: Path,
) -> None:
    helper = "helpers: {describe_type: {name: explain}}\n"
    connector = built(tmp_path, LIMIT, helper)

    listed = json.loads(run(tmp_path, "list", "pods", "--json").stdout)
    documented = run(tmp_path, "docs", "pods")
    checked = run(tmp_path, "check", "pods")
    linted = run(tmp_path, "lint", "pods")

    (own,) = (tool for tool in listed["tools"] if tool["name"] == "explain")
    assert own["operation"] is None
    assert documented.exit_code == 0, documented.output
    assert checked.exit_code == 0, checked.output
    assert linted.exit_code in {0, 1}, told(linted)
    assert 'Call explain with \\"SpecModel\\"' in json.dumps(schema_of(connector, "create_pod"))


@pytest.mark.requirement("SCHEMA-DEPTH")
def test_a_depth_of_zero_keeps_every_type_among_the_definitions(tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    (tmp_path / "deep").mkdir()
    flat = schema_of(built(tmp_path / "flat", "defaults: {inline_depth: 0}\n"), "create_pod")
    deep = schema_of(built(tmp_path / "deep"), "create_pod")

    assert set(flat["$defs"]) == {"SpecModel", "Rule", "Leaf"}
    assert flat["properties"]["spec"]["$ref"] == "#/$defs/SpecModel"
    assert set(deep["$defs"]) == {"Rule"}


@pytest.mark.requirement("SCHEMA-TOKENS")
def test_init_limits_what_would_cost_too_much(tmp_path: Path) -> None:
    large = document()
    large["components"]["schemas"]["Spec"]["properties"] = texts("spec", 400)
    large["components"]["schemas"]["Spec"].pop("required")
    for name, data in (("large", large), ("small", document())):
        (tmp_path / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
        made = run(tmp_path, "init", name, "--spec", str(tmp_path / f"{name}.json"), "--all")
        assert made.exit_code == 0, made.output

    limited = (tmp_path / "connectors/large.yaml").read_text(encoding="utf-8")

    assert "  schema_tokens: 2000\nhelpers: {describe_type: {}}\n" in limited
    assert "schema_tokens" not in (tmp_path / "connectors/small.yaml").read_text(encoding="utf-8")
    assert run(tmp_path, "build", "large").exit_code == 0
