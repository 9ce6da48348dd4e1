"""Files as arguments: what is taken, what is refused, and that nothing of them is shown."""

import base64
import json
import re
from typing import Annotated, Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING, Field, ValidationError

from treenail_runtime.contract import File, FileRules, Input
from treenail_runtime.contract.schemas import published_schema
from treenail_runtime.dispatch.problems import problems_of


class Upload(Input):
    """Arguments of a tool that sends files."""

    picture: Annotated[File, FileRules(max_bytes=10, accept=("image/*",))] | MISSING = Field(
        MISSING, description="The picture."
    )
    any: File | MISSING = MISSING
    more: list[Annotated[File, FileRules(accept=("text/csv",))]] | MISSING = MISSING


def given_file(value: object) -> File:
    return Upload.model_validate({"any": value}).any  # pyright: ignore[reportReturnType]  # it is given


DATA: list[tuple[str, bytes, str | None]] = [
    ("aGk/aGk+", b"hi?hi>", None),
    ("aGk_aGk-", b"hi?hi>", None),
    ("aGk=", b"hi", None),
    ("", b"", None),
    ("data:;base64,aGk=", b"hi", None),
    ("data:image/png;base64,aGk=", b"hi", "image/png"),
    ("data:text/plain;charset=utf-8;base64,aGk=", b"hi", "text/plain;charset=utf-8"),
    ("data:,a%20b%FF", b"a b\xff", "text/plain"),
    ("data:text/csv,a;b", b"a;b", "text/csv"),
]


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize(("text", "data", "kind"), DATA, ids=[text for text, *_ in DATA])
def test_base64_and_data_uris_are_files(text: str, data: bytes, kind: str | None) -> None:
    arguments = {"any": {"data": text}}

    assert jsonschema_rs.Draft202012Validator(published_schema(Upload)).is_valid(arguments)
    assert given_file(arguments["any"]) == File(data, None, kind)


@pytest.mark.requirement("WIRE-FILE")
@given(st.binary(max_size=60))
def test_whatever_is_encoded_comes_back(data: bytes) -> None:
    assert given_file({"data": base64.b64encode(data).decode()}).data == data
    assert given_file({"data": base64.urlsafe_b64encode(data).decode()}).data == data


@pytest.mark.requirement("WIRE-FILE")
def test_what_is_no_file_is_told_how_one_looks() -> None:
    with pytest.raises(ValidationError, match=r'an object like {"data": "<base64>"}'):
        given_file("aGk=")


@pytest.mark.requirement("WIRE-FILE")
def test_the_name_and_type_that_are_given_go_before_those_of_the_uri() -> None:
    given = {"data": "data:text/plain,x", "name": "ü b.csv", "type": "text/csv"}

    assert given_file(given) == File(b"x", "ü b.csv", "text/csv")


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize(
    "value",
    [
        "aGk=",
        None,
        {},
        {"data": 1},
        {"data": "a b="},
        {"data": "aGk=\n"},
        {"data": "a"},
        {"data": "aGk"},
        {"data": "aG=k"},
        {"data": "ü"},
        {"data": "aGk=", "path": "/etc/passwd"},
        {"data": "aGk=", "name": "../a"},
        {"data": "aGk=", "name": "a\\b"},
        {"data": "aGk=", "name": "a\r\nb"},
        {"data": "aGk=", "name": ""},
        {"data": "aGk=", "name": "a" * 256},
        {"data": "aGk=", "type": "png"},
        {"data": "aGk=", "type": "image/*"},
        {"data": "aGk=", "type": "image/png\r\nX: 1"},
    ],
    ids=repr,
)
def test_anything_else_is_no_file(value: object) -> None:
    schema = jsonschema_rs.Draft202012Validator(published_schema(Upload))

    assert not schema.is_valid({"any": value})
    with pytest.raises(ValidationError):
        given_file(value)


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize("text", ["data:image/png;base64,%%", "data:image/*,x", "data:x"])
def test_a_uri_that_cannot_be_read_is_no_file(text: str) -> None:
    with pytest.raises(ValidationError):
        given_file({"data": text})


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize(
    "text",
    [
        "A" * 1000,
        "data:image/png;base64," + "A" * 1000,
        "data:image/png," + "x" * 11,
        base64.b64encode(b"x" * 11).decode(),
    ],
    ids=["base64", "uri", "text", "just over"],
)
def test_a_file_that_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="at most 10 bytes"):
        Upload.model_validate({"picture": {"data": text, "type": "image/png"}})


@pytest.mark.requirement("WIRE-FILE")
def test_only_accepted_types_are_taken() -> None:
    taken = Upload.model_validate({"picture": {"data": "aGk=", "type": "image/webp"}})

    assert "picture=File(2 bytes)" in repr(taken)
    for kind in ({"type": "text/plain"}, {}):
        with pytest.raises(ValidationError, match=r"type should be image/\*"):
            Upload.model_validate({"picture": {"data": "aGk=", **kind}})


@pytest.mark.requirement("WIRE-FILE")
def test_nothing_of_a_file_is_shown() -> None:
    arguments: dict[str, Any] = {"picture": {"data": "c2VjcmV0", "type": "text/plain"}}
    with pytest.raises(ValidationError) as refused:
        Upload.model_validate(arguments)

    told = [*problems_of(refused.value, arguments, published_schema(Upload)), str(refused.value)]
    told.append(repr(File(b"secret", "secret.txt")))
    assert not re.search("c2VjcmV0|secret", "".join(told))
    assert told[0].startswith("picture: type should be image/*")


@pytest.mark.requirement("WIRE-FILE")
def test_a_file_is_published_as_a_small_closed_object() -> None:
    schema = published_schema(Upload)
    validator = jsonschema_rs.Draft202012Validator(schema)

    file = schema["properties"]["any"]
    assert (file["type"], file["additionalProperties"]) == ("object", False)
    assert (list(file["properties"]), file["required"]) == (["data", "name", "type"], ["data"])
    assert len(json.dumps(file)) < 420
    assert schema["properties"]["picture"]["description"] == "The picture."
    assert schema["properties"]["more"]["items"]["properties"]["type"] == {"enum": ["text/csv"]}
    assert schema["properties"]["picture"]["required"] == ["data", "type"]
    assert validator.is_valid({"any": {"data": "aGk="}})
    assert not validator.is_valid({"any": {"data": "aGk=", "path": "x"}})
