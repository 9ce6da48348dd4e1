"""Choices are published in the order of their own document, whatever was loaded before."""

import json
from pathlib import Path

import pytest

from tests.support.project import run, told
from treenail_runtime.loading import load_connector


def connector(folder: Path, *choices: str) -> Path:
    """A project with one tool: `sort` is one of `choices`, `back` one of them in reverse."""
    orders = {"sort": [*choices], "back": [*reversed(choices)]}
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "enum": order}}
        for name, order in orders.items()
    ]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Sorted", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/all": {
                "get": {
                    "operationId": "list_all",
                    "parameters": parameters,
                    "responses": {"204": {"description": "Done."}},
                }
            }
        },
    }
    folder.mkdir()
    (folder / "given.json").write_text(json.dumps(document), encoding="utf-8")
    assert run(folder, "init", "sorted", "--spec", str(folder / "given.json")).exit_code == 0
    assert run(folder, "build", "sorted").exit_code == 0
    return folder


@pytest.mark.requirement("WIRE-STABLE")
def test_another_connector_does_not_change_the_order_of_choices(tmp_path: Path) -> None:
    for name, choices in (("one", ["up", "down"]), ("two", ["down", "up"])):
        root = connector(tmp_path / name, *choices)

        published = told(run(root, "schema", "sorted", "list_all", "--json"))
        loaded = load_connector(root / "connectors", "sorted").tools[0]

        for schema in (published["inputSchema"], loaded.input_schema):
            assert schema["properties"]["sort"]["enum"] == choices
            assert schema["properties"]["back"]["enum"] == [*reversed(choices)]
