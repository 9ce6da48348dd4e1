"""What stands in a path of the document never changes where a request goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told
from treenail_runtime.contract import Endpoint
from treenail_runtime.testing import capture, load

DONE: dict[str, Any] = {"responses": {"204": {"description": "Done."}}}


def document(folder: Path, *paths: str, more: int = 0) -> Path:
    """A document with these paths, and with `more` ordinary ones."""
    every = [*paths, *(f"/more{number}" for number in range(more))]
    written = {
        "openapi": "3.1.0",
        "info": {"title": "Odd", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {path: {"get": {"operationId": f"o{n}", **DONE}} for n, path in enumerate(every)},
    }
    (folder / "odd.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


@pytest.mark.requirement("WIRE-HOST")
@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", ":99/x", "no/slash", ""])
@pytest.mark.parametrize("more", [0, 70])
async def test_a_path_without_a_slash_stays_behind_the_host(
    path: str, more: int, tmp_path: Path
) -> None:
    root = document(tmp_path, path, more=more)
    assert run(root, "init", "odd", "--spec", str(root / "odd.json"), "--all").exit_code == 0

    built = told(run(root, "build", "odd", "--json"))
    request = await capture(load(root / "connectors", "odd"), "o0", {})

    assert "path-without-slash" in [each["code"] for each in built["notes"]]
    assert str(request.url) == f"https://api.example.com/{path}"


@pytest.mark.requirement("WIRE-HOST")
@pytest.mark.parametrize("path", ["/a/../b", "/./a", "/a/%2e%2E"])
@pytest.mark.parametrize("more", [0, 70])
def test_a_path_that_readers_would_shorten_is_refused_by_name(
    path: str, more: int, tmp_path: Path
) -> None:
    root = document(tmp_path, path, "/sound", more=more)

    facts = told(run(root, "init", "odd", "--spec", str(root / "odd.json"), "--all", "--json"))

    [refused] = facts["refused"]
    assert refused["endpoint"] == f"GET {path}"
    assert refused["diagnostics"][0]["code"] == "unsupported-path"


@pytest.mark.requirement("WIRE-HOST")
def test_an_endpoint_without_a_slash_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="has to begin with a slash"):
        Endpoint("GET", "@evil.example/x")


def beside(folder: Path, path: str, *parameters: dict[str, Any], version: str = "3.1.0") -> Any:
    """What `gen init` says of one operation; the project is in `folder`."""
    operation = {"operationId": "ask", "parameters": list(parameters), **DONE}
    written = {
        "openapi": version,
        "info": {"title": "Odd", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {path: {"get": operation}},
    }
    (folder / "odd.json").write_text(json.dumps(written), encoding="utf-8")
    return told(run(folder, "init", "odd", "--spec", str(folder / "odd.json"), "--all", "--json"))


def _query(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


FIELD: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.requirement("WIRE-PATH")
@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/x?a=1", _query("f", FIELD)),
        ("/x?f[a]=1", _query("f", FIELD, style="deepObject", explode=True)),
    ],
)
async def test_a_field_that_the_query_of_the_path_says_already_is_left_out_by_name(
    path: str, parameter: dict[str, Any], tmp_path: Path
) -> None:
    proposed = beside(tmp_path, path, parameter)
    assert run(tmp_path, "build", "odd").exit_code == 0
    request = await capture(load(tmp_path / "connectors", "odd"), "ask", {})

    [hidden] = proposed["hidden"]
    assert (hidden["parameter"], hidden["code"]) == ("query:f", "unsupported-parameter")
    assert request.url.query.decode() in {"a=1", "f[a]=1", "f%5Ba%5D=1"}


@pytest.mark.requirement("WIRE-PATH")
async def test_a_parameter_that_the_query_of_the_path_says_already_is_sent_once(
    tmp_path: Path,
) -> None:
    text = {"type": "string"}
    beside(tmp_path, "/x?a=1", _query("a", text, required=True), _query("b", text))
    assert run(tmp_path, "build", "odd").exit_code == 0

    request = await capture(load(tmp_path / "connectors", "odd"), "ask", {"b": "2"})

    assert sorted(request.url.params.multi_items()) == [("a", "1"), ("b", "2")]


@pytest.mark.requirement("WIRE-PATH")
def test_a_path_whose_query_says_a_name_twice_is_refused_by_name(tmp_path: Path) -> None:
    [refused] = beside(tmp_path, "/x?a=1&a=2")["refused"]

    assert refused["diagnostics"][0]["code"] == "unsupported-path"


@pytest.mark.requirement("WIRE-STYLE")
@pytest.mark.parametrize("style", ["form", "cookie"])
@pytest.mark.parametrize("kind", ["array", "object"])
def test_commas_between_items_of_a_cookie_are_refused_by_name(
    style: str, kind: str, tmp_path: Path
) -> None:
    schema = {"type": kind, "items": {"type": "string"}, "additionalProperties": {"type": "string"}}
    parameter = {"name": "c", "in": "cookie", "style": style, "explode": False, "schema": schema}

    [refused] = beside(tmp_path, "/x", {**parameter, "required": True}, version="3.2.0")["refused"]

    [fault] = refused["diagnostics"]
    assert fault["code"] == "unsupported-parameter"
    assert f"style {style} has no defined form for {kind} values" in fault["message"]
