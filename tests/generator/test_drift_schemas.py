"""What a change of a JSON Schema means to those who send and to those who read."""

from typing import Any, Literal

import pytest

from treenail_generator.drift import schema_changes

TEXT: dict[str, Any] = {"type": "string"}


def field(schema: object, *, required: bool = False, definition: object = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {"a": schema}}
    if definition is not None:
        found["$defs"] = {"T": definition}
    return {**found, "required": ["a"]} if required else found


BOUND = field({"type": "integer", "maximum": 5})
WIDER = field({"type": "integer", "maximum": 9})
EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
NULLABLE = field({"anyOf": [TEXT, {"type": "null"}]})

# Old, new, what it means for arguments, what it means for an answer.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "a field is gone": (
        field(TEXT),
        EMPTY,
        "breaking: a is gone",
        "breaking: the answer no longer has a",
    ),
    "a field is new": (
        EMPTY,
        field(TEXT),
        "compatible: a is new",
        "compatible: the answer has a, too",
    ),
    "a required field is new": (
        EMPTY,
        field(TEXT, required=True),
        "breaking: a is new and required",
        "compatible: the answer has a, too",
    ),
    "a field became required": (
        field(TEXT),
        field(TEXT, required=True),
        "breaking: a is required now",
        "compatible: answer.a is always there now",
    ),
    "a field became optional": (
        field(TEXT, required=True),
        field(TEXT),
        "compatible: a may be left out now",
        "breaking: answer.a may be missing now",
    ),
    "an enumeration lost a value": (
        field({"enum": ["x", "y"]}),
        field({"enum": ["x"]}),
        "breaking: a no longer takes 'y'",
        "compatible: answer.a is no longer 'y'",
    ),
    "an enumeration won a value": (
        field({"const": "x"}),
        field({"enum": ["x", "y"]}),
        "compatible: a takes 'y', too",
        "compatible: answer.a may be 'y', too",
    ),
    "a union won an alternative": (
        field({"anyOf": [TEXT, {"type": "integer"}]}),
        field({"anyOf": [TEXT, {"type": "boolean"}, {"type": "integer"}]}),
        "compatible: a: anyOf is another, was [{'type': 'string'}, {'type': 'integer'}]",
        "breaking: answer.a: anyOf is another, was [{'type': 'string'}, {'type': 'integer'}]",
    ),
    "a union lost an alternative": (
        field({"anyOf": [TEXT, {"type": "boolean"}, {"type": "integer"}]}),
        field({"anyOf": [TEXT, {"type": "integer"}]}),
        "breaking: a: anyOf is [{'type': 'string'}, {'type': 'integer'}], was another",
        "compatible: answer.a: anyOf is [{'type': 'string'}, {'type': 'integer'}], was another",
    ),
    "an enumeration appeared": (
        field(TEXT),
        field({**TEXT, "enum": ["x", "y"]}),
        "breaking: a takes only 'x', 'y' now",
        "compatible: answer.a is only 'x', 'y' now",
    ),
    "an enumeration is gone": (
        field({**TEXT, "enum": ["x"]}),
        field(TEXT),
        "compatible: a takes any value now",
        "compatible: answer.a may be any value now",
    ),
    "a bound is wider": (
        BOUND,
        WIDER,
        "compatible: a: maximum is 9, was 5",
        "compatible: answer.a: maximum is 9, was 5",
    ),
    "a bound is narrower": (
        WIDER,
        BOUND,
        "breaking: a: maximum is 5, was 9",
        "compatible: answer.a: maximum is 5, was 9",
    ),
    "a bound is new": (
        field({"type": "integer"}),
        field({"type": "integer", "minimum": 1}),
        "breaking: a: minimum is 1",
        "compatible: answer.a: minimum is 1",
    ),
    "a type is another": (
        field(TEXT),
        field({"type": "boolean"}),
        "breaking: a is boolean, was string",
        "breaking: answer.a is boolean, was string",
    ),
    "a type is wider": (
        field({"type": "integer"}),
        field({"type": "number"}),
        "compatible: a is number, was integer",
        "breaking: answer.a is number, was integer",
    ),
    "a type is narrower": (
        field({}),
        field(TEXT),
        "breaking: a is string, was any type",
        "compatible: answer.a is string, was any type",
    ),
    "null came in": (
        field(TEXT),
        NULLABLE,
        "compatible: a is string or null, was string",
        "breaking: answer.a is string or null, was string",
    ),
    "null went out": (
        NULLABLE,
        field(TEXT),
        "breaking: a is string, was string or null",
        "compatible: answer.a is string, was string or null",
    ),
    "a format is gone": (
        field({**TEXT, "format": "date"}),
        field(TEXT),
        "compatible: a: format is gone, was 'date'",
        "breaking: answer.a: format is gone, was 'date'",
    ),
    "a pattern is another": (
        field({**TEXT, "pattern": "^a$"}),
        field({**TEXT, "pattern": "^b$"}),
        "breaking: a: pattern is '^b$', was '^a$'",
        "compatible: answer.a: pattern is '^b$', was '^a$'",
    ),
    "an item is another": (
        field({"type": "array", "items": field(TEXT)}),
        field({"type": "array", "items": EMPTY}),
        "breaking: a[].a is gone",
        "breaking: the answer no longer has a.a",
    ),
    "one of several alternatives is narrower": (
        field({"oneOf": [{"type": "integer"}, {**TEXT, "enum": ["x", "y"]}]}),
        field({"oneOf": [{"type": "integer"}, {**TEXT, "enum": ["x"]}]}),
        "breaking: a no longer takes 'y'",
        "compatible: answer.a is no longer 'y'",
    ),
    "a definition that is used twice": (
        field({"$ref": "#/$defs/T"}, definition=field(TEXT)),
        field({"$ref": "#/$defs/T"}, definition=EMPTY),
        "breaking: a.a is gone",
        "breaking: the answer no longer has a.a",
    ),
    "further names are refused": (
        field({"type": "object"}),
        field({"type": "object", "additionalProperties": False}),
        "breaking: a takes no further names now",
        "",
    ),
    "values under any name": (
        field({"type": "object", "additionalProperties": TEXT}),
        field({"type": "object", "additionalProperties": {"type": "integer"}}),
        "breaking: a.* is integer, was string",
        "breaking: answer.a.* is integer, was string",
    ),
    "a description": (
        field(TEXT),
        field({**TEXT, "description": "A."}),
        "invisible: a is described differently",
        "invisible: answer.a is described differently",
    ),
    "a default": (
        field({**TEXT, "default": "x"}),
        field({**TEXT, "default": "y"}),
        "invisible: a: default is 'y', was 'x'",
        "invisible: answer.a: default is 'y', was 'x'",
    ),
}


def changes(old: Any, new: Any, side: Literal["arguments", "answer"]) -> list[str]:
    return [f"{severity}: {message}" for severity, message in schema_changes(old, new, side)]


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_means_one_thing_to_senders_and_another_to_readers(
    change: tuple[dict[str, Any], dict[str, Any], str, str],
) -> None:
    old, new, sent, read = change

    assert changes(old, new, "arguments") == [sent]
    assert changes(old, new, "answer") == ([read] if read else [])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_the_same_is_no_change(
    change: tuple[dict[str, Any], dict[str, Any], str, str],
) -> None:
    for schema in change[:2]:
        assert not changes(schema, schema, "arguments")
        assert not changes(schema, schema, "answer")


def test_a_union_that_won_an_alternative_is_compared_behind_its_references() -> None:
    shared = {"$ref": "#/$defs/T"}
    old = field({"anyOf": [shared, TEXT]}, definition={"type": "number"})
    new = field({"anyOf": [shared, TEXT, {"type": "boolean"}]}, definition={"type": "integer"})

    told = changes(old, new, "arguments")

    assert sorted(each.partition(":")[0] for each in told) == ["breaking", "compatible"]


def test_schemas_without_end_are_compared() -> None:
    def tree(leaf: str, *, around: bool) -> dict[str, Any]:
        node = {"$ref": "#/$defs/T"}
        inner = {
            "type": "object",
            "properties": {"leaf": {"type": leaf}, "nodes": {"type": "array", "items": node}},
        }
        return field(inner if around else node, definition=inner)

    told = changes(tree("string", around=False), tree("integer", around=True), "arguments")

    assert told[0] == "breaking: a.leaf is integer, was string"
    assert set(told[1:]) <= {"breaking: a.nodes[].leaf is integer, was string"}


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("word", ["anyOf", "oneOf", "allOf"])
def test_alternatives_in_another_order_are_the_same(word: str) -> None:
    old = field({word: [TEXT, {"type": "integer"}]})
    new = field({word: [{"type": "integer"}, TEXT]})

    assert not changes(old, new, "arguments")
    assert not changes(old, new, "answer")


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize(
    ("further", "severity"), [({"type": "boolean"}, "compatible"), ({"minLength": 1}, "breaking")]
)
def test_one_of_alternatives_gains_another_that_may_take_from_them(
    further: dict[str, Any], severity: str
) -> None:
    members = [TEXT, {"type": "integer"}]
    (told,) = changes(field({"oneOf": members}), field({"oneOf": [*members, further]}), "arguments")

    assert told.partition(":")[0] == severity
