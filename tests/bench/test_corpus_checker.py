"""The checker of bench/corpus finds each kind of flaw, and none where there is none."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ORDERS = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
EXPECTED = {"GET /orders/{id}": [("path", "id")], "POST /orders": [("body", "")]}
MODULES = ("cleanliness", "inputs")


@pytest.fixture
def checker(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sys, "path", [str(root / "bench/corpus"), *sys.path])
    yield importlib.import_module("cleanliness")
    for name in MODULES:
        sys.modules.pop(name, None)


def probed(**changes: Any) -> list[dict[str, Any]]:
    """What a probe writes about two tools, the first one changed."""
    tool = {"name": "get_order", "inputSchema": ORDERS, **changes.pop("tool", {})}
    first = {"tool": tool, "operation": "GET /orders/{id}", "inputs": [["path", "id"]], **changes}
    second = {
        "tool": {"name": "create_order", "inputSchema": {"type": "object"}},
        "operation": "POST /orders",
        "inputs": [["body", "lines"]],
    }
    return [first, second]


PLANTED: dict[str, dict[str, Any]] = {
    "input-lost": {"inputs": []},
    "illegal-name": {"tool": {"name": "get order"}},
    "same-name": {"tool": {"name": "create_order"}},
    "no-object": {"tool": {"inputSchema": {"oneOf": [{"type": "object"}]}}},
    "invalid-schema": {"tool": {"inputSchema": {"type": "object", "minimum": True}}},
    "dangling-ref": {"tool": {"outputSchema": {"$ref": "#/$defs/Gone"}}},
    "too-large": {"tool": {"description": "x" * 1_000_001}},
    "no-tool": {"operation": "GET /others"},
}


@pytest.mark.requirement("CORPUS-CHECKER")
def test_sound_tools_have_no_flaw(checker: Any) -> None:
    assert checker.flaws(checker.listed(probed()), EXPECTED) == []


@pytest.mark.requirement("CORPUS-CHECKER")
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_flaw_is_found(kind: str, checker: Any) -> None:
    found = checker.flaws(checker.listed(probed(**PLANTED[kind])), EXPECTED)

    assert [flaw.kind for flaw in found] == [kind]


@pytest.mark.requirement("CORPUS-CHECKER")
def test_what_an_operation_takes_is_read_from_every_place_and_version(checker: Any) -> None:
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

    assert checker.BODY == ("body", "")
    assert inputs.operations(document) == {
        "GET /a": [("query", "page")],
        "POST /a": [("query", "page"), ("header", "x-id"), ("body", "")],
        "PUT /a": [("query", "page"), ("body", "")],
    }
