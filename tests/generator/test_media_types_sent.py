"""Which media type a body is sent as, and what is told where that is not what the document says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told
from treenail_runtime.testing import capture, load

OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
TEXT = {"type": "string"}


def _project(
    folder: Path, content: dict[str, Any], *, required: bool = True, answers: str = ""
) -> Path:
    """A folder with the connector `shop`, whose one tool `send` has this body."""
    described: dict[str, Any] = {"content": {answers: {}}} if answers else {}
    operation = {
        "operationId": "send",
        "requestBody": {"required": required, "content": content},
        "responses": {"200": {"description": "Done", **described}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://shop.test"}],
        "paths": {"/a": {"post": operation}},
    }
    given = folder / "given.json"
    given.write_text(json.dumps(document), encoding="utf-8")
    result = run(folder, "init", "shop", "--all", "--spec", str(given))
    assert result.exit_code == 0, result.output
    return folder


def _warned(folder: Path) -> dict[str, str]:
    """Severity by code of what a build says."""
    built = told(run(folder, "build", "shop", "--json"))
    assert built["ok"], built
    return {note["code"]: note["severity"] for note in built["notes"]}


def _sent(folder: Path, arguments: dict[str, Any]) -> tuple[str | None, bytes]:
    shop = load(folder / "connectors", "shop")
    request = asyncio.run(capture(shop, "send", arguments))
    return request.headers.get("Content-Type"), request.content


@pytest.mark.requirement("WIRE-MEDIA")
@pytest.mark.parametrize(
    "content_type",
    ["application/x-protobuf", "application/cbor", "application/vnd.api+msgpack", "image/png"],
)
def test_the_bytes_of_a_binary_type_are_given_as_a_file(content_type: str, tmp_path: Path) -> None:
    project = _project(tmp_path, {content_type: {"schema": OBJECT}})

    assert _warned(project)["body-as-file"] == "warning"
    given = {"body": {"data": "/w==", "type": content_type}}
    assert _sent(project, given) == (content_type, b"\xff")


@pytest.mark.requirement("WIRE-MEDIA")
def test_json_under_a_type_of_which_nothing_is_known_is_told(tmp_path: Path) -> None:
    project = _project(tmp_path, {"application/vnd.shop": {"schema": OBJECT}})

    assert _warned(project)["body-as-json"] == "warning"
    assert _sent(project, {"a": "b"}) == ("application/vnd.shop", b'{"a":"b"}')


@pytest.mark.requirement("WIRE-MEDIA")
@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("application/json; charset=utf-16; v=1", "application/json; v=1"),
        ('application/vnd.a+json;charset="ISO-8859-1"', "application/vnd.a+json"),
    ],
)
def test_json_is_not_sent_under_a_charset_that_it_does_not_have(
    declared: str, sent: str, tmp_path: Path
) -> None:
    project = _project(tmp_path, {declared: {"schema": OBJECT}})

    assert _warned(project)["charset-left-out"] == "note"
    assert _sent(project, {"a": "é"}) == (sent, '{"a":"é"}'.encode())


@pytest.mark.requirement("WIRE-MEDIA")
@pytest.mark.parametrize(
    ("declared", "sent", "body"),
    [
        ("application/json; charset=UTF-8", "application/json; charset=UTF-8", b'"\xc3\xa9"'),
        ("text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1", b"\xe9"),
        ("text/plain; charset=no-such", "text/plain; charset=utf-8", b"\xc3\xa9"),
    ],
)
def test_a_text_is_sent_and_proven_in_the_charset_of_its_type(
    declared: str, sent: str, body: bytes, tmp_path: Path
) -> None:
    project = _project(tmp_path, {declared: {"schema": TEXT}})

    _warned(project)
    assert _sent(project, {"body": "é"}) == (sent, body)


@pytest.mark.requirement("WIRE-MEDIA")
@pytest.mark.parametrize(
    ("declared", "schema", "value", "head", "body"),
    [
        ("application/json; charset=iso-8859-1", OBJECT, {"a": "é"}, "application/json", "utf-8"),
        ("application/json; charset=utf-8", OBJECT, {"a": "é"}, None, "utf-8"),
        ("text/plain; charset=iso-8859-1", TEXT, "é", None, "iso-8859-1"),
        ("text/plain; charset=no-such", TEXT, "é", "text/plain", "utf-8"),
    ],
)
def test_a_part_is_sent_and_proven_in_the_charset_that_it_names(
    declared: str, schema: Any, value: Any, head: str | None, body: str, tmp_path: Path
) -> None:
    form = {"type": "object", "properties": {"note": schema, "other": TEXT}, "required": ["note"]}
    encoding = {"note": {"contentType": declared}}
    content = {"multipart/form-data": {"schema": form, "encoding": encoding}}
    project = _project(tmp_path, content)

    assert ("charset-left-out" in _warned(project)) is (head is not None)
    _, sent = _sent(project, {"note": value})
    text = (
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) if schema is OBJECT else value
    )
    assert f"Content-Type: {head or declared}\r\n\r\n".encode() + text.encode(body) in sent


@pytest.mark.requirement("WIRE-MEDIA")
@pytest.mark.parametrize("odd", ["", "json", "text/csv, text/xml", "application/json\r\nX-Evil: 1"])
def test_what_is_no_media_type_is_passed_over_and_told(odd: str, tmp_path: Path) -> None:
    content = {odd: {"schema": OBJECT}, "application/json": {"schema": OBJECT}}
    project = _project(tmp_path, content, answers=odd)

    assert _warned(project)["no-media-type"] == "warning"
    assert _sent(project, {"a": "b"}) == ("application/json", b'{"a":"b"}')


@pytest.mark.requirement("WIRE-MEDIA")
def test_a_body_without_a_media_type_that_can_be_named_is_left_out_or_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "optional").mkdir()
    project = _project(tmp_path / "optional", {"json": {"schema": OBJECT}}, required=False)
    assert _warned(project)["no-media-type"] == "warning"
    assert _sent(project, {}) == (None, b"")

    (tmp_path / "required").mkdir()
    refused = _project(tmp_path / "required", {"json": {"schema": OBJECT}})
    connector = refused / "connectors/shop.yaml"
    assert "no-media-type" in connector.read_text(encoding="utf-8")
