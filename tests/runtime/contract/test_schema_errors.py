"""What is told of a value that a schema refuses: where and what, never the value."""

from typing import Any

import jsonschema_rs
import pytest

from treenail_runtime.contract.schema_errors import problem_of

LEAF = {"type": "object", "required": ["is"], "properties": {"is": {"type": "integer"}}}
OTHER = {"type": "object", "required": ["is", "and"], "properties": {"is": {"const": "x"}}}


@pytest.mark.requirement("SCHEMA-ERRORS")
@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "string"}, 5, "should be a string, not a number"),
        ({"type": ["array", "null"]}, True, "should be null or an array, not a boolean"),
        ({"items": {"minimum": 3}}, [5, 1], "[1] should be at least 3"),
        ({"maxLength": 2}, "secret", "should have at most 2 characters"),
        ({"required": ["a"]}, {}, "lacks the field 'a'"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, "has no field 'b'"),
        ({"enum": ["a", "b"]}, "secret", 'should be "a" or "b"'),
        ({"const": 1}, "secret", "should be 1"),
        ({"format": "date"}, "secret", "should be in the format date"),
        ({"uniqueItems": True}, [1, 1], "should hold no item twice"),
        ({"not": {"type": "string"}}, "secret", "is a value that is excluded"),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, "secret",
         "fits 2 of 2 alternatives, where one is asked for"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1,
         "fits none of 2 alternatives, not a number"),
        ({"anyOf": [LEAF, OTHER]}, {"is": "secret"},
         "['is'] should be an integer, not a string (the nearest of 2 alternatives)"),
    ],
)  # fmt: skip
def test_the_place_and_the_expectation_are_told(
    schema: dict[str, Any], value: Any, problem: str
) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    (error, *_) = validator.iter_errors(value)

    assert problem_of(error) == problem
    assert "secret" not in problem_of(error)


@pytest.mark.requirement("SCHEMA-ERRORS")
def test_long_expectations_are_told_in_part() -> None:
    schema = {"enum": ["x" * 200, *range(20)]}
    (error,) = jsonschema_rs.Draft202012Validator(schema).iter_errors("secret")

    told = problem_of(error)

    assert len(told) < 200
    assert told.endswith("or 13 more")
