"""Formats of arguments: enforced before sending, or only told, as the connector file says."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.project import run
from treenail_generator.formats import CHECKED_FORMATS
from treenail_generator.verify.loaded import load

CONNECTOR = """
schema: 1
name: slots
title: Slots
version: 1.0.0
instructions: For tests.
spec: specs/slots.json
servers: {default: main, regions: {main: {title: Main, url: "https://api.example.com"}}}
auth: {kind: none}
defaults: DEFAULTS
tools: [{operation: book, name: book, title: Book, description: Books a slot.}]
"""
RIGHT = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T09:30:00Z",
    "time": "09:30:00",
    "duration": "PT1H",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "uri-reference": "/a?b",
    "iri": "https://example.com/ü",
    "iri-reference": "/ü",
    "uri-template": "/{a}",
    "uuid": "3f2b8c1e-5a77-4d0e-9b1a-6f1c2d3e4f50",
    "json-pointer": "/a",
    "relative-json-pointer": "0/a",
    "regex": "^a$",
}
WRONG = "\u007f {%zz\\"
UNKNOWN = ("password", "url", "byte", "custom")


def arguments_of(folder: Path, defaults: str) -> Any:
    """The arguments of a tool that has each format, as a plain text and in a union."""
    known = sorted(CHECKED_FORMATS) + list(UNKNOWN)
    plain: list[dict[str, Any]] = [
        {"name": name, "in": "query", "schema": {"type": "string", "format": name}}
        for name in known
    ]
    in_union = {
        "name": "union",
        "in": "query",
        "schema": {
            "anyOf": [{"type": "integer"}, *({"type": "string", "format": each} for each in known)]
        },
    }
    in_object = {
        "type": "object",
        "properties": {
            "tree": {"$ref": "#/components/schemas/Tree"},
            "either": {"oneOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]},
        },
    }
    tree = {
        "type": "object",
        "properties": {
            "at": {"type": "string", "format": "time"},
            "inner": {"$ref": "#/components/schemas/Tree"},
        },
    }
    operation = {
        "operationId": "book",
        "parameters": [*plain, in_union],
        "requestBody": {"content": {"application/json": {"schema": in_object}}},
        "responses": {"204": {"description": "Booked."}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Slots", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/slots": {"post": operation}},
        "components": {"schemas": {"Tree": tree}},
    }
    (folder / "connectors").mkdir()
    (folder / "specs").mkdir()
    text = CONNECTOR.replace("DEFAULTS", defaults)
    (folder / "connectors/slots.yaml").write_text(text, encoding="utf-8")
    (folder / "specs/slots.json").write_text(json.dumps(document), encoding="utf-8")
    result = run(folder, "build", "slots")
    assert result.exit_code == 0, result.output
    module = (folder / "connectors/slots.py").read_text(encoding="utf-8")
    return load(module, "slots").connector.tools[0].arguments


def is_refused(arguments: Any, value: dict[str, Any]) -> bool:
    try:
        arguments.model_validate(value)
    except ValidationError:
        return True
    return False


@pytest.mark.requirement("JS-FORMATS")
@pytest.mark.parametrize("defaults", ["{}", "{formats: assert}"])
def test_formats_are_enforced_unless_the_connector_file_says_otherwise(
    tmp_path: Path, defaults: str
) -> None:
    arguments = arguments_of(tmp_path, defaults)

    assert RIGHT.keys() == CHECKED_FORMATS
    assert [name for name, text in RIGHT.items() if is_refused(arguments, {name: text})] == []
    assert {name for name in RIGHT if is_refused(arguments, {name: WRONG})} == CHECKED_FORMATS
    assert not any(is_refused(arguments, {name: WRONG}) for name in UNKNOWN)
    assert is_refused(arguments, {"tree": {"inner": {"at": "noon"}}})
    assert is_refused(arguments, {"either": "no"})
    assert not is_refused(arguments, {"tree": {"inner": {"at": "09:30:00+01:00"}}})


@pytest.mark.requirement("JS-FORMATS")
def test_formats_are_only_told_where_the_connector_file_says_annotate(tmp_path: Path) -> None:
    arguments = arguments_of(tmp_path, "{formats: annotate}")
    published = arguments.model_json_schema()["properties"]

    assert not any(is_refused(arguments, {name: WRONG}) for name in (*RIGHT, *UNKNOWN))
    assert not is_refused(arguments, {"tree": {"inner": {"at": "noon"}}, "either": "no"})
    assert {name: published[name]["format"] for name in RIGHT} == {name: name for name in RIGHT}


@pytest.mark.requirement("JS-FORMATS")
def test_a_refused_text_is_told_by_its_format_and_never_shown(tmp_path: Path) -> None:
    arguments = arguments_of(tmp_path, "{}")

    with pytest.raises(ValidationError, match="should be of the format email") as refused:
        arguments.model_validate({"email": "secret words"})
    assert "secret" not in str(refused.value)
