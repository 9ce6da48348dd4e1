"""The decoder of the proof against the tables of the specification, without any encoder.

Source: OpenAPI 3.1.1 "Style Examples" and "Encoding Object", OpenAPI 3.2 "Parameter Object", RFC 6570.
"""

import base64
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from treenail_generator.document import Operation, Place, read_document
from treenail_generator.verify.decoding import (
    DecodingError,
    RequestDecoder,
    Values,
    Wire,
    equals,
    told,
)

TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}
COLOURS = ["blue", "black", "brown"]
RGB = {
    "type": "object",
    "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}, "B": {"type": "integer"}},
    "additionalProperties": False,
}
MIXED = {"oneOf": [TEXT, LIST]}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
DEEP = {
    "type": "object",
    "properties": {
        "range": {"type": "object", "properties": {"gte": {"type": "integer"}}},
        "tags": LIST,
    },
}
RGB_VALUE = {"R": 100, "G": 200, "B": 150}

# place, style, explode, schema, text on the wire, value
PARAMETERS: list[tuple[str, str, bool, dict[str, Any], str, Any]] = [
    ("path", "matrix", False, TEXT, ";color", ""),
    ("path", "matrix", True, TEXT, ";color=blue", "blue"),
    ("path", "matrix", False, TEXT, ";color=blue", "blue"),
    ("path", "matrix", False, LIST, ";color=blue,black,brown", COLOURS),
    ("path", "matrix", True, LIST, ";color=blue;color=black;color=brown", COLOURS),
    ("path", "matrix", False, RGB, ";color=R,100,G,200,B,150", RGB_VALUE),
    ("path", "matrix", True, RGB, ";R=100;G=200;B=150", RGB_VALUE),
    ("path", "label", False, TEXT, ".blue", "blue"),
    ("path", "label", False, LIST, ".blue,black,brown", COLOURS),
    ("path", "label", True, LIST, ".blue.black.brown", COLOURS),
    ("path", "label", False, RGB, ".R,100,G,200,B,150", RGB_VALUE),
    ("path", "label", True, RGB, ".R=100.G=200.B=150", RGB_VALUE),
    ("path", "simple", False, TEXT, "blue", "blue"),
    ("path", "simple", False, LIST, "blue,black,brown", COLOURS),
    ("path", "simple", True, LIST, "blue,black,brown", COLOURS),
    ("path", "simple", False, RGB, "R,100,G,200,B,150", RGB_VALUE),
    ("path", "simple", True, RGB, "R=100,G=200,B=150", RGB_VALUE),
    ("path", "simple", False, LIST, "a%2Cb,c", ["a,b", "c"]),
    ("path", "simple", False, TEXT, "a+b%20c", "a+b c"),
    ("path", "simple", False, {"type": "boolean"}, "true", True),
    ("query", "form", False, TEXT, "color=", ""),
    ("query", "form", False, TEXT, "color=blue", "blue"),
    ("query", "form", True, TEXT, "color=blue", "blue"),
    ("query", "form", False, LIST, "color=blue,black,brown", COLOURS),
    ("query", "form", True, LIST, "color=blue&color=black&color=brown", COLOURS),
    ("query", "form", True, LIST, "color=blue", ["blue"]),
    ("query", "form", False, RGB, "color=R,100,G,200,B,150", RGB_VALUE),
    ("query", "form", True, RGB, "R=100&G=200&B=150", RGB_VALUE),
    ("query", "form", True, {"type": "integer"}, "color=-12", -12),
    ("query", "form", True, {"type": "number"}, "color=1.5e3", 1500),
    ("query", "form", True, {"type": ["integer", "null"]}, "color=7", 7),
    ("query", "form", True, {"enum": ["1", "2"]}, "color=1", "1"),
    ("query", "form", True, {"enum": [1, 2]}, "color=1", 1),
    ("query", "form", True, {"$ref": "#/components/schemas/Count"}, "color=3", 3),
    ("query", "form", True, MIXED, "color=a", "a"),
    ("query", "form", True, MIXED, "color=a&color=b", ["a", "b"]),
    ("query", "form", True, {"anyOf": [{"type": "integer"}, TEXT]}, "color=007", "007"),
    ("query", "form", True, NUMBERS, "color=1&color=2", [1, 2]),
    ("query", "spaceDelimited", False, LIST, "color=blue%20black%20brown", COLOURS),
    ("query", "spaceDelimited", False, RGB, "color=R%20100%20G%20200%20B%20150", RGB_VALUE),
    ("query", "pipeDelimited", False, LIST, "color=blue%7Cblack%7Cbrown", COLOURS),
    ("query", "pipeDelimited", False, LIST, "color=blue|black|brown", COLOURS),
    ("query", "pipeDelimited", False, RGB, "color=R%7C100%7CG%7C200%7CB%7C150", RGB_VALUE),
    ("query", "tabDelimited", False, LIST, "color=blue%09black%09brown", COLOURS),
    ("query", "deepObject", True, RGB, "color%5BR%5D=100&color[G]=200&color[B]=150", RGB_VALUE),
    ("query", "deepObject", True, DEEP, "color[range][gte]=3", {"range": {"gte": 3}}),
    ("query", "deepObject", True, DEEP, "color[tags]=a&color[tags]=b", {"tags": ["a", "b"]}),
    ("query", "form", True, TEXT, "color=a%26b%3Dc%2Bd%20%C3%A9", "a&b=c+d \u00e9"),
    ("query", "form", True, TEXT, "color=/:?@[]!$'()*;,", "/:?@[]!$'()*;,"),
    ("header", "simple", False, LIST, "blue,black,brown", COLOURS),
    ("header", "simple", False, RGB, "R,100,G,200,B,150", RGB_VALUE),
    ("header", "simple", True, RGB, "R=100,G=200,B=150", RGB_VALUE),
    ("header", "simple", False, TEXT, "100%25 a+b", "100%25 a+b"),
    ("cookie", "form", True, TEXT, "color=blue%20sky", "blue sky"),
    ("cookie", "form", False, LIST, "color=blue,black,brown", COLOURS),
    ("cookie", "cookie", True, TEXT, "color=100%25", "100%25"),
    ("cookie", "cookie", True, LIST, "color=blue; color=black", ["blue", "black"]),
]

CONTENTS: list[tuple[str, str, str, Any]] = [
    ("query", "application/json", "color=%7B%22a%22%3A%5B1%2Cnull%5D%7D", {"a": [1, None]}),
    ("path", "application/json", "%5B1%2C2%5D", [1, 2]),
    ("header", "application/vnd.x+json", '{"a":1}', {"a": 1}),
    ("query", "application/x-www-form-urlencoded", "color=R%3D1%26name%3Da%2520b", None),
    ("query", "text/plain", "color=a%20b", "a b"),
    ("querystring", "application/x-www-form-urlencoded", "R=1&name=a%20b", None),
    ("querystring", "application/json", "%7B%22R%22%3A1%7D", {"R": 1}),
]


def operation(given: dict[str, Any], path: str = "/x", method: str = "post") -> Operation:
    """The one operation of a document that declares `given`."""
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1"},
        "paths": {path: {method: {"operationId": "x", "responses": {}, **given}}},
        "components": {"schemas": {"Count": {"type": "integer"}}},
    }
    found = read_document(json.dumps(document), "spec.json").operation("x")
    assert found is not None
    return found


def read(declared: Operation, wire: Wire) -> Values:
    counts = {"#/components/schemas/Count": {"type": "integer"}}

    def resolve(schema: Any) -> Any:
        return counts[schema["$ref"]] if "$ref" in schema else schema

    return RequestDecoder(resolve).read(declared, wire)


def wire(place: str, text: str) -> Wire:
    match place:
        case "path":
            return Wire(path=f"/x/{text}")
        case "header":
            return Wire(path="/x", headers=[("Color", text)])
        case "cookie":
            return Wire(path="/x", cookie=text)
        case _:
            return Wire(path="/x", query=text)


@pytest.mark.requirement("PROOF-DECODER")
@pytest.mark.parametrize(
    "row",
    PARAMETERS,
    ids=[
        f"{place} {style} {explode} {schema} {text}"
        for place, style, explode, schema, text, _ in PARAMETERS
    ],
)
def test_the_style_table_is_read_to_the_letter(
    row: tuple[str, str, bool, dict[str, Any], str, Any],
) -> None:
    place, style, explode, schema, text, value = row
    parameter = {
        "name": "color",
        "in": place,
        "required": place == "path",
        "style": style,
        "explode": explode,
        "schema": schema,
    }
    declared = operation({"parameters": [parameter]}, "/x/{color}" if place == "path" else "/x")

    reading = read(declared, wire(place, text))[place, "color"]

    assert equals(reading, value)


@pytest.mark.requirement("PROOF-DECODER")
@pytest.mark.parametrize("row", CONTENTS, ids=[f"{row[0]} {row[1]}" for row in CONTENTS])
def test_parameters_with_content_are_read_in_their_media_type(
    row: tuple[str, str, str, Any],
) -> None:
    place, content_type, text, value = row
    schema = {"type": "object", "properties": {"R": {"type": "integer"}, "name": TEXT}}
    parameter = {
        "name": "color",
        "in": "query" if place == "querystring" else place,
        "required": place == "path",
        "content": {content_type: {"schema": schema}},
    }
    declared = operation({"parameters": [parameter]}, "/x/{color}" if place == "path" else "/x")
    declared = replace(
        declared, parameters=(replace(declared.parameters[0], place=cast("Place", place)),)
    )

    reading = read(declared, wire(place, text))[place, "color"]

    assert equals(reading, value if value is not None else {"R": 1, "name": "a b"})


@pytest.mark.requirement("PROOF-DECODER")
@pytest.mark.parametrize(
    ("path", "sent", "values"),
    [
        ("/a/{b}.{c}", "/a/x.json", {"b": "x", "c": "json"}),
        ("/{a}-{b}/c", "/x-y/c", {"a": "x", "b": "y"}),
        ("/a b/{c}", "/a%20b/d", {"c": "d"}),
        ("/a/{c}#section", "/a/d", {"c": "d"}),
        ("/a:do/{c}", "/a:do/%7Bd%7D", {"c": "{d}"}),
    ],
)
def test_a_path_is_read_by_its_template(path: str, sent: str, values: dict[str, str]) -> None:
    names = [name for name in "abc" if f"{{{name}}}" in path]
    given = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]

    found = read(operation({"parameters": given}, path), Wire(path=sent))

    assert {name: told(reading) for (_, name), reading in found.items()} == values


REFUSED: list[tuple[str, dict[str, Any], Wire]] = [
    ("more in the query", {}, Wire(path="/x", query="a=1")),
    ("more headers", {}, Wire(path="/x", headers=[("A", "1")])),
    ("more cookies", {}, Wire(path="/x", cookie="a=1")),
    ("a body", {}, Wire(path="/x", content_type="application/json", body=b"{}")),
    ("another path", {}, Wire(path="/y")),
    ("a longer path", {}, Wire(path="/x/y")),
    (
        "a raw plus",
        {"parameters": [{"name": "a", "in": "query", "schema": TEXT}]},
        Wire(path="/x", query="a=b+c"),
    ),
    (
        "a broken escape",
        {"parameters": [{"name": "a", "in": "query", "schema": TEXT}]},
        Wire(path="/x", query="a=%zz"),
    ),
    (
        "bytes that are no UTF-8",
        {"parameters": [{"name": "a", "in": "query", "schema": TEXT}]},
        Wire(path="/x", query="a=%FF"),
    ),
    (
        "an object where a text stands",
        {"parameters": [{"name": "a", "in": "query", "style": "deepObject", "schema": RGB}]},
        Wire(path="/x", query="a=1"),
    ),
    (
        "another media type",
        {"requestBody": {"content": {"application/json": {}}}},
        Wire(path="/x", content_type="text/plain", body=b"a"),
    ),
    (
        "broken JSON",
        {"requestBody": {"content": {"application/json": {}}}},
        Wire(path="/x", content_type="application/json", body=b"{"),
    ),
]


@pytest.mark.requirement("PROOF-DECODER")
@pytest.mark.parametrize("row", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_request_that_breaks_the_rules_is_not_read(
    row: tuple[str, dict[str, Any], Wire],
) -> None:
    _, given, sent = row

    with pytest.raises(DecodingError):
        read(operation(given), sent)


@pytest.mark.requirement("PROOF-DECODER")
def test_equal_texts_of_different_types_are_told_apart_by_the_schema() -> None:
    def given(schema: dict[str, Any]) -> Any:
        declared = operation({"parameters": [{"name": "a", "in": "query", "schema": schema}]})
        return read(declared, Wire(path="/x", query="a=1"))["query", "a"]

    assert equals(given({"type": "integer"}), 1)
    assert not equals(given({"type": "integer"}), "1")
    assert not equals(given({"type": "integer"}), True)
    assert equals(given(TEXT), "1")
    assert not equals(given(TEXT), 1)
    assert equals(given({}), 1)
    assert equals(given({}), "1")


FORM = "application/x-www-form-urlencoded"
FIELDS: dict[str, Any] = {
    "type": "object",
    "properties": {"id": TEXT, "count": {"type": "integer"}, "address": RGB, "tags": LIST},
}
FORMS: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "id=a+b%26&count=2", {"id": "a b&", "count": 2}),
    ({}, "address=%7B%22R%22%3A1%7D", {"address": {"R": 1}}),
    ({}, "tags=a&tags=b", {"tags": ["a", "b"]}),
    ({"tags": {"explode": False}}, "tags=a,b", {"tags": ["a", "b"]}),
    ({"tags": {"style": "pipeDelimited"}}, "tags=a%7Cb", {"tags": ["a", "b"]}),
    ({"tags": {"contentType": "application/json"}}, "tags=%5B%22a%22%5D", {"tags": ["a"]}),
    ({"address": {"style": "deepObject"}}, "address%5BR%5D=1", {"address": {"R": 1}}),
    ({"address": {"explode": True}}, "R=1&G=2&id=a", {"address": {"R": 1, "G": 2}, "id": "a"}),
]


@pytest.mark.requirement("PROOF-DECODER")
@pytest.mark.parametrize("row", FORMS, ids=[row[1] for row in FORMS])
def test_a_form_is_read_by_its_encodings(row: tuple[dict[str, Any], str, Any]) -> None:
    encodings, text, value = row
    content = {FORM: {"schema": FIELDS, "encoding": encodings}}
    declared = operation({"requestBody": {"content": content}})

    found = read(declared, Wire(path="/x", content_type=FORM, body=text.encode()))

    assert equals(found["body", ""], value)


def part(disposition: str, data: bytes, content_type: str = "") -> bytes:
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return head.encode() + data + b"\r\n"


@pytest.mark.requirement("PROOF-DECODER")
def test_a_multipart_body_is_read_part_by_part() -> None:
    picture = bytes(range(256)) + b"\r\n--b-like\r\n\n\r"
    body = (
        part('name="id"', "\u00e9 b".encode())
        + part('name="count"', b"2", "text/plain")
        + part('name="address"', b'{"R":1}', "application/json")
        + part('name="tags"', b"a")
        + part('name="tags"', b"b")
        + part('name="file"; filename="a%22b.png"', picture, "image/png")
        + b"--b--\r\n"
    )
    schema: dict[str, Any] = {**FIELDS, "properties": {**FIELDS["properties"], "file": {}}}
    content: dict[str, Any] = {"multipart/form-data": {"schema": schema}}
    declared = operation({"requestBody": {"content": content}})

    found = read(
        declared, Wire(path="/x", content_type="multipart/form-data; boundary=b", body=body)
    )

    file = {"data": base64.b64encode(picture).decode(), "name": 'a"b.png', "type": "image/png"}
    wanted = {
        "id": "\u00e9 b",
        "count": 2,
        "address": {"R": 1},
        "tags": ["a", "b"],
        "file": file,
    }
    assert equals(found["body", ""], wanted)
    assert not equals(found["body", ""], {**wanted, "file": {**file, "type": "image/gif"}})
    assert not equals(found["body", ""], {**wanted, "file": {**file, "name": "other"}})
    assert not equals(found["body", ""], {**wanted, "tags": ["a"]})


@pytest.mark.requirement("PROOF-DECODER")
def test_text_and_bytes_are_read_as_they_are() -> None:
    content = {"text/*": {"schema": TEXT}, "application/octet-stream": {}}
    declared = operation({"requestBody": {"content": content}})

    text = read(declared, Wire(path="/x", content_type="text/csv; charset=utf-8", body=b"a,b\n"))
    octets = read(
        declared, Wire(path="/x", content_type="application/octet-stream", body=b"\x00\xff")
    )

    assert equals(text["body", ""], "a,b\n")
    assert equals(octets["body", ""], {"data": "AP8="})
    assert equals(octets["body", ""], {"data": "data:application/octet-stream;base64,AP8="})
    assert not equals(octets["body", ""], {"data": "AP4="})
