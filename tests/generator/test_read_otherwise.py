"""openapi-core is a second reader: its word refuses nothing that larger documents would carry."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told

TEXT = {"type": "string"}


def project(
    folder: Path,
    *,
    others: int = 0,
    schema: Any = TEXT,
    body: Any = None,
    schemas: Any = None,
    **said: Any,
) -> Path:
    """A connector with all operations of a 3.0 document: `ask`, and `others` that ask nothing."""
    answers = {"responses": {"200": {"description": "Done."}}}
    parameter = {"name": "q", "in": "query", "schema": schema, **said}
    sent = {"required": True, "content": {"application/json": {"schema": body}}}
    ask = {"operationId": "ask", "parameters": [parameter], **answers}
    paths = {f"/x{each}": {"get": {"operationId": f"x{each}", **answers}} for each in range(others)}
    document: Any = {
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/ask": {"post": {**ask, "requestBody": sent} if body is not None else ask},
            **paths,
        },
        "components": {"schemas": schemas or {}},
    }
    given = folder / "given.json"
    given.write_text(json.dumps(document), encoding="utf-8")
    result = run(folder, "init", "shop", "--all", "--spec", str(given))
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.requirement("PROOF-SIZE")
@pytest.mark.parametrize("others", [0, 61])
def test_an_operation_has_the_same_verdict_in_documents_of_any_size(
    tmp_path: Path, others: int
) -> None:
    # OpenAPI 3.0 has no `const`, so that openapi-core and JSON Schema disagree.
    root = project(tmp_path, others=others, schema={**TEXT, "not": {"const": "text"}})

    built = told(run(root, "build", "shop", "--json"))
    proven = told(run(root, "check", "shop", "--prove", "--json"))

    assert built["tools"] == others + 1
    codes = [each["code"] for each in built["warnings"]]
    assert codes == (["read-otherwise"] if not others else [])
    [connector] = proven["connectors"]
    assert [each["code"] for each in connector["diagnostics"]] == ["read-otherwise"]


@pytest.mark.requirement("PROOF-SIZE")
def test_what_openapi_core_leaves_out_of_a_body_is_no_doubt(tmp_path: Path) -> None:
    body = {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}
    root = project(tmp_path, body=body)

    assert told(run(root, "build", "shop", "--json"))["warnings"] == []


@pytest.mark.requirement("PROOF-SIZE")
def test_components_that_all_lead_to_each_other_are_not_followed_for_minutes(
    tmp_path: Path,
) -> None:
    names = [f"C{each}" for each in range(9)]
    schemas: dict[str, Any] = {
        name: {
            "anyOf": [
                {"type": "object", "properties": {"n": TEXT, "m": _ref(names[0])}},
                *map(_ref, names[place + 1 :]),
            ]
        }
        for place, name in enumerate(names)
    }
    root = project(tmp_path, body=_ref("C0"), schemas=schemas)

    assert told(run(root, "build", "shop", "--json"))["tools"] == 1


@pytest.mark.requirement("PROOF-SIZE")
def test_an_example_that_the_argument_cannot_carry_is_passed_over(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        schema={"type": "object"},
        style="deepObject",
        example={"eq": 4, "like": "palace"},
    )

    built = told(run(root, "build", "shop", "--json"))
    assert (built["tools"], built["unproven"]) == (1, 0)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
