"""Example values for exact schemas."""

from itertools import islice
from typing import Any

import jsonschema_rs
import pytest

from treenail_generator.patterns import is_found, matching
from treenail_generator.plan import Definitions, ExactType
from treenail_generator.planning.exact_samples import NoSampleError, exact_sample, exact_samples

NODE = {
    "oneOf": [
        {"type": "object", "required": ["and"], "additionalProperties": False,
         "properties": {"and": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/Node"}}}},
        {"type": "object", "required": ["is"], "properties": {"is": {"type": "string"}}},
    ]
}  # fmt: skip


@pytest.mark.requirement("JS-SAMPLES")
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^arn:aws[0-9a-zA-Z_:/-]+$", "minLength": 20},
        {"type": "string", "pattern": "^arn:.{16,2044}$"},
        {"type": "string", "format": "duration"},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 0.25},
        {"type": "number", "multipleOf": 0.01, "minimum": 0.005},
        {"type": "integer", "minimum": 10, "maximum": 20, "multipleOf": 7},
        {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "integer"}},
        {"type": "array", "contains": {"const": 5}, "minItems": 2},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        {"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^x-[a-z]+$"}},
        {"type": "object", "patternProperties": {"^k[0-9]$": {"type": "integer"}},
         "additionalProperties": False, "minProperties": 1},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"],
         "dependentRequired": {"a": ["b"]}},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "integer", "minimum": 3}}}]},
        {"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}},
                   {"type": "object", "properties": {"a": {"type": "integer"}}}]},
        {"not": {"const": "text"}},
        {"not": {"type": "string"}},
        {"not": {"type": ["string", "number", "boolean"]}},
        {"not": {"anyOf": [{"type": "string"}, {"required": ["a"]}]}},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "type": "object"},
        {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/Node"}},
         "$defs": {"Node": NODE}},
    ],
)  # fmt: skip
def test_a_value_is_found(schema: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    found = [*islice(exact_samples(schema), 3), *islice(exact_samples(schema, full=True), 3)]

    assert found
    assert all(validator.is_valid(value) for value in found)


@pytest.mark.requirement("JS-SAMPLES")
@pytest.mark.parametrize("schema", [{"not": {}}, {"enum": [1], "type": "string"}])
def test_what_nothing_satisfies_has_no_sample(schema: dict[str, Any]) -> None:
    with pytest.raises(NoSampleError):
        exact_sample(ExactType(schema))


def test_an_object_that_has_to_hold_itself_has_no_sample() -> None:
    definitions = Definitions()
    definitions.add(
        "A", {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/A"}}}
    )

    with pytest.raises(NoSampleError):
        exact_sample(ExactType({"$ref": "#/$defs/A"}, definitions))


@pytest.mark.requirement("JS-SAMPLES")
@pytest.mark.parametrize("pattern", ["^[a-z0-9-]{1,63}$", r"^\p{Lu}\d+$", "^(?!x)[a-y]+$", "[^/]+"])
def test_longer_texts_are_spelt_for_the_same_pattern(pattern: str) -> None:
    texts = [matching(pattern, 0, stretch=stretch) for stretch in (0, 5, 20)]

    assert all(text is not None and is_found(pattern, text) for text in texts)
    assert len(texts[0] or "") < len(texts[1] or "") < len(texts[2] or "")
