"""Arrays between delimiters, and objects without a form, in the fields of forms and parts."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.project import run, told
from treenail_runtime.contract import InvalidArguments
from treenail_runtime.testing import capture, load

LIST: Final[dict[str, Any]] = {"type": "array", "items": {"type": "string"}}
OBJECT: Final[dict[str, Any]] = {"type": "object", "properties": {"a": {"type": "string"}}}
FORM: Final = "application/x-www-form-urlencoded"
PARTS: Final = "multipart/form-data"


def project(folder: Path, content: dict[str, Any]) -> Path:
    """A project with the document of one operation, whose body has the media types `content`."""
    operation = {
        "operationId": "send",
        "requestBody": {"required": True, "content": content},
        "responses": {"204": {"description": "Done."}},
    }
    written = {
        "openapi": "3.1.1",
        "info": {"title": "Forms", "version": "1"},
        "servers": [{"url": "https://forms.test"}],
        "paths": {"/send": {"post": operation}},
    }
    (folder / "forms.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


def initiated(root: Path) -> dict[str, Any]:
    """What `gen init` tells."""
    spec = str(root / "forms.json")
    return told(run(root, "init", "forms", "--spec", spec, "--all", "--json"))


def body(schema: dict[str, Any], encoding: dict[str, Any], media: str) -> dict[str, Any]:
    properties = {"name": {"type": "string"}, "x": schema}
    whole = {"type": "object", "properties": properties, "required": ["name"]}
    return {media: {"schema": whole, "encoding": {"x": encoding}}}


@pytest.mark.requirement("WIRE-BODY")
@pytest.mark.parametrize(
    ("media", "encoding", "sent", "held"),
    [
        (PARTS, {"style": "form", "explode": False}, b'name="x"\r\n\r\na,b\r\n', ","),
        (FORM, {"style": "pipeDelimited", "explode": False}, b"x=a%7Cb", "|"),
        (FORM, {"style": "spaceDelimited", "explode": False}, b"x=a%20b", " "),
    ],
)
async def test_an_array_between_delimiters_is_sent_and_an_item_with_one_refused(
    media: str, encoding: dict[str, Any], sent: bytes, held: str, tmp_path: Path
) -> None:
    root = project(tmp_path, body(LIST, encoding, media))

    facts = initiated(root)
    built = run(root, "build", "forms")
    made = load(root / "connectors", "forms")
    request = await capture(made, "send", {"name": "n", "x": ["a", "b"]})

    assert facts["refused"] == []
    assert built.exit_code == 0, built.output
    assert sent in request.content
    with pytest.raises(InvalidArguments, match=f"an item must not hold '[{held}]'"):
        await capture(made, "send", {"name": "n", "x": [f"a{held}b"]})


@pytest.mark.requirement("WIRE-BODY")
@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/xml"])
@pytest.mark.parametrize("schema", [OBJECT, {"type": "array", "items": OBJECT}])
async def test_an_optional_object_under_a_type_of_texts_is_left_out_by_name(
    kind: str, schema: dict[str, Any], tmp_path: Path
) -> None:
    root = project(tmp_path, body(schema, {"contentType": kind}, PARTS))

    facts = initiated(root)
    built = run(root, "build", "forms")
    proposed = (root / "connectors/forms.yaml").read_text(encoding="utf-8")
    request = await capture(load(root / "connectors", "forms"), "send", {"name": "n"})

    assert facts["refused"] == []
    assert built.exit_code == 0, built.output
    assert "# field-left-out: body field 'x': its style or media type has no form" in proposed
    assert "arrays:" not in proposed
    assert b'name="name"' in request.content


@pytest.mark.requirement("WIRE-BODY")
@pytest.mark.parametrize("schema", [{"type": "string"}, LIST, {"type": ["string", "null"]}])
def test_a_text_under_a_type_of_texts_is_offered(schema: dict[str, Any], tmp_path: Path) -> None:
    root = project(tmp_path, body(schema, {"contentType": "text/csv"}, PARTS))

    initiated(root)
    built = run(root, "build", "forms")

    assert built.exit_code == 0, built.output
    (tool,) = load(root / "connectors", "forms").tools
    assert set(tool.input_schema["properties"]) == {"name", "x"}
