"""Multipart bodies of OpenAPI 3.2 whose parts have no names: files where their encoding says so."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.proposed import DONE, connector, proposed, written
from treenail_runtime.testing import capture

PNG = {"itemEncoding": {"contentType": "image/png"}}
FIRST = [{"type": "object", "properties": {"m": {"type": "string"}}}, {}]
BYTES = b"\x89PNG\r\n\x1a\n"
GIVEN = {"data": "iVBORw0KGgo=", "type": "image/png"}

IMAGES: dict[str, dict[str, Any]] = {
    "items that say nothing": {"itemSchema": {}, **PNG},
    "items with a comment": {"itemSchema": {"$comment": "One frame."}, **PNG},
    "no schema": PNG,
    "a list": {"schema": {"type": "array", "items": {"description": "One."}}, **PNG},
}
MIXED: dict[str, dict[str, Any]] = {
    "a file in front": {
        "schema": {"type": "array", "prefixItems": FIRST},
        "prefixEncoding": [{"contentType": "application/json"}, {"contentType": "image/png"}],
    },
    "files behind": {
        "schema": {"type": "array", "prefixItems": FIRST[:1], "items": {}},
        "prefixEncoding": [{"contentType": "application/json"}],
        **PNG,
    },
}


def sending(folder: Path, media: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "content": {"multipart/mixed": media}}
    operation = {"operationId": "send", "requestBody": body, "responses": DONE}
    return proposed(folder, written(folder, {"/x": {"post": operation}}, "3.2.0"))


@pytest.mark.requirement("WIRE-MULTIPART")
@pytest.mark.parametrize("media", IMAGES.values(), ids=IMAGES)
async def test_parts_of_an_image_type_are_files_in_order(
    tmp_path: Path, media: dict[str, Any]
) -> None:
    sending(tmp_path, media)

    request = await capture(connector(tmp_path), "send", {"body": [GIVEN, GIVEN]})
    assert request.content.count(b"Content-Type: image/png\r\n\r\n" + BYTES + b"\r\n--") == 2


@pytest.mark.requirement("WIRE-MULTIPART")
@pytest.mark.parametrize("media", MIXED.values(), ids=MIXED)
def test_files_among_other_parts_without_names_are_refused_by_name(
    tmp_path: Path, media: dict[str, Any]
) -> None:
    (refused,) = sending(tmp_path, media)["refused"]

    assert [each["code"] for each in refused["diagnostics"]] == ["unsupported-body"]
