"""Whatever is added to a document: what `gen init` and `gen build` made of the rest stays."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.project import ROOT, run
from treenail_generator.naming import snake_case
from treenail_runtime.loading import load_connector

TEXT = {"type": "string"}


def body(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(key: str | None, schema: dict[str, Any]) -> dict[str, Any]:
    own = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": {"description": "D.", "content": {"application/json": {"schema": schema}}}
        },
    }
    return own if key is None else {"operationId": key, **own}


FIRST = {
    "/a": operation("getBook", body(part=body(city=TEXT), owner=ref("person"))),
    "/b": operation("list_books", body(part=body(lane=TEXT), owner=ref("Person"))),
    "/c": operation("books/add-all", body(owner=ref("Person.Model"), tree=ref("Tree"))),
    "/d/e": operation(None, body(part=body(code=TEXT), other=ref("Tree"))),
}
COMPONENTS = {
    "person": body(name=TEXT),
    "Person": body(title=TEXT),
    "Person.Model": body(role=TEXT),
    "Tree": body(leaves={"type": "array", "items": ref("Tree")}),
}
ADDED = {
    f"/twin{at}": operation(key, body(part=body(x=TEXT), a=ref(name), b=ref("PERSON")))
    for at, (key, name) in enumerate(
        [
            ("get_book", "Tree_"),
            ("GetBook", "PersonModel"),
            ("get-book", "person_model"),
            ("getBooks", "tree"),
            ("get_book_part", "GetBook_Part"),
            ("listBooks", "list_books"),
            ("list_books_model", "ListBooks"),
            ("list_books_answer", "Tree/"),
            ("books__add-all", "PersonModel"),
            ("POST_d_e", "Person Model"),
            (None, "Person-Model"),
        ]
    )
}
ADDED_COMPONENTS = {
    name: body(**{f"own{at}": TEXT, "tree": ref("Tree")})
    for at, name in enumerate(
        (
            *("Tree_", "tree", "PersonModel", "person_model", "GetBook_Part", "list_books"),
            *("ListBooks", "PERSON", "Person Model", "Person-Model"),
        )
    )
}
ADDED_COMPONENTS["Tree/"] = body(owner=TEXT)


def made(
    folder: Path, paths: dict[str, Any], components: dict[str, Any]
) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    """Names by endpoint, definitions of the module by name, published schemas by tool."""
    content = {
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://api.shop.test"}],
        "paths": {path: {"post": each} for path, each in paths.items()},
        "components": {"schemas": components},
    }
    return made_of(folder, json.dumps(content).replace("schemas/Tree/", "schemas/Tree~1"))


def made_of(folder: Path, text: str) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    """The same of a whole document."""
    folder.mkdir()
    (folder / "given.json").write_text(text, encoding="utf-8")
    for command in (
        ("init", "shop", "--all", "--outputs", "--spec", str(folder / "given.json")),
        ("build", "shop"),
    ):
        result = run(folder, *command)
        assert result.exit_code == 0, result.output
    proposal = yaml.safe_load((folder / "connectors/shop.yaml").read_text(encoding="utf-8"))
    module = (folder / "connectors/shop.py").read_text(encoding="utf-8")
    definitions = {
        each.name: ast.unparse(each)
        for each in ast.parse(module).body
        if isinstance(each, ast.ClassDef | ast.AsyncFunctionDef)
    }
    published = {
        each.name: each.input_schema for each in load_connector(folder / "connectors", "shop").tools
    }
    return {each["operation"]: each["name"] for each in proposal["tools"]}, definitions, published


@pytest.mark.requirement("INIT-STABLE", "WIRE-STABLE")
@pytest.mark.parametrize("turn", [0, 5, 11])
def test_added_twins_and_components_change_no_name_no_code_and_no_schema(
    turn: int, tmp_path: Path
) -> None:
    names, code, schemas = made(tmp_path / "before", FIRST, COMPONENTS)
    everything = [*ADDED.items(), *FIRST.items()]
    paths = dict([*everything[turn:], *everything[:turn]])
    more, more_code, more_schemas = made(tmp_path / "after", paths, ADDED_COMPONENTS | COMPONENTS)

    assert names.items() <= more.items()
    assert len(more) == len(names) + len(ADDED)
    assert code.items() <= more_code.items()
    assert {name: more_schemas[name] for name in schemas} == schemas


PHOREST = yaml.safe_load((ROOT / "specs/phorest.yaml").read_text(encoding="utf-8"))
PATHS = dict(list(PHOREST["paths"].items())[:6])
IDS = [each["operationId"] for item in PATHS.values() for each in item.values() if "tags" in each]
SCHEMAS = list(PHOREST["components"]["schemas"])
TWISTS: dict[str, Callable[[str], str]] = {
    "snake_case": snake_case,
    "lower": str.lower,
    "upper": str.upper,
    "capital": lambda name: name[:1].upper() + name[1:],
    "dashes": lambda name: snake_case(name).replace("_", "-"),
    "underscore": lambda name: f"{name}_",
    "model": lambda name: f"{name}Model",
    "number": lambda name: f"{name}2",
    "answer": lambda name: f"{name}_answer",
}


def phorest(paths: dict[str, Any], components: dict[str, Any]) -> str:
    content = {**PHOREST, "paths": paths}
    content["components"] = {**PHOREST["components"]}
    content["components"]["schemas"] = {**components, **PHOREST["components"]["schemas"]}
    return json.dumps(content)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return made_of(tmp_path_factory.mktemp("first") / "phorest", phorest(PATHS, {}))


@pytest.mark.requirement("INIT-STABLE", "WIRE-STABLE")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(list(PATHS)),
    twins=st.lists(
        st.tuples(st.sampled_from(IDS), st.sampled_from(SCHEMAS), st.sampled_from(list(TWISTS))),
        min_size=1,
        max_size=6,
        unique=True,
    ),
)
def test_no_twin_and_no_order_changes_anything_of_a_real_document(
    first: Any, order: list[str], twins: list[tuple[str, str, str]]
) -> None:
    names, code, schemas = first
    twins_by_id: dict[str, str] = {}
    components: dict[str, Any] = {}
    for key, schema, twist in twins:
        twin = TWISTS[twist](schema)
        components.setdefault(twin, body(own=TEXT, twin=ref(schema)))
        if TWISTS[twist](key) not in IDS:
            twins_by_id[TWISTS[twist](key)] = twin
    added = {
        f"/twin{at}": {"post": operation(key, ref(twin))}
        for at, (key, twin) in enumerate(twins_by_id.items())
    }
    paths = {**added, **{path: PATHS[path] for path in order}}

    with TemporaryDirectory() as folder:
        more, more_code, more_schemas = made_of(Path(folder) / "p", phorest(paths, components))

    assert names.items() <= more.items()
    assert len(more) == len(names) + len(added)
    assert code.items() <= more_code.items()
    assert {name: more_schemas[name] for name in schemas} == schemas
