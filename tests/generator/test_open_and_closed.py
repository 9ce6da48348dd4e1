"""Models are closed, definitions as open as the document; apart from that both say what it says."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.generator.test_described_types import CONNECTOR, operation_of
from tests.support.project import run
from treenail_generator.verify.loaded import load

MODEL: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "integer", "minimum": 0},
        "b": {"type": "array", "maxItems": 2, "items": {"type": "string", "minLength": 1}},
        "c": {"type": ["number", "null"]},
    },
}
DEFINITION: dict[str, Any] = {**MODEL, "anyOf": [{"required": ["b"]}, {"required": ["c"]}]}
KEYS = st.sampled_from(["a", "b", "c", "more"])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([0.0, 1.0, 1.5, "", "x"]),
    st.lists(st.sampled_from(["", "x", 1]), max_size=3),
)


@cache
def arguments() -> Any:
    """The arguments of a tool with both kinds."""
    closed = {**MODEL, "additionalProperties": False}
    properties = {"model": MODEL, "closed": closed, "definition": DEFINITION}
    body = {"type": "object", "properties": properties}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pods", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/pods": {"post": operation_of("create", body), "put": operation_of("rename", body)}
        },
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "connectors").mkdir()
        (folder / "specs").mkdir()
        (folder / "connectors/pods.yaml").write_text(CONNECTOR, encoding="utf-8")
        (folder / "specs/pods.json").write_text(json.dumps(document), encoding="utf-8")
        result = run(folder, "build", "pods")
        assert result.exit_code == 0, result.output
        text = (folder / "connectors/pods.py").read_text(encoding="utf-8")
    return load(text, "pods").connector.tools[0]


def accepts(value: dict[str, Any]) -> bool:
    try:
        arguments().arguments.model_validate(value)
    except ValidationError:
        return False
    return True


def is_valid(schema: dict[str, Any], value: object) -> bool:
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


@pytest.mark.requirement("SCHEMA-OPENNESS")
@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_model_accepts_what_the_closed_schema_accepts(value: dict[str, Any]) -> None:
    closed = {**MODEL, "additionalProperties": False}

    assert accepts({"model": value}) == is_valid(closed, value)


@pytest.mark.requirement("SCHEMA-OPENNESS")
@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_definition_accepts_what_the_document_accepts(value: dict[str, Any]) -> None:
    assert accepts({"definition": value}) == is_valid(DEFINITION, value)


@pytest.mark.requirement("SCHEMA-OPENNESS")
@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["model", "closed", "definition"]), st.dictionaries(KEYS, VALUES, max_size=4)
)
def test_what_is_published_accepts_what_is_enforced(kind: str, value: dict[str, Any]) -> None:
    published = is_valid(arguments().input_schema, {kind: value})
    if kind == "model":
        # That a model takes no other fields is told when one is tried.
        value.pop("more", None)

    assert accepts({kind: value}) == published


@pytest.mark.requirement("SCHEMA-OPENNESS")
def test_an_unknown_field_of_a_model_is_refused_by_its_name() -> None:
    with pytest.raises(ValidationError, match=r"model\.more\n  Extra inputs"):
        arguments().arguments.model_validate({"model": {"a": 1, "more": 2}})
