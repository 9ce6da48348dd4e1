"""What argument types accept, and what they publish."""

from typing import Annotated, Any

import jsonschema_rs
import pytest
from pydantic import MISSING, Field, JsonValue, ValidationError

from treenail_runtime.contract import (
    WHOLE,
    ClosedInput,
    Date,
    DateTime,
    Input,
    JsonSchema,
    OpaqueId,
)
from treenail_runtime.contract.schemas import published_schema


class Part(Input):
    """A part."""

    size: float = Field(description="Its size.", serialization_alias="partSize")
    parts: list["Part"] | MISSING = MISSING


class Sample(Input):
    """Every kind of field."""

    item_id: OpaqueId = Field(description="Which one.")
    count: Annotated[int, Field(ge=1, le=5), WHOLE] | MISSING = Field(
        MISSING, description="How many.", json_schema_extra={"default": 2}
    )
    day: Date | MISSING = MISSING
    moment: DateTime | MISSING = MISSING
    note: str | MISSING | None = MISSING
    part: Part | MISSING = Field(MISSING, description="One part.")
    word: Annotated[JsonValue, JsonSchema({"type": "string", "pattern": "^\\p{L}+$"})] | MISSING = (
        Field(MISSING, description="Letters.")
    )
    clash: str | MISSING = Field(MISSING, validation_alias="schema", serialization_alias="schema")


def accepts(**arguments: Any) -> bool:
    try:
        Sample.model_validate({"item_id": "a", **arguments})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("value", ["a", "A-z_9", "x" * 128])
def test_an_opaque_id_is_letters_digits_dash_and_underscore(value: str) -> None:
    assert Sample.model_validate({"item_id": value}).item_id == value


@pytest.mark.requirement("S0-33")
@pytest.mark.parametrize(
    "value", ["", "a\n", "../a", "a/b", "a b", "é", "%2e", "a" * 129, "a?b", "a#b", "\x00", "a;b"]
)
def test_anything_else_is_no_id(value: str) -> None:
    assert not accepts(item_id=value)


@pytest.mark.parametrize(
    "arguments",
    [{"count": 1}, {"count": 5.0}, {"day": "2024-02-29"}, {"moment": "2026-11-20T09:30:00Z"},
     {"moment": "2026-11-20T09:30:00.123+05:30"}, {"moment": "2016-12-31T23:59:60Z"}, {"note": None},
     {"word": "Zoë"}, {"schema": "x"}, {"part": {"size": 1, "parts": [{"size": 2.5}]}}],
)  # fmt: skip
def test_what_the_schema_allows_is_accepted(arguments: dict[str, Any]) -> None:
    assert accepts(**arguments)
    assert validator().is_valid({"item_id": "a", **arguments})


@pytest.mark.parametrize(
    "arguments",
    [{"count": "1"}, {"count": 0}, {"count": 6}, {"count": 1.5}, {"count": True}, {"count": None},
     {"day": "2026-02-30"}, {"day": "20260101"}, {"day": "2026-01-01\n"}, {"day": 20260101},
     {"moment": "2026-11-20"}, {"moment": "2026-11-20T09:30:00"}, {"moment": "2026-11-20T25:00:00Z"},
     {"moment": "2026-11-20T09:61:00Z"}, {"note": 5}, {"word": "a1"}, {"word": 5}, {"clash": "x"},
     {"part": {"size": True}}, {"part": None}, {"other": 1}],
)  # fmt: skip
def test_what_the_schema_does_not_allow_is_refused(arguments: dict[str, Any]) -> None:
    assert not accepts(**arguments)
    assert not validator().is_valid({"item_id": "a", **arguments})


def test_an_unknown_field_inside_is_refused_although_only_the_root_tells_it() -> None:
    unknown = {"part": {"size": 1, "colour": "red"}}

    assert not accepts(**unknown)
    assert validator().is_valid({"item_id": "a", **unknown})


def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(published_schema(Sample), validate_formats=True)


@pytest.mark.requirement("JS-2020")
def test_the_published_schema_is_closed_compact_and_says_what_is_checked() -> None:
    assert published_schema(Sample) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["item_id"],
        "properties": {
            "item_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "description": "Which one."},
            "count": {
                "type": "integer", "minimum": 1, "maximum": 5, "default": 2, "description": "How many.",
            },
            "day": {"type": "string", "format": "date"},
            "moment": {"type": "string", "format": "date-time"},
            "note": {"type": ["string", "null"]},
            "part": {"$ref": "#/$defs/Part", "description": "One part."},
            "word": {"type": "string", "pattern": "^\\p{L}+$", "description": "Letters."},
            "schema": {"type": "string"},
        },
        "$defs": {
            "Part": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "number", "description": "Its size."},
                    "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
                },
            }
        },
    }  # fmt: skip


def test_a_definition_used_once_stands_where_it_is_used() -> None:
    class Leaf(ClosedInput):
        """Leaf."""

        name: str

    class Holder(Input):
        """Holder."""

        leaf: Leaf = Field(description="The leaf.")

    assert published_schema(Holder)["properties"]["leaf"] == {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {"name": {"type": "string"}},
        "description": "The leaf.",
    }


def test_definitions_of_exact_schemas_move_to_the_root_without_clashing() -> None:
    def exact(kind: str) -> JsonSchema:
        return JsonSchema(
            {"$ref": "#/$defs/T", "$defs": {"T": {"type": kind, "x": {"$ref": "#/$defs/T"}}}}
        )

    class Two(Input):
        """Two schemas whose definitions share a name."""

        one: Annotated[JsonValue, exact("string")]
        two: Annotated[JsonValue, exact("object")]

    schema = published_schema(Two)

    assert {each["$ref"] for each in schema["properties"].values()} == {"#/$defs/T", "#/$defs/T_"}
    assert schema["$defs"]["T"]["type"] == "string"
    assert schema["$defs"]["T_"] == {"type": "object", "x": {"$ref": "#/$defs/T_"}}


def test_a_refused_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate({"item_id": "sécret value"})

    assert "sécret" not in str(refused.value)


class Inner(Input):
    """Holds a float."""

    size: float


class Outer(Input):
    """Holds models that hold floats."""

    inner: Inner
    more: list[Inner] | MISSING = MISSING


def test_numbers_inside_models_are_exact() -> None:
    made = Outer.model_validate({"inner": {"size": 2}, "more": [{"size": 0.5}]})

    assert made.model_dump() == {"inner": {"size": 2.0}, "more": [{"size": 0.5}]}
    with pytest.raises(ValidationError, match="more digits than a number can carry"):
        Outer.model_validate({"inner": {"size": 2**53 + 1}})
