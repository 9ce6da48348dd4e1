"""Bodies of one piece: JSON, forms, text, XML and bytes."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import MISSING, Field

from treenail_runtime.contract import (
    BinaryBody,
    Content,
    Endpoint,
    File,
    FormBody,
    FormField,
    Input,
    InvalidArguments,
    JsonBody,
    TextBody,
    deep_object,
    json_text,
)


def sent(body: Any, value: object) -> Content | None:
    return Endpoint("POST", "/", body=body).request(body=value).content


def text(body: Any, value: object) -> str:
    content = sent(body, value)
    assert content is not None
    return content.body.decode()


@pytest.mark.requirement("WIRE-JSON")
@pytest.mark.parametrize(
    "value", [None, True, 0, 1.5, "ü", [], [None, {}], {}, {"a": {"b": None}}], ids=repr
)
def test_json_may_have_any_root(value: object) -> None:
    assert json.loads(text(JsonBody(), value)) == value


@pytest.mark.requirement("WIRE-JSON")
def test_null_clears_a_field_and_what_was_left_out_is_not_sent() -> None:
    merge_patch = JsonBody("application/merge-patch+json")
    content = sent(merge_patch, {"a": None, "b": MISSING, "c": {"d": None, "e": MISSING}})

    assert content == Content(b'{"a":null,"c":{"d":null}}', "application/merge-patch+json")


class _Person(Input):
    first_name: str | MISSING = Field(MISSING, alias="firstName")
    age: int | MISSING | None = MISSING


@pytest.mark.requirement("WIRE-JSON")
def test_a_model_is_sent_by_the_names_of_the_upstream() -> None:
    person = _Person.model_validate({"firstName": "Ann", "age": None})

    assert text(JsonBody(), person) == '{"firstName":"Ann","age":null}'
    assert text(JsonBody(), {"all": [person]}) == '{"all":[{"firstName":"Ann","age":null}]}'


@pytest.mark.requirement("WIRE-JSON")
def test_a_body_of_which_nothing_was_given_is_sent_only_when_it_is_required() -> None:
    nothing = {"a": MISSING, "b": MISSING}

    assert sent(JsonBody(), nothing) is None
    assert text(JsonBody(required=True), nothing) == "{}"
    assert sent(FormBody(), nothing) is None
    assert text(FormBody(required=True), nothing) == ""
    assert sent(JsonBody(required=True), MISSING) is None


def test_a_body_that_is_not_declared_is_a_fault_of_the_tool() -> None:
    with pytest.raises(TypeError, match="POST / is declared without a body"):
        Endpoint("POST", "/").request(body={})


@pytest.mark.requirement("WIRE-JSON")
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/x-ndjson", '{"a":1}\n[null]\n'),
        ("application/jsonl; charset=utf-8", '{"a":1}\n[null]\n'),
        ("application/json-seq", '\x1e{"a":1}\n\x1e[null]\n'),
        ("application/geo+json-seq", '\x1e{"a":1}\n\x1e[null]\n'),
    ],
)
def test_a_sequence_of_json_values_is_made_of_an_array(kind: str, expected: str) -> None:
    assert text(JsonBody(kind), [{"a": 1}, [None]]) == expected
    with pytest.raises(InvalidArguments, match="is made of an array"):
        sent(JsonBody(kind), "a")


# OpenAPI 3.2.1, "URL Encoded Form with JSON Values".
ADDRESS = {
    "streetAddress": "123 Example Dr.",
    "city": "Somewhere",
    "state": "CA",
    "zip": "99999+1234",
}


@pytest.mark.requirement("WIRE-FORM")
def test_a_form_without_encoding_is_written_by_content() -> None:
    form = {"id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "address": ADDRESS}

    assert text(FormBody(), form) == (
        "id=f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        "&address=%7B%22streetAddress%22%3A%22123+Example+Dr.%22%2C%22city%22%3A%22Somewhere%22"
        "%2C%22state%22%3A%22CA%22%2C%22zip%22%3A%2299999%2B1234%22%7D"
    )


FORMS: list[tuple[str, dict[str, FormField], dict[str, object], str]] = [
    ("signs", {}, {"a b": "x y+~*", "ü": True}, "a+b=x+y%2B%7E*&%C3%BC=true"),
    ("array", {}, {"a": [1, "x", {"k": 1}]}, "a=1&a=x&a=%7B%22k%22%3A1%7D"),
    ("empty", {}, {"a": ""}, "a="),
    ("json", {"a": FormField(content_type="application/json")}, {"a": "x"}, "a=%22x%22"),
    ("json null", {"a": FormField(content_type="application/json")}, {"a": None}, "a=null"),
    ("whole array", {}, {"a": json_text(["x", 1])}, "a=%5B%22x%22%2C1%5D"),
    ("left out", {}, {"a": json_text(MISSING), "b": 1}, "b=1"),
    ("form", {"a": FormField()}, {"a": {"R": 1, "G": "x y"}}, "R=1&G=x%20y"),
    ("comma", {"a": FormField(explode=False)}, {"a": ["x", "y,z"]}, "a=x,y%2Cz"),
    (
        "pipes",
        {"a": FormField("pipeDelimited", explode=False)},
        {"a": [1, 2]},
        "a=1%7C2",
    ),
    ("reserved", {"a": FormField(reserved=True)}, {"a": "x/y z"}, "a=x/y%20z"),
    ("deep", {"a": FormField("deepObject")}, {"a": {"b": {"c": 1}}}, "a%5Bb%5D%5Bc%5D=1"),
    (
        "deep arrays",
        {"a": FormField("deepObject", arrays="indexes")},
        {"a": [{"b": 1}]},
        "a%5B0%5D%5Bb%5D=1",
    ),
    ("styled", {}, {"a": deep_object({"b": 1})}, "a%5Bb%5D=1"),
]


@pytest.mark.requirement("WIRE-FORM")
@pytest.mark.parametrize("case", FORMS, ids=[name for name, *_ in FORMS])
def test_a_field_of_a_form_is_written_as_its_encoding_says(
    case: tuple[str, dict[str, FormField], dict[str, object], str],
) -> None:
    _, fields, value, expected = case

    assert text(FormBody(fields), value) == expected


@pytest.mark.requirement("WIRE-FORM")
def test_a_form_reads_back_as_browsers_and_servers_read_it() -> None:
    content = sent(FormBody(), {"a": "1 + 1 = 2 & ü~", "b": ["x", "y"]})

    assert content is not None
    assert content.content_type == "application/x-www-form-urlencoded"
    assert parse_qsl(content.body.decode()) == [("a", "1 + 1 = 2 & ü~"), ("b", "x"), ("b", "y")]


@pytest.mark.requirement("WIRE-FORM")
@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({}, {"a": None}),
        ({}, {"a": []}),
        ({}, ["a"]),
        ({}, "a=1"),
        ({"a": FormField()}, {"a": [["x"]]}),
        ({"a": FormField()}, {"a": {"b": 1}, "b": 2}),
        ({"a": FormField(content_type="text/plain")}, {"a": {"b": 1}}),
    ],
    ids=repr,
)
def test_what_no_form_can_hold_is_refused(fields: dict[str, FormField], value: object) -> None:
    with pytest.raises(InvalidArguments):
        sent(FormBody(fields), value)


TEXTS: list[tuple[str, object, bytes, str]] = [
    ("text/plain", "plain", b"plain", "text/plain"),
    ("text/plain", "ü", "ü".encode(), "text/plain; charset=utf-8"),
    ("text/plain; charset=iso-8859-1", "ü", b"\xfc", "text/plain; charset=iso-8859-1"),
    ("text/csv", 12, b"12", "text/csv"),
    ("application/xml", "<a>ü</a>", "<a>ü</a>".encode(), "application/xml"),
    (
        "application/soap+xml",
        '<?xml version="1.0" encoding="UTF-8"?><a/>',
        b'<?xml version="1.0" encoding="UTF-8"?><a/>',
        "application/soap+xml",
    ),
]


@pytest.mark.requirement("WIRE-TEXT")
@pytest.mark.parametrize("case", TEXTS, ids=[f"{kind} {value}" for kind, value, *_ in TEXTS])
def test_text_is_sent_in_the_charset_that_its_type_names(
    case: tuple[str, object, bytes, str],
) -> None:
    kind, value, expected, told = case

    assert sent(TextBody(kind), value) == Content(expected, told)


@pytest.mark.requirement("WIRE-TEXT")
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text/plain", None),
        ("text/plain", {"a": 1}),
        ("text/plain; charset=us-ascii", "ü"),
        ("text/plain", "\ud800"),
        ("application/xml", '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'),
    ],
)
def test_text_that_would_read_otherwise_is_refused(kind: str, value: object) -> None:
    with pytest.raises(InvalidArguments, match="body"):
        sent(TextBody(kind), value)


@pytest.mark.requirement("WIRE-FILE")
def test_bytes_are_sent_as_they_are_in_the_type_that_fits() -> None:
    png = File(b"\x89PNG\r\n\0\xff", type="image/png")

    assert sent(BinaryBody(), png) == Content(png.data, "application/octet-stream")
    assert sent(BinaryBody("image/*"), png) == Content(png.data, "image/png")
    assert sent(BinaryBody("*/*"), File(b"")) == Content(b"", "application/octet-stream")
    assert sent(BinaryBody("image/png"), File(b"x")) == Content(b"x", "image/png")
    with pytest.raises(InvalidArguments, match="body: is image/png, not audio/"):
        sent(BinaryBody("audio/*"), png)
    with pytest.raises(InvalidArguments, match="body: say its type, one of image/"):
        sent(BinaryBody("image/*"), File(b"x"))
    with pytest.raises(InvalidArguments, match="no file"):
        sent(BinaryBody(), "text")


@pytest.mark.requirement("WIRE-FILE")
def test_a_body_has_a_largest_size() -> None:
    with pytest.raises(InvalidArguments, match="larger than 50000000 bytes"):
        sent(BinaryBody(), File(bytes(50_000_001)))
