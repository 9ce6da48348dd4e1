"""Documents of several files: where references lead, and where they must not."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.support.project import run, told
from treenail_generator.cli import gen
from treenail_generator.diagnostics import BuildError
from treenail_generator.document import Document, Inputs, read_document, validate_operations

SPEC = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets: {$ref: paths/pets.yaml}
  /far:
    get:
      operationId: far
      requestBody: {$ref: %s}
components:
  schemas:
    Kind: {enum: [cat, dog]}
"""
FILES = {
    "paths/pets.yaml": """\
get:
  operationId: findPets
  parameters: [{$ref: '../shared.yaml#/Limit'}, {$ref: ../one.json}]
  responses:
    200:
      description: Fine
      content: {application/json: {schema: {$ref: ../schemas/Pet.yaml}}}
""",
    "schemas/Pet.yaml": """\
type: object
properties:
  name: {$ref: '#/$defs/Name'}
  kind: {$ref: '../specs.yaml#/components/schemas/Kind'}
  friend: {$ref: Pet.yaml}
$defs:
  Name: {type: string}
""",
    "shared.yaml": "Limit: {name: limit, in: query, schema: {type: integer}}\n",
    "one.json": '{"name": "one", "in": "query", "schema": {"type": "string"}}',
}


def read(files: dict[str, str] = FILES, far: str = "'#/nowhere'") -> Document:
    return read_document(SPEC % far, "specs/specs.yaml", Inputs(read_other=files.get))


@pytest.mark.requirement("DOC-FILES")
def test_references_lead_to_other_files_and_back() -> None:
    document = read()
    found = document.operation("findPets")
    assert found is not None

    schema = document.bundle(found.responses[0].media[0].schema)

    assert [each.name for each in found.parameters] == ["limit", "one"]
    assert schema == {
        "$ref": "#/$defs/Pet",
        "$defs": {
            "Pet": {
                "type": "object",
                "properties": {
                    "name": {"$ref": "#/$defs/Name"},
                    "kind": {"$ref": "#/$defs/Kind"},
                    "friend": {"$ref": "#/$defs/Pet"},
                },
            },
            "Name": {"type": "string"},
            "Kind": {"enum": ["cat", "dog"]},
        },
    }
    assert str(found.parameters[0].location) == "specs/shared.yaml:1:1"
    assert str(found.location) == "specs/paths/pets.yaml:1:1"
    assert validate_operations(document, [found]) == ()
    assert list(document.files) == [
        f"specs/{name}"
        for name in ("paths/pets.yaml", "shared.yaml", "one.json", "schemas/Pet.yaml")
    ]


@pytest.mark.requirement("DOC-FILES")
@pytest.mark.parametrize(
    "far",
    [
        "'../above.yaml'",
        "'a/../../above.yaml'",
        "'%2e%2e/above.yaml'",
        "'/etc/passwd'",
        "'file:///etc/passwd'",
        "'https://a.test/b.yaml'",
        "'//a.test/b.yaml'",
        "'missing.yaml#/a'",
        "'other.yaml?x=1'",
    ],
)
def test_references_lead_nowhere_else(far: str) -> None:
    asked: list[str] = []

    def read_other(path: str) -> str | None:
        asked.append(path)
        return FILES.get(path)

    document = read_document(SPEC % far, "specs/specs.yaml", Inputs(read_other=read_other))

    with pytest.raises(BuildError, match=r"specs/specs.yaml:8:27: remote-ref: .* out of this file"):
        document.operation("far")
    assert not [path for path in asked if path.startswith(("/", "..")) or ":" in path]


@pytest.mark.requirement("DOC-FILES")
def test_a_fault_in_another_file_names_that_file() -> None:
    files = {**FILES, "shared.yaml": "Limit: {in: query}\n"}

    with pytest.raises(BuildError) as refused:
        read(files).operation("findPets")

    assert str(refused.value) == (
        "specs/shared.yaml:1:8: invalid-openapi: a parameter without a name"
    )


CONNECTOR = """\
schema: 1
name: pets
title: Pets
version: 1.0.0
instructions: Try the tools.
spec: {path: specs/specs.yaml%s}
servers: {default: main, regions: {main: {title: Main, url: "https://pets.test", unlisted: true}}}
auth: {kind: none}
tools: [{operation: GET /pets, name: find_pets, title: Find, description: Finds pets.}]
"""


def project(folder: Path, refs: str) -> Path:
    texts = {f"specs/{name}": text for name, text in FILES.items()}
    texts |= {"specs/specs.yaml": SPEC % "'#/nowhere'", "connectors/pets.yaml": CONNECTOR % refs}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.requirement("DOC-FILES")
def test_a_build_reads_the_files_when_the_connector_says_so(tmp_path: Path) -> None:
    folder = project(tmp_path, ", refs: file")

    result = CliRunner().invoke(gen, ["build", "pets", "--project", str(folder)])

    assert result.exit_code == 0, result.output
    lock = json.loads((tmp_path / "connectors/pets.lock").read_text(encoding="utf-8"))
    assert sorted(lock["spec"]["files"]) == sorted(f"specs/{name}" for name in FILES)


@pytest.mark.requirement("DOC-FILES")
@pytest.mark.parametrize("refs", ["", ", refs: local"])
def test_without_that_word_other_files_are_refused(tmp_path: Path, refs: str) -> None:
    folder = project(tmp_path, refs)

    result = CliRunner().invoke(gen, ["build", "pets", "--project", str(folder)])

    assert result.exit_code == 1
    assert "remote-ref: 'paths/pets.yaml' leads out of this file" in result.stderr


@pytest.mark.requirement("DOC-FILES")
def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    folder = project(tmp_path, ", refs: file")
    outside = tmp_path / "outside.yaml"
    outside.write_text(FILES["shared.yaml"], encoding="utf-8")
    shared = folder / "specs/shared.yaml"
    shared.unlink()
    shared.symlink_to(outside)

    result = CliRunner().invoke(gen, ["build", "pets", "--project", str(folder)])

    assert result.exit_code == 1
    assert "remote-ref: '../shared.yaml#/Limit' leads out of this file" in result.stderr


OVERLAY = """\
overlay: 1.0.0
info: {title: Names, version: "1"}
actions: [{target: "$.paths['/far'].get", update: {operationId: far_away}}]
"""


def bare(folder: Path) -> Path:
    """The project without a connector file, with an overlay."""
    project(folder, "")
    (folder / "connectors/pets.yaml").unlink()
    (folder / "specs/specs.yaml").write_text(SPEC % "'#/components/Nothing'", encoding="utf-8")
    (folder / "overlays").mkdir()
    (folder / "overlays/names.yaml").write_text(OVERLAY, encoding="utf-8")
    return folder / "specs/specs.yaml"


def connector_of(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "connectors/pets.yaml").read_text(encoding="utf-8"))


SECTION = {"path": "specs/specs.yaml", "refs": "file", "overlays": ["overlays/names.yaml"]}


@pytest.mark.requirement("INIT-FILES")
def test_init_reads_other_files_and_overlays_and_says_so_in_the_file(tmp_path: Path) -> None:
    spec = bare(tmp_path)
    overlay = str(tmp_path / "overlays/names.yaml")

    made = run(
        tmp_path, "init", "pets", "--spec", str(spec), "--refs", "file", "--overlay", overlay
    )

    assert made.exit_code == 0, made.output
    file = connector_of(tmp_path)
    assert file["spec"] == SECTION
    assert [tool["operation"] for tool in file["tools"]] == ["findPets"]
    assert "refused: GET /far" in made.stderr
    assert run(tmp_path, "build", "pets").exit_code == 0


@pytest.mark.requirement("INIT-FILES")
def test_forced_init_keeps_what_the_file_reads_together(tmp_path: Path) -> None:
    spec = bare(tmp_path)
    asked = ("--refs", "file", "--overlay", str(tmp_path / "overlays/names.yaml"))
    run(tmp_path, "init", "pets", "--spec", str(spec), *asked)

    made = run(tmp_path, "init", "pets", "--spec", str(spec), "--force")
    assert (made.exit_code, connector_of(tmp_path)["spec"]) == (0, SECTION)

    made = run(tmp_path, "init", "pets", "--spec", str(spec), "--force", "--refs", "local")
    assert made.exit_code == 0
    assert connector_of(tmp_path)["spec"] == {key: SECTION[key] for key in ("path", "overlays")}


@pytest.mark.requirement("INIT-FILES")
def test_a_path_that_cannot_be_read_is_one_refusal(tmp_path: Path) -> None:
    spec = bare(tmp_path)

    result = run(tmp_path, "init", "pets", "--spec", str(spec), "--json")

    refused = [each["operation"] for each in told(result)["refused"]]
    assert sorted(refused) == ["/pets", "GET /far"]


@pytest.mark.requirement("INIT-FILES")
def test_a_document_of_several_files_lies_in_the_project(tmp_path: Path) -> None:
    spec = bare(tmp_path / "elsewhere")
    (tmp_path / "project").mkdir()

    for option in (("--refs", "file"), ("--overlay", str(spec))):
        result = run(tmp_path / "project", "init", "pets", "--spec", str(spec), *option)
        assert (result.exit_code, "no-spec" in result.stderr) == (1, True)
