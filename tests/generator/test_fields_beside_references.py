"""What stands beside a reference is told together with the definition, never in its place."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.support.project import run, told

PET = {"type": "object", "required": ["kind", "name"]}
CAT = {**PET, "properties": {"kind": {"type": "string"}, "name": {"type": "string"}}}
CLOSED = {**CAT, "additionalProperties": False}


def published(folder: Path, pet: dict[str, Any], cat: dict[str, Any]) -> dict[str, Any]:
    """The input schema of a tool whose body holds one `pet`; `Cat` is used once."""
    content = {"application/json": {"schema": {"type": "array", "items": pet}}}
    written = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/pets": {
                "post": {
                    "operationId": "add",
                    "requestBody": {"required": True, "content": content},
                    "responses": {"204": {"description": "Done."}},
                }
            }
        },
        "components": {"schemas": {"Cat": cat}},
    }
    (folder / "pets.json").write_text(json.dumps(written), encoding="utf-8")
    for step in (("init", "pets", "--spec", str(folder / "pets.json"), "--all"), ("build", "pets")):
        result = run(folder, *step)
        assert result.exit_code == 0, result.output
    (tool,) = told(run(folder, "schema", "pets", "--json"))["tools"]
    return tool["inputSchema"]


BESIDE: dict[str, dict[str, Any]] = {
    "the fields of a discriminator": {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
    },
    "fields and required ones": {
        "$ref": "#/components/schemas/Cat",
        "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
        "required": ["lives"],
    },
    "a closed world of its own": {
        "$ref": "#/components/schemas/Cat",
        "properties": {"kind": {"enum": ["cat"]}, "name": True},
        "additionalProperties": False,
    },
}
PETS: list[dict[str, Any]] = [
    {"kind": "cat", "name": "Tom"},
    {"kind": "cat", "name": "Tom", "lives": 9},
    {"kind": "cat", "name": "Tom", "lives": "many"},
    {"kind": "cat", "name": "Tom", "colour": "red"},
    {"kind": "cat", "name": 9, "lives": 9},
    {"kind": "cat", "lives": 9},
    {"kind": "dog", "name": "Tom", "lives": 9},
    {"name": "Tom", "lives": 9},
]


@pytest.mark.requirement("SCHEMA-CONSTRAINTS")
@pytest.mark.parametrize("cat", [CAT, CLOSED], ids=["open", "closed"])
@pytest.mark.parametrize("pet", BESIDE.values(), ids=BESIDE.keys())
def test_a_definition_used_once_keeps_what_it_says(
    tmp_path: Path, pet: dict[str, Any], cat: dict[str, Any]
) -> None:
    told_to_agents = jsonschema_rs.Draft202012Validator(published(tmp_path, pet, cat))
    chosen = {"properties": {"kind": {"const": "cat"}}} if "discriminator" in pet else {}
    meant = {"allOf": [pet, chosen], "components": {"schemas": {"Cat": cat}}}
    document = jsonschema_rs.Draft202012Validator(meant)

    assert [told_to_agents.is_valid({"body": [each]}) for each in PETS] == [
        document.is_valid(each) for each in PETS
    ]
