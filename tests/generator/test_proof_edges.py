"""Edge values of every argument: what only they bring to light, and what may be refused."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.support.project import run
from treenail_generator.build import Built, Sources, build
from treenail_generator.verify import Effort, load, proofs
from treenail_generator.verify.edges import Edges
from treenail_generator.verify.proof import Proof


@pytest.fixture(scope="module")
def built(root: Path) -> Built:
    return build(
        Sources(
            connector=(root / "connectors/phorest.yaml").read_text(encoding="utf-8"),
            connector_name="connectors/phorest.yaml",
            spec=(root / "specs/phorest.yaml").read_text(encoding="utf-8"),
            spec_name="specs/phorest.yaml",
        )
    )


def proof_of(built: Built, module: str, tool: str) -> Proof:
    effort = Effort(examples=300, seed=1, ask_openapi_core=False)
    found = proofs(load(module, "phorest"), built.plan, built.document, effort)
    return next(each for each in found if each.name == tool)


ONLY_AT_THE_EDGE = {
    "an empty text that is taken for none": (
        "value or MISSING",
        "query 'firstName' reads nothing instead of ''",
    ),
    "a text that loses its outer spaces": ("value.strip()", "query 'firstName' reads "),
    "a text in which an escape is undone": (
        'value.replace("%2F", "/")',
        "query 'firstName' reads '/' instead of '%2F'",
    ),
    "a text that is read as a number": (
        'str(int(value)) if value == "007" else value',
        "query 'firstName' reads '7' instead of '007'",
    ),
    "a value that is refused without need": (
        'value if path_text("x", value + "..") else value',
        "nothing is sent: InvalidArguments",
    ),
}
SENT = '"firstName": arguments.first_name,'
CHANGED = '"firstName": (lambda value: MISSING if value is MISSING else {})(arguments.first_name),'
IMPORTED = "from treenail_runtime.contract.wire import path_text\n"


@pytest.mark.requirement("PROOF-EDGES")
@pytest.mark.parametrize("faulty", ONLY_AT_THE_EDGE.values(), ids=ONLY_AT_THE_EDGE)
def test_a_module_that_is_wrong_at_an_edge_only_is_named(
    built: Built, faulty: tuple[str, str]
) -> None:
    changed, told = faulty
    assert SENT in built.module
    text = built.module.replace(SENT, CHANGED.format(changed))
    head, pydantic, rest = text.partition("from pydantic import")

    proof = proof_of(built, head + IMPORTED + pydantic + rest, "list_clients")

    assert proof.mismatch is not None
    assert proof.mismatch.reason.startswith(told)
    assert proof.mismatch.arguments
    assert proof.diagnostic is not None
    assert str(proof.diagnostic.location).startswith("connectors/phorest.yaml:")
    assert str(proof.diagnostic.hint).startswith("the operation stands at specs/phorest.yaml:")


@pytest.mark.requirement("PROOF-EDGES")
def test_the_module_as_built_is_right_at_every_edge(built: Built) -> None:
    effort = Effort(examples=100, seed=7, ask_openapi_core=False)

    found = list(proofs(built.loaded, built.plan, built.document, effort))

    assert [each.diagnostic for each in found if each.diagnostic is not None] == []
    assert sum(each.proven for each in found) > 500


@pytest.mark.requirement("PROOF-EDGES")
def test_edge_cases_follow_the_seed_and_satisfy_the_schema() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a", "b", 3]},
            "text": {"type": "string", "minLength": 2, "maxLength": 5},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "either": {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {}}]},
        },
        "required": ["count"],
        "additionalProperties": False,
    }
    validator = jsonschema_rs.Draft202012Validator(schema)
    known: list[dict[str, Any]] = [{"kind": "a", "text": "abc", "count": 2, "either": True}]

    def cases(seed: str) -> list[dict[str, object]]:
        return [dict(case) for case in Edges(schema, validator, seed).of(known, 200)]

    found = cases("1")

    assert found == cases("1")
    assert found != cases("2")
    assert all(map(validator.is_valid, found))
    assert {repr(case.get("kind")) for case in found} >= {"'a'", "'b'", "3", "None"}
    assert {case["count"] for case in found} >= {1, 9}
    assert {len(str(case["text"])) for case in found if "text" in case} >= {2, 5}
    assert {type(case.get("either")) for case in found} == {bool, list, type(None)}


@pytest.mark.requirement("PROOF-EDGES")
def test_what_no_path_can_carry_is_refused_rightly(tmp_path: Path) -> None:
    (tmp_path / "connectors").mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/small.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "connectors/small.yaml").write_text(CONNECTOR, encoding="utf-8")
    assert run(tmp_path, "build", "small").exit_code == 0

    result = run(tmp_path, "check", "small", "--prove", "--examples", "200")

    assert result.exit_code == 0, result.output
    assert ", 0 rightly refused" not in result.stdout
    assert "rightly refused" in result.stdout


SPEC = """
openapi: 3.1.1
info: {title: Small, version: "1"}
servers: [{url: "https://small.example"}]
paths:
  /notes/{name}:
    get:
      operationId: getNote
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
        - {name: X-Tag, in: header, schema: {type: string}}
      responses: {"200": {description: Fine}}
"""
CONNECTOR = """
schema: 1
name: small
title: Small
version: 1.0.0
instructions: Try.
spec: specs/small.yaml
servers: {default: a, regions: {a: {title: A, url: "https://small.example"}}}
auth: {kind: none}
tools:
  - {operation: getNote, name: get_note, title: Get note, description: Read one note.}
"""
