"""What stands beside a reference is told together with the definition, never in its place."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.support.proposed import DONE, connector, proposed, written

PET = {"type": "object", "required": ["kind", "name"]}
CAT = {**PET, "properties": {"kind": {"type": "string"}, "name": {"type": "string"}}}
CLOSED = {**CAT, "additionalProperties": False}


def published(folder: Path, pet: dict[str, Any], cat: dict[str, Any]) -> dict[str, Any]:
    """The input schema of a tool whose body holds one `pet`; `Cat` is used once."""
    content = {"application/json": {"schema": {"type": "array", "items": pet}}}
    operation = {
        "operationId": "add",
        "requestBody": {"required": True, "content": content},
        "responses": DONE,
    }
    more: dict[str, Any] = {"components": {"schemas": {"Cat": cat}}}
    proposed(folder, written(folder, {"/pets": {"post": operation}}, **more))
    (tool,) = connector(folder).tools
    return tool.input_schema


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
