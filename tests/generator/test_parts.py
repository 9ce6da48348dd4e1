"""Files in multipart bodies are files wherever the document says so, and sent with what it asks."""

import json
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.support.project import run, told
from treenail_runtime.contract import InvalidArguments
from treenail_runtime.testing import capture, load

FILE = {"type": "string", "format": "binary"}
FILES = {"type": "array", "items": FILE}
NULL = {"type": "null"}
TEXT = {"type": "string"}
PNG = "iVBORw0KGgo="
GIVEN = {"data": PNG, "name": "a.png", "type": "image/png"}
BYTES = b"\x89PNG\r\n\x1a\n"

ONE: dict[str, dict[str, Any]] = {
    "a file": FILE,
    "a file or null": {"anyOf": [FILE, NULL]},
    "a file by its media type, or null": {
        "oneOf": [{"type": "string", "contentMediaType": "application/octet-stream"}, NULL]
    },
    "a named file or null": {"anyOf": [{"$ref": "#/components/schemas/File"}, NULL]},
    "a file or a link": {"oneOf": [FILE, {"type": "string", "format": "uri"}]},
}
MANY: dict[str, dict[str, Any]] = {
    "files": FILES,
    "files or null in one type": {**FILES, "type": ["array", "null"]},
    "files or null": {"anyOf": [FILES, NULL]},
    "a file or files": {"anyOf": [FILE, {**FILES, "maxItems": 16}]},
    "files that may be null": {"type": "array", "items": {"anyOf": [FILE, NULL]}},
    "different files": {**FILES, "uniqueItems": True},
}
LINK = {"f": FILE, "link": TEXT}
WHOLE: dict[str, dict[str, Any]] = {
    "anyOf of what is required": {
        "properties": LINK,
        "anyOf": [{"required": ["f"]}, {"required": ["link"]}],
    },
    "oneOf": {
        "oneOf": [
            {"type": "object", "required": ["f"], "properties": {"f": FILE}},
            {"type": "object", "required": ["link"], "properties": {"link": TEXT}},
        ]
    },
    "not": {"properties": LINK, "not": {"required": ["f", "link"]}},
    "dependentRequired": {"properties": LINK, "dependentRequired": {"f": ["link"]}},
    "minProperties": {"properties": LINK, "minProperties": 1},
    "additionalProperties": {"properties": LINK, "additionalProperties": TEXT},
    "allOf that cannot be merged": {
        "allOf": [{"properties": LINK, "minProperties": 1}, {"minProperties": 2}]
    },
}


def built(folder: Path, media: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What `gen build` tells of one operation with this body."""
    body = {"required": True, "content": {media: content}, **more}
    written = {
        "openapi": "3.1.0",
        "info": {"title": "Parts", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/send": {
                "post": {
                    "operationId": "send",
                    "requestBody": body,
                    "responses": {"204": {"description": "Done."}},
                }
            }
        },
        "components": {"schemas": {"File": FILE}},
    }
    (folder / "parts.json").write_text(json.dumps(written), encoding="utf-8")
    connector = {
        "schema": 1,
        "name": "parts",
        "title": "Parts",
        "version": "1.0.0",
        "instructions": "Send parts.",
        "spec": "parts.json",
        "servers": {
            "default": "main",
            "regions": {"main": {"title": "Main", "url": "https://api.example.com"}},
        },
        "auth": {"kind": "none"},
        "tools": [{"operation": "send", "name": "send", "title": "Send", "description": "Sends."}],
    }
    (folder / "connectors").mkdir()
    (folder / "connectors/parts.yaml").write_text(json.dumps(connector), encoding="utf-8")
    return told(run(folder, "build", "parts", "--json"))


async def sent(folder: Path, arguments: dict[str, Any]) -> httpx.Request:
    return await capture(load(folder / "connectors", "parts"), "send", arguments)


def parts(request: httpx.Request) -> "list[Message[Any, Any]]":
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    whole = BytesParser(policy=HTTP).parsebytes(head + request.content)
    return cast("list[Message[Any, Any]]", whole.get_payload())


def codes(facts: dict[str, Any]) -> list[str]:
    return [each["code"] for each in facts["notes"]]


def as_is(message: "Message[Any, Any]") -> tuple[object, object, object]:
    return message.get_filename(), message["content-type"], message.get_payload(decode=True)


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize("schema", ONE.values(), ids=ONE)
async def test_a_part_that_may_be_a_file_is_one(schema: dict[str, Any], tmp_path: Path) -> None:
    facts = built(tmp_path, "multipart/form-data", {"schema": {"properties": {"f": schema}}})

    [part] = parts(await sent(tmp_path, {"f": GIVEN}))

    assert as_is(part) == ("a.png", "image/png", BYTES)
    assert ("alternative-left-out" in codes(facts)) == ("uri" in str(schema))


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize("schema", MANY.values(), ids=MANY)
async def test_a_part_that_may_be_files_is_a_list_of_them(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    built(tmp_path, "multipart/form-data", {"schema": {"properties": {"f": schema}}})

    found = parts(await sent(tmp_path, {"f": [GIVEN, {**GIVEN, "name": "b.png"}]}))

    assert [as_is(part) for part in found] == [
        ("a.png", "image/png", BYTES),
        ("b.png", "image/png", BYTES),
    ]


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize("schema", WHOLE.values(), ids=WHOLE)
async def test_what_a_body_says_beside_its_files_is_told_and_its_fields_are_offered(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    content = {"schema": {"type": "object", **schema}}
    facts = built(tmp_path, "multipart/form-data", content)

    file, link = parts(await sent(tmp_path, {"f": GIVEN, "link": "b"}))

    assert as_is(file) == ("a.png", "image/png", BYTES)
    assert link.get_payload(decode=True) == b"b"
    [note] = [each for each in facts["notes"] if each["code"] == "parts-not-checked"]
    assert note["severity"] == "warning"


@pytest.mark.requirement("WIRE-PARTS")
async def test_a_map_of_files_with_a_least_number_is_a_map_of_files(tmp_path: Path) -> None:
    schema = {"type": "object", "additionalProperties": FILE, "minProperties": 1}
    built(tmp_path, "multipart/form-data", {"schema": schema})

    [part] = parts(await sent(tmp_path, {"body": {"any": GIVEN}}))

    assert as_is(part) == ("a.png", "image/png", BYTES)


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"const": "a"}, "a"),
        ({"type": "integer", "enum": [5]}, "5"),
        ({"type": "boolean", "default": True}, "true"),
        ({"type": "string", "enum": ["de", "en"], "default": "en"}, "en"),
    ],
)
async def test_a_header_of_a_part_whose_value_is_told_is_sent(
    schema: dict[str, Any], text: str, tmp_path: Path
) -> None:
    headers = {"X-Rate": {"required": True, "schema": schema}}
    content = {"schema": {"properties": {"f": FILE}}, "encoding": {"f": {"headers": headers}}}
    built(tmp_path, "multipart/form-data", content)

    [part] = parts(await sent(tmp_path, {"f": GIVEN}))

    assert part["x-rate"] == text


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize(
    "header",
    [
        {"schema": {"type": "integer"}},
        {"schema": {"const": "a\r\nX: b"}},
        {"schema": {"enum": ["a", "b"]}},
    ],
)
@pytest.mark.parametrize("is_required", [True, False])
async def test_a_part_whose_header_nobody_knows_is_not_sent_without_it(
    header: dict[str, Any], *, is_required: bool, tmp_path: Path
) -> None:
    schema = {"properties": LINK, **({"required": ["f"]} if is_required else {})}
    encoding = {"f": {"headers": {"X-Rate": {"required": True, **header}}}}

    facts = built(tmp_path, "multipart/form-data", {"schema": schema, "encoding": encoding})

    if is_required:
        assert [each["code"] for each in facts["diagnostics"]] == ["unsupported-field"]
    else:
        assert "field-left-out" in codes(facts)
        with pytest.raises(InvalidArguments):
            await sent(tmp_path, {"f": GIVEN})
        assert len(parts(await sent(tmp_path, {"link": "b"}))) == 1


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize(
    "content",
    [
        {"schema": FILES},
        {"itemSchema": FILE},
        {"schema": FILES, "itemEncoding": {"contentType": "image/png, image/jpeg"}},
        {"schema": FILES, "prefixEncoding": [{"contentType": "image/png"}]},
    ],
)
async def test_an_array_is_parts_in_its_order(content: dict[str, Any], tmp_path: Path) -> None:
    built(tmp_path, "multipart/mixed", content)

    found = parts(await sent(tmp_path, {"body": [GIVEN, {**GIVEN, "name": "b.png"}]}))

    assert [as_is(part) for part in found] == [
        ("a.png", "image/png", BYTES),
        ("b.png", "image/png", BYTES),
    ]


@pytest.mark.requirement("WIRE-PARTS")
async def test_parts_of_an_array_are_written_as_their_place_says(tmp_path: Path) -> None:
    schema = {"type": "array", "prefixItems": [{"type": "object"}, TEXT], "items": TEXT}
    encoding = {
        "prefixEncoding": [{"contentType": "application/vnd.a+json"}],
        "itemEncoding": {
            "contentType": "text/html",
            "headers": {"X-Own": {"schema": {"const": "1"}}},
        },
    }
    built(tmp_path, "multipart/mixed", {"schema": schema, **encoding})

    first, second = parts(await sent(tmp_path, {"body": [{"a": 1}, "<p>"]}))

    assert (first["content-type"], first.get_payload()) == ("application/vnd.a+json", '{"a":1}')
    assert (second["content-type"], second["x-own"]) == ("text/html", "1")


@pytest.mark.requirement("WIRE-PARTS")
def test_a_file_at_a_place_of_its_own_is_refused_by_name(tmp_path: Path) -> None:
    schema = {"type": "array", "prefixItems": [{"type": "object"}, FILE]}

    facts = built(tmp_path, "multipart/mixed", {"schema": schema})

    [fault] = facts["diagnostics"]
    assert (fault["code"], "a file in prefixItems" in fault["message"]) == (
        "unsupported-body",
        True,
    )


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize("accepted", ["*/*", "image/*"])
async def test_a_body_of_any_type_has_the_type_of_its_file(accepted: str, tmp_path: Path) -> None:
    built(tmp_path, accepted, {"schema": FILE})

    request = await sent(tmp_path, {"body": GIVEN})

    assert (request.headers["content-type"], request.content) == ("image/png", BYTES)


@pytest.mark.requirement("WIRE-FILE")
@pytest.mark.parametrize("accepted", ["*/*", "application/*"])
async def test_a_file_of_no_type_is_octets(accepted: str, tmp_path: Path) -> None:
    built(tmp_path, accepted, {"schema": FILE})

    request = await sent(tmp_path, {"body": {"data": PNG}})

    assert request.headers["content-type"] == "application/octet-stream"


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize("content_type", ["image/png", "image/png, image/jpeg", "image/*"])
@pytest.mark.parametrize(
    "schema", [{}, {"description": "Bytes."}, {"type": "string"}], ids=["{}", "words", "text"]
)
async def test_a_part_is_a_file_where_its_encoding_alone_says_so(
    content_type: str, schema: dict[str, Any], tmp_path: Path
) -> None:
    encoding = {"f": {"contentType": content_type}, "link": {"contentType": "text/html"}}
    own = {"properties": {"f": schema, "link": TEXT}}
    built(tmp_path, "multipart/form-data", {"schema": own, "encoding": encoding})

    file, link = parts(await sent(tmp_path, {"f": GIVEN, "link": "b"}))

    assert as_is(file) == ("a.png", "image/png", BYTES)
    assert (link["content-type"], link.get_payload(decode=True)) == ("text/html", b"b")


@pytest.mark.requirement("WIRE-PARTS")
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"inner": FILE}},
        {"type": "array", "items": {"type": "array", "items": FILE}},
        {"type": "array", "items": {"type": "object", "properties": {"inner": FILE}}},
    ],
)
def test_a_file_without_a_part_of_its_own_is_told(schema: dict[str, Any], tmp_path: Path) -> None:
    facts = built(tmp_path, "multipart/form-data", {"schema": {"properties": {"f": schema}}})

    [note] = [each for each in facts["notes"] if each["code"] == "file-as-text"]
    assert (note["severity"], "'f'" in note["message"]) == ("warning", True)
