"""The checker of bench/corpus finds each kind of flaw, and none where there is none."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ORDERS = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
LINES = {"type": "object", "properties": {"lines": {"type": "array"}}}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/orders/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
            }
        },
        "/orders": {"post": {"requestBody": {"content": {"application/json": {"schema": LINES}}}}},
    }
}
MODULES = ("cleanliness", "constraints", "inputs", "losses", "pointing")


@pytest.fixture
def checker(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sys, "path", [str(root / "bench/corpus"), *sys.path])
    yield importlib.import_module("cleanliness")
    for name in MODULES:
        sys.modules.pop(name, None)


def probed(**changes: Any) -> list[dict[str, Any]]:
    """What a probe writes about two tools, the first one changed."""
    tool = {"name": "get_order", "inputSchema": ORDERS, **changes.pop("tool", {})}
    first = {
        "tool": tool,
        "operation": "GET /orders/{id}",
        "inputs": [["path", "id", "id"]],
        **changes,
    }
    second = {
        "tool": {"name": "create_order", "inputSchema": LINES},
        "operation": "POST /orders",
        "inputs": [["body", "lines", "lines"]],
    }
    return [first, second]


def flaws(checker: Any, tools: list[dict[str, Any]]) -> list[str]:
    expected = importlib.import_module("inputs").operations(DOCUMENT)
    return [each.kind for each in checker.flaws(checker.listed(tools), expected, DOCUMENT)]


PLANTED: dict[str, dict[str, Any]] = {
    "input-lost": {"inputs": []},
    "illegal-name": {"tool": {"name": "get order"}},
    "same-name": {"tool": {"name": "create_order"}},
    "no-object": {"tool": {"inputSchema": {"properties": {"id": {}}}}},
    "invalid-schema": {"tool": {"inputSchema": {**ORDERS, "minimum": True}}},
    "dangling-ref": {"tool": {"outputSchema": {"$ref": "#/$defs/Gone"}}},
    "too-large": {"tool": {"description": "x" * 1_000_001}},
    "no-tool": {"operation": "GET /others"},
}


@pytest.mark.requirement("CORPUS-CHECKER")
def test_sound_tools_have_no_flaw(checker: Any) -> None:
    assert flaws(checker, probed()) == []


@pytest.mark.requirement("CORPUS-CHECKER")
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_flaw_is_found(kind: str, checker: Any) -> None:
    # A reference that leads nowhere compiles nowhere, either.
    others = {"invalid-schema"} if kind == "dangling-ref" else set[str]()
    assert set(flaws(checker, probed(**PLANTED[kind]))) == {kind, *others}


@pytest.mark.requirement("CORPUS-CHECKER")
@pytest.mark.usefixtures("checker")
def test_what_an_operation_takes_is_read_from_every_place_and_version() -> None:
    inputs = importlib.import_module("inputs")
    document: dict[str, Any] = {
        "parameters": {"Page": {"name": "page", "in": "query"}},
        "paths": {
            "/a": {
                "parameters": [{"$ref": "#/parameters/Page"}],
                "get": {"parameters": [{"name": "Accept", "in": "header"}]},
                "post": {
                    "parameters": [{"name": "X-Id", "in": "header"}],
                    "requestBody": {"content": {"text/plain": {}}},
                },
                "put": {"parameters": [{"name": "file", "in": "formData"}]},
            },
            "x-note": {"get": {}},
        },
    }

    read = inputs.operations(document)

    assert {key: (list(taken.parameters), len(taken.bodies)) for key, taken in read.items()} == {
        "GET /a": ([("query", "page")], 0),
        "POST /a": ([("query", "page"), ("header", "x-id")], 1),
        "PUT /a": ([("query", "page")], 1),
    }
