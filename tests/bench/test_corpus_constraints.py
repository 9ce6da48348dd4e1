"""The checker of constraints in bench/corpus finds what is lost, and nothing where nothing is."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LINE: dict[str, Any] = {
    "type": "object",
    "required": ["count"],
    "properties": {
        "count": {"type": "integer", "minimum": 1},
        "made": {"type": "string", "readOnly": True, "maxLength": 9},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "components": {"schemas": {"Line": LINE}},
    "paths": {
        "/orders/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "schema": {"type": "string", "pattern": "^[a-z]+$"}}
            ],
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "id": {"type": "string", "enum": ["a", "b"]},
                                    "lines": {
                                        "type": "array",
                                        "maxItems": 3,
                                        "items": {"$ref": "#/components/schemas/Line"},
                                    },
                                },
                            }
                        }
                    }
                },
            },
        }
    },
}
ID = {"type": "string", "pattern": "^[a-z]+$"}
COUNT = {"type": "integer", "minimum": 1}


@pytest.fixture
def checker(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sys, "path", [str(root / "bench/corpus"), *sys.path])
    known = set(sys.modules)
    yield importlib.import_module("constraints")
    for name in set(sys.modules) - known:
        if "." not in name:
            sys.modules.pop(name, None)


def enforced(*, most: int = 3, required: bool = True, count: Any = COUNT) -> dict[str, Any]:
    line = {"type": "object", "properties": {"count": count}}
    lines = {"type": "array", "maxItems": most, "items": {"$ref": "#/$defs/Line"}}
    body_id = {"type": "string", "enum": ["a", "b"]}
    return {
        "type": "object",
        "properties": {"id": ID, "id_body": body_id, "lines": lines},
        "$defs": {"Line": {**line, "required": ["count"]} if required else line},
    }


@pytest.mark.parametrize("most", [3, 2])
def test_what_says_as_much_or_more_has_lost_nothing(checker: Any, most: int) -> None:
    assert checker.lost(DOCUMENT, "POST /orders/{id}", enforced(most=most)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"most": 4}, (("lines",), "maxItems", "3")),
        ({"required": False}, (("lines", "[]", "count"), "required", "true")),
        ({"count": {"type": "integer"}}, (("lines", "[]", "count"), "minimum", "1")),
    ],
)
def test_what_says_less_is_found_at_its_place(
    checker: Any, changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert checker.lost(DOCUMENT, "POST /orders/{id}", enforced(**changes)) == [expected]
