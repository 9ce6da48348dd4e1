"""`gen diff --spec`: changes of the request that no argument tells."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.project import STATUS, run, told

FORM: Final = "application/x-www-form-urlencoded"
CONNECTOR: Final = """\
schema: 1
name: things
title: Things
version: 1.0.0
instructions: Try the tools.
spec: specs/spec.json
servers: {default: eu, regions: {eu: {url: "https://things.test", title: EU}}}
auth: {kind: none}
tools:
  - {operation: find, name: find_things, description: Finds things.}
  - {operation: make, name: make_thing, description: Makes a thing.}
  - {operation: change, name: change_thing, description: Changes a thing.}
"""


def document() -> dict[str, Any]:
    tags = {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    note = {"name": "note", "in": "header", "schema": {"type": "string"}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    fields = {"words": {"type": "array", "items": {"type": "string"}}}
    done = {"204": {"description": "done"}}

    def operation(name: str, *parameters: Any, media: str | None = None) -> dict[str, Any]:
        content = {media: {"schema": {"type": "object", "properties": fields}}}
        body = {"requestBody": {"content": content}} if media else {}
        return {"operationId": name, "parameters": [*parameters], "responses": done, **body}

    return {
        "openapi": "3.1.1",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "https://things.test"}],
        "paths": {
            "/things": {
                "get": operation("find", tags, note),
                "post": operation("make", media="application/json"),
            },
            "/things/{id}": {"put": operation("change", key, media=FORM)},
        },
    }


def query(new: dict[str, Any]) -> dict[str, Any]:
    return new["paths"]["/things"]["get"]["parameters"][0]


def header(new: dict[str, Any]) -> dict[str, Any]:
    return new["paths"]["/things"]["get"]["parameters"][1]


def content(new: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    return new["paths"][path][method]["requestBody"]["content"]


def rename(holder: dict[str, Any], old: str, new: str) -> None:
    holder[new] = holder.pop(old)


EDITS: Final[dict[str, tuple[Callable[[dict[str, Any]], None], tuple[str, str]]]] = {
    "another path": (
        lambda new: rename(new["paths"], "/things/{id}", "/items/{id}"),
        ("change_thing", "the request changes: PUT /things/{id} -> PUT /items/{id}; build again"),
    ),
    "another method": (
        lambda new: rename(new["paths"]["/things/{id}"], "put", "patch"),
        (
            "change_thing",
            "the request changes: PUT /things/{id} -> PATCH /things/{id}; build again",
        ),
    ),
    "no longer exploded": (
        lambda new: query(new).update(explode=False),
        (
            "find_things",
            "the request's argument tags changes: query tags -> query tags form; build again",
        ),
    ),
    "another style": (
        lambda new: query(new).update(style="pipeDelimited", explode=False),
        (
            "find_things",
            (
                "the request's argument tags changes: query tags -> query tags pipeDelimited; "
                "build again"
            ),
        ),
    ),
    "a header that goes into the query": (
        lambda new: header(new).update({"in": "query"}),
        (
            "find_things",
            "the request's argument note changes: header note -> query note; build again",
        ),
    ),
    "a header that becomes a cookie": (
        lambda new: header(new).update({"in": "cookie"}),
        (
            "find_things",
            "the request's argument note changes: header note -> cookie note; build again",
        ),
    ),
    "another kind of JSON": (
        lambda new: rename(
            content(new, "/things", "post"), "application/json", "application/vnd.x+json"
        ),
        (
            "make_thing",
            (
                "the request's media type changes: application/json -> application/vnd.x+json; "
                "build again"
            ),
        ),
    ),
    "a form that becomes JSON": (
        lambda new: rename(content(new, "/things/{id}", "put"), FORM, "application/json"),
        (
            "change_thing",
            f"the request's media type changes: {FORM} -> application/json; build again",
        ),
    ),
    "another style of a field of a form": (
        lambda new: content(new, "/things/{id}", "put")[FORM].update(
            encoding={"words": {"explode": False}}
        ),
        (
            "change_thing",
            "the request's body field words changes: as usual -> form not exploded; build again",
        ),
    ),
}


@pytest.mark.requirement("DIFF-REQUEST")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_request_that_changes_where_no_argument_does_is_told(
    tmp_path: Path, edit: tuple[Callable[[dict[str, Any]], None], tuple[str, str]]
) -> None:
    change, expected = edit
    new = document()
    change(new)
    (tmp_path / "connectors").mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "connectors/things.yaml").write_text(CONNECTOR, encoding="utf-8")
    (tmp_path / "specs/spec.json").write_text(json.dumps(document()), encoding="utf-8")
    (tmp_path / "new.json").write_text(json.dumps(new), encoding="utf-8")

    result = run(tmp_path, "diff", "things", "--spec", str(tmp_path / "new.json"), "--json")

    found = told(result)
    assert result.exit_code == STATUS["compatible"], result.output
    assert (*expected, "compatible") in {
        (each["tool"], each["message"], each["severity"]) for each in found["changes"]
    }
