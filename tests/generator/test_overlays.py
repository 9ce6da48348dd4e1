"""Overlays: what their actions do to a document, and where what they bring stands."""

import json
import time
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from treenail_generator.cli import gen
from treenail_generator.diagnostics import BuildError
from treenail_generator.document import JSON, Document, Inputs, TextFile, read_document

SPEC = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
tags: [a, b, c, a]
paths:
  /pets:
    get:
      operationId: findPets
      parameters:
        - {name: old, in: query, schema: {type: string}}
        - {name: kept, in: query, schema: {type: integer}}
      responses: {200: {description: Fine}}
    put:
      operationId: keepPets
      responses: {200: {description: Kept}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}}}
"""


def read(*overlays: str) -> Document:
    texts = [
        TextFile("overlay: 1.1.0\ninfo: {title: Fixes, version: '1'}\n" + dedent(each), name)
        for each, name in zip(overlays, ("one.yaml", "two.yaml"), strict=False)
    ]
    return read_document(SPEC, "api.yaml", Inputs(overlays=texts))


def at(document: Document, *pointer: str | int) -> JSON:
    return document.references.value_at(pointer)


def refusal(*overlays: str) -> str:
    with pytest.raises(BuildError) as refused:
        read(*overlays)
    return str(refused.value)


@pytest.mark.requirement("OVERLAY-ACTIONS")
@pytest.mark.parametrize(
    ("action", "pointer", "value"),
    [
        ("{target: $.info, update: {x-a: 1}}", ("info", "x-a"), 1),
        ("{target: $.info.title, update: Birds}", ("info", "title"), "Birds"),
        ("{target: $.info, update: {title: Birds}}", ("info", "title"), "Birds"),
        ("{target: $.tags, update: [d, e]}", ("tags",), ["a", "b", "c", "a", "d", "e"]),
        ("{target: $.tags, update: d}", ("tags",), ["a", "b", "c", "a", "d"]),
        ("{target: '$.tags[1]', update: x}", ("tags",), ["a", "x", "c", "a"]),
        ("{target: $, update: {tags: [d]}}", ("tags",), ["a", "b", "c", "a", "d"]),
        ("{target: '$.tags[?@ == \"a\"]', remove: true}", ("tags",), ["b", "c"]),
        ("{target: '$.tags[2,0,0]', remove: true}", ("tags",), ["b", "a"]),
        ("{target: $.tags, copy: $.info}", ("tags", 4), {"title": "Pets", "version": "1"}),
        ("{target: $.info, copy: $.components}", ("info", "schemas", "Pet", "type"), "object"),
        (
            "{target: '$..description', update: Told}",
            ("paths", "/pets", "put", "responses", "200", "description"),
            "Told",
        ),
    ],
)
def test_an_action_does_what_the_specification_says(
    action: str, pointer: tuple[str | int, ...], value: JSON
) -> None:
    assert at(read(f"actions: [{action}]"), *pointer) == value


@pytest.mark.requirement("OVERLAY-ACTIONS")
def test_actions_see_what_those_before_them_left() -> None:
    document = read(
        """\
        actions:
          - {target: $.paths.*.get, update: {x-copied: {deep: [1]}}}
          - {target: $.paths.*.put, copy: $.paths.*.get}
          - {target: $.paths.*.put.x-copied.deep, update: 2}
          - {target: $.paths.*.put.operationId, update: keepPets}
        """,
        """\
        actions: [{target: $.paths.*.put.x-copied.deep, update: 3}]
        """,
    )

    assert at(document, "paths", "/pets", "get", "x-copied") == {"deep": [1]}
    assert at(document, "paths", "/pets", "put", "x-copied") == {"deep": [1, 2, 3]}
    assert [found.key for found in document.operations] == ["findPets", "keepPets"]


@pytest.mark.requirement("OVERLAY-PLACES")
def test_every_part_keeps_the_place_of_its_own_file() -> None:
    document = read("""\
        actions:
          - target: $.paths.*.get.parameters[?@.name == 'old']
            remove: true
          - target: $.paths.*.get.parameters
            update: {name: new, in: query, description: Newer, schema: {type: string}}
        """)

    kept, new = next(iter(document.operations)).parameters

    assert (kept.name, str(kept.location)) == ("kept", "api.yaml:10:11")
    assert (new.name, str(new.location)) == ("new", "one.yaml:7:5")
    assert str(document.locate((*new.pointer, "description"))) == "one.yaml:7:49"


@pytest.mark.requirement("OVERLAY-FAULTS")
def test_an_action_that_selects_nothing_is_a_warning() -> None:
    document = read("""\
        extends: other.yaml
        actions:
          - {target: "$.paths['/birds']", remove: true}
          - {target: $.info, update: {x-a: 1}}
        """)

    assert [str(each).splitlines()[0] for each in document.warnings] == [
        "one.yaml:3:10: overlay-extends: the overlay is meant for 'other.yaml', not for api.yaml",
        "one.yaml:5:14: overlay-idle: $['paths']['/birds'] selects nothing in api.yaml",
    ]
    assert {each.severity for each in document.warnings} == {"warning"}


@pytest.mark.requirement("OVERLAY-FAULTS")
def test_all_faults_of_the_files_are_told_at_once() -> None:
    found = refusal(
        """\
        actions:
          - {target: '$.paths[', remove: true}
          - {taget: $.a, remove: true}
          - {target: $.a}
          - {target: $.a, update: 1, copy: $.b}
          - {remove: true}
        """,
        "actions: []\n",
    )

    assert [line for line in found.splitlines() if not line.startswith("  ")] == [
        "one.yaml:4:14: invalid-overlay: '$.paths[' is no JSONPath: unexpected end of query",
        "one.yaml:5:6: invalid-overlay: 'taget' is not allowed here",
        "one.yaml:6:5: invalid-overlay: an action needs 'update', 'copy' or 'remove: true'",
        "one.yaml:7:36: invalid-overlay: an action has 'update' or 'copy', not both",
        "one.yaml:8:5: invalid-overlay: an action needs 'target'",
        "two.yaml:3:10: invalid-overlay: an overlay needs 'actions', at least one",
    ]


@pytest.mark.requirement("OVERLAY-FAULTS")
@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("{target: $.info, update: 1}", "a single value cannot be merged into an object: info"),
        ("{target: $.info.title, update: {}}", "an object cannot be merged into a single value"),
        ("{target: $.info, update: {title: []}}", "a list cannot be merged into a single value"),
        ("{target: $, update: {tags: d}}", "a single value cannot be merged into a list: tags"),
        ("{target: $.info, copy: $.tags.*}", "selects 4 values; a copy is made of one"),
        ("{target: $.info, copy: $.nothing}", "selects no values; a copy is made of one"),
        ("{target: $, remove: true}", "the whole document cannot be removed"),
        ("{target: '$.*', update: {}}", "it has to be one kind"),
    ],
)
def test_what_does_not_go_together_is_refused_in_the_overlay(action: str, message: str) -> None:
    found = refusal(f"actions: [{action}]")

    assert found.startswith("one.yaml:3:")
    assert "overlay-conflict" in found
    assert message in found


@pytest.mark.requirement("OVERLAY-FAULTS")
@pytest.mark.parametrize("text", ["overlay: 2.0.0\n", "a: b\n", "- a\n"])
def test_what_is_no_overlay_is_refused(text: str) -> None:
    with pytest.raises(BuildError, match="not-overlay"):
        read_document(SPEC, "api.yaml", Inputs(overlays=[TextFile(text, "one.yaml")]))


CONNECTOR = """\
schema: 1
name: pets
title: Pets
version: 1.0.0
instructions: Try the tools.
spec: {spec}
servers: {{default: main, regions: {{main: {{title: Main, url: "https://pets.test", unlisted: true}}}}}}
auth: {{kind: none}}
tools: [{{operation: findPets, name: find_pets, title: Find, description: Finds pets.}}]
"""


def project(folder: Path, spec: str, files: dict[str, str]) -> Path:
    for name, text in {"connectors/pets.yaml": CONNECTOR.format(spec=spec), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.requirement("OVERLAY-PLACES")
def test_a_connector_names_its_overlays_and_the_lock_holds_their_hashes(tmp_path: Path) -> None:
    overlay = (
        "overlay: 1.1.0\ninfo: {title: Fixes, version: '1'}\n"
        "actions: [{target: '$.paths.*.get.parameters[0]', remove: true}]\n"
    )
    spec = "{path: specs/api.yaml, overlays: [overlays/fixes.yaml]}"
    files = {"specs/api.yaml": SPEC, "overlays/fixes.yaml": overlay}

    result = CliRunner().invoke(
        gen, ["build", "pets", "--project", str(project(tmp_path, spec, files))]
    )

    assert result.exit_code == 0, result.output
    assert "old" not in (tmp_path / "connectors/pets.py").read_text(encoding="utf-8")
    lock = json.loads((tmp_path / "connectors/pets.lock").read_text(encoding="utf-8"))
    assert list(lock["spec"]["files"]) == ["overlays/fixes.yaml"]
    assert len(lock["spec"]["files"]["overlays/fixes.yaml"]) == 64


@pytest.mark.requirement("OVERLAY-FAULTS")
def test_a_missing_overlay_is_told_where_it_is_named(tmp_path: Path) -> None:
    spec = "{path: specs/api.yaml, overlays: [overlays/gone.yaml]}"

    result = CliRunner().invoke(
        gen, ["build", "pets", "--project", str(project(tmp_path, spec, {"specs/api.yaml": SPEC}))]
    )

    assert result.exit_code == 1
    assert "connectors/pets.yaml:6:41: no-spec: overlays/gone.yaml does not exist" in result.stderr


DOUBLING = [
    action
    for step in range(40)
    for action in (
        f"{{target: $.info, update: {{k{step}: {{}}}}}}",
        f"{{target: $.info.k{step}, copy: $.info}}",
    )
]


@pytest.mark.requirement("OVERLAY-BOUNDS")
@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (DOUBLING, "too-large: overlays add more than 200,000 values"),
        (["{target: $.tags, copy: $.tags}"] * 40, "too-large: overlays add more than 200,000"),
        (
            [f"{{target: $.info{'.d' * depth}, update: {{d: {{}}}}}}" for depth in range(220)],
            "too-large: nested more than 200 levels deep",
        ),
    ],
    ids=["objects", "lists", "depth"],
)
def test_overlays_that_multiply_are_refused_before_it_costs_anything(
    actions: list[str], message: str
) -> None:
    started = time.process_time()

    assert message in refusal("actions:\n" + "".join(f"  - {each}\n" for each in actions))
    assert time.process_time() - started < 10
