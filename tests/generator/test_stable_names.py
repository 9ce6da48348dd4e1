"""What a tool is called and how it reads depends on its own operation alone."""

import ast
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import run

HEAD = {
    "schema": 1,
    "name": "shop",
    "title": "Shop",
    "version": "1.0.0",
    "instructions": "Try the tools.",
    "spec": "specs/shop.yaml",
    "servers": {
        "default": "main",
        "regions": {"main": {"title": "Main", "url": "https://api.example.com"}},
    },
    "auth": {"kind": "none"},
}
TEXT = {"type": "string"}


def shape(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, TEXT)}


def operation(key: str, schema: dict[str, Any], *query: str) -> dict[str, Any]:
    return {
        "operationId": key,
        "parameters": [{"name": name, "in": "query", "schema": TEXT} for name in query],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "Done."}},
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def body(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


OPERATIONS = {
    "create_client": operation("create_client", body(address=shape("city"), owner=ref("Person"))),
    "list_books": operation("list_books", body(person=ref("Person"), id=TEXT), "id", "filter[a]"),
    "get_a1": operation("get_a1", body(part={"type": "array", "items": shape("x")})),
}
ADDED = {
    "create": operation("create", body(client_address=shape("town"), clientAddress=shape("lane"))),
    "person": operation("person", body(owner=ref("CreateClient_Address"), more=ref("Person"))),
    "person_model": operation("person_model", body(other=ref("PersonModel"))),
    "get_a_1": operation("get_a_1", body(part={"type": "array", "items": shape("y")})),
    "create_client_address": operation("create_client_address", body(city=shape("code"))),
    "create_client_tool": operation("create_client_tool", body(city=shape("zip"))),
    "list_books_tool": operation("list_books_tool", body(person=ref("Person"))),
    "list": operation("list", body(books=ref("ListBooks"))),
    "listBooks": operation("listBooks", body(person=shape("first", "last"))),
    "createClient": operation("createClient", body(address=shape("road"))),
    "personModel": operation("personModel", body(other=shape("kind"))),
    "getAnswer": operation("getAnswer", body(part=shape("z"))),
    "get-a1": operation("get-a1", body(part=shape("q"))),
    "get-a-1": operation("get-a-1", body(part=shape("r"))),
    "get--a1": operation("get--a1", body(part=shape("s"))),
    "list-books": operation("list-books", body(person=ref("Person"))),
    "person--model": operation("person--model", body(other=shape("kind"))),
}
COMPONENTS = {"Person": shape("name")}
ADDED_COMPONENTS = {
    "ListBooks": shape("titles"),
    "PersonModel": shape("model"),
    "CreateClient_Address": shape("street"),
}


def module(
    folder: Path, operations: dict[str, Any], components: dict[str, Any], tools: list[str]
) -> dict[str, str]:
    """The statements of the module that is built of these, by what they define."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {f"/{key}": {"post": each} for key, each in operations.items()},
        "components": {"schemas": components},
    }
    told = {"title": "A tool", "description": "Does it."}
    entries = [{"operation": key, "name": key, **told} for key in tools]
    for name, value in (
        ("specs/shop.yaml", document),
        ("connectors/shop.yaml", {**HEAD, "tools": entries}),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    result = run(folder, "build", "shop")
    assert result.exit_code == 0, result.output
    text = (folder / "connectors/shop.py").read_text(encoding="utf-8")
    return {_defined(each): ast.unparse(each) for each in ast.parse(text).body}


def _defined(statement: ast.stmt) -> str:
    match statement:
        case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return ast.unparse(statement)


def of_tools(statements: dict[str, str]) -> dict[str, str]:
    """Without what speaks of the whole connector."""
    return {
        name: text
        for name, text in statements.items()
        if name != "CONNECTOR" and not name.startswith(("from ", "'"))
    }


@pytest.mark.requirement("WIRE-STABLE")
@pytest.mark.parametrize("order", list(permutations(OPERATIONS))[1:])
def test_the_order_of_a_document_changes_no_line(order: tuple[str, ...], tmp_path: Path) -> None:
    keys = list(OPERATIONS)
    before = module(tmp_path / "before", OPERATIONS, COMPONENTS, keys)

    after = module(tmp_path / "after", {key: OPERATIONS[key] for key in order}, COMPONENTS, keys)

    assert list(after) == list(before)
    assert after == before


@pytest.mark.requirement("WIRE-STABLE")
@pytest.mark.parametrize("turn", range(0, 20, 4))
def test_operations_that_are_added_change_no_other_tool(turn: int, tmp_path: Path) -> None:
    before = of_tools(module(tmp_path / "before", OPERATIONS, COMPONENTS, list(OPERATIONS)))
    keys = [*ADDED, *OPERATIONS]
    keys = [*keys[turn:], *keys[:turn]]
    everything = OPERATIONS | ADDED
    operations = {key: everything[key] for key in keys}

    after = of_tools(module(tmp_path / "after", operations, ADDED_COMPONENTS | COMPONENTS, keys))

    assert {name: after.get(name) for name in before} == before
    assert len(after) > len(before)
