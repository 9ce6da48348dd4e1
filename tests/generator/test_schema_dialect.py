"""Schemas as people write them: what is made of keywords that JSON Schema does not know."""

from typing import Any

import jsonschema_rs
import pytest

from treenail_generator.document import read_document
from treenail_generator.document.patterns import as_ecma
from treenail_generator.document.schemas import normalise


def made_of(raw: Any) -> Any:
    return normalise(raw, "3.0", [])


@pytest.mark.requirement("JS-KEYWORDS")
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"type": "application/json"}, {}),
        ({"type": "String"}, {"type": "string"}),
        ({"type": "int"}, {"type": "integer"}),
        ({"type": "date"}, {"type": "string", "format": "date"}),
        ({"type": "file"}, {"type": "string", "format": "binary"}),
        ({"type": ["string", "string"]}, {"type": "string"}),
        ({"type": "string", "required": True}, {"type": "string"}),
        ({"required": ["a", "a", 1, "b"]}, {"required": ["a", "b"]}),
        ({"minimum": "5", "maximum": "ten"}, {"minimum": 5}),
        ({"minLength": 2.0, "maxLength": -1}, {"minLength": 2}),
        ({"multipleOf": 0}, {}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"type": "string", "enum": [1, True, "a"]}, {"type": "string", "enum": ["1", "true", "a"]}),
        ({"type": "integer", "enum": ["1", "2"]}, {"type": "integer", "enum": [1, 2]}),
        ({"type": "boolean", "enum": ["true"]}, {"type": "boolean", "enum": [True]}),
        ({"type": "integer", "enum": ["red"]}, {"enum": ["red"]}),
        ({"type": "array", "items": {"type": "string"}, "enum": ["a"]},
         {"type": "array", "items": {"type": "string", "enum": ["a"]}}),
        ({"type": "string", "nullable": True, "enum": ["a", None]},
         {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": "a"}, {}),
        ({"enum": []}, {}),
        ({"enum": [1, True, 1]}, {"enum": [1, True]}),
        ({"items": [{"type": "string"}], "additionalItems": False},
         {"prefixItems": [{"type": "string"}], "items": False}),
        ({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
         {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}}),
        ({"additionalProperties": "false"}, {"additionalProperties": False}),
        ({"properties": {"a": "text", "b": {"type": "string"}}},
         {"properties": {"a": {}, "b": {"type": "string"}}}),
        ({"properties": []}, {}),
        ({"allOf": {"type": "string"}}, {"allOf": [{"type": "string"}]}),
        ({"anyOf": []}, {}),
        ({"description": ["a"], "readOnly": "true"}, {"readOnly": True}),
        ({"pattern": "["}, {}),
        ({"type": "string", "uniqueItems": True, "maximum": 3, "maxLength": 9},
         {"type": "string", "maxLength": 9}),
        ({"type": ["string", "null"], "minItems": 1, "pattern": "a"},
         {"type": ["string", "null"], "pattern": "a"}),
        ({"uniqueItems": True, "maximum": 3}, {"uniqueItems": True, "maximum": 3}),
        ({"type": "string", "collectionFormat": "csv", "in": "query", "x-a": 1}, {"type": "string"}),
    ],
)  # fmt: skip
def test_odd_keywords_are_rewritten_or_left_out(raw: Any, expected: Any) -> None:
    made = made_of(raw)

    assert made == expected
    jsonschema_rs.Draft202012Validator(made)


@pytest.mark.requirement("JS-REGEX")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^[a-z]+(-[a-z]+)*$", r"^[a-z]+(-[a-z]+)*$"),
        (r"^\p{L}+$", r"^\p{L}+$"),
        (r"^\@\-\_$", "^@-_$"),
        (r"\A[a-z-]+\z", "^[a-z-]+$"),
        (r"^[\w-.]+$", r"^[\w\-.]+$"),
        ("^[0-9a-z-:]+$", r"^[0-9a-z\-:]+$"),
        ("[-a-z][^-a]", "[-a-z][^-a]"),
        ("/^[a-z]{2}$/", "^[a-z]{2}$"),
        ("^{.*}$", r"^\{.*\}$"),
        ("a{,3}", r"a\{,3\}"),
        ("[]a]", r"[\]a]"),
        (r"(?P<year>\d{4})", r"(?<year>\d{4})"),
        ("a++b*+", "a+b*"),
        ("a+?", "a+?"),
        ("[[:alpha:]]", "[a-zA-Z]"),
        (r"\p{XDigit}{4}", "[0-9A-Fa-f]{4}"),
        ("(?i)^a$", None),
        ("^.{0,262144}$", None),
        ("(", None),
        (5, None),
    ],
)
def test_patterns_of_other_dialects_become_ecma_or_nothing(pattern: Any, expected: Any) -> None:
    assert as_ecma(pattern) == expected


@pytest.mark.requirement("JS-KEYWORDS")
def test_a_repair_is_told_with_the_place_of_its_keyword() -> None:
    document = read_document(
        """
openapi: 3.0.3
info: {title: T, version: "1"}
paths: {}
components:
  schemas:
    Odd: {type: object, properties: {size: {type: integer, minimum: "1", pattern: "["}}}
""",
        "spec.yaml",
    )

    document.resolve({"$ref": "#/components/schemas/Odd"})

    assert [str(fault).split(": ", 1)[1] for fault in document.schemas.faults] == [
        "invalid-openapi: JSON Schema does not allow this value of 'minimum'; it is read as 1",
        "invalid-openapi: JSON Schema does not allow this value of 'pattern'; it is left out",
    ]
