"""What is proven is what is written: ruff lays out the text of a module and changes none of it."""

import ast
import inspect
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruff.__main__ import find_ruff_bin  # pyright: ignore[reportMissingTypeStubs]  # it has none

from tests.support.project import ROOT, case_project, run
from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.naming import CONTRACT_NAMES, PYDANTIC_NAMES, TYPING_NAMES
from treenail_generator.planning import plan_connector
from treenail_generator.render import render
from treenail_generator.verify import formatted

IMPORTED = (*CONTRACT_NAMES, *PYDANTIC_NAMES, *TYPING_NAMES)
CASES = [
    path for path in (Path(__file__).parent / "cases").iterdir() if (path / "expected.py").exists()
]


def _statements(text: str) -> list[str]:
    """Every statement, docstrings without the spaces around their lines."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words)) as docstring):
                docstring.value = inspect.cleandoc(words).strip()
            case _:
                pass
    return [ast.dump(each) for each in tree.body]


def _findings(*paths: Path) -> str:
    """What `ruff check` says of names and imports: unused ones, undefined ones, their order."""
    first_party = 'lint.isort.known-first-party = ["treenail_runtime"]'
    options = ("--isolated", "--select", "F,I", "--line-length", "100", "--config", first_party)
    done = subprocess.run(
        [find_ruff_bin(), "check", "--no-cache", *options, *paths],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("case", sorted(CASES), ids=lambda case: case.name)
def test_the_layout_of_a_module_changes_no_statement(case: Path) -> None:
    request = read_connector_file((case / "connector.yaml").read_text(), f"{case.name}.yaml")
    document = read_document((case / "spec.yaml").read_text(), "spec.yaml")

    text = render(plan_connector(request, document))

    assert _statements(formatted(text)) == _statements(text)


@pytest.mark.requirement("GEN-IMPORTS")
def test_every_module_imports_what_it_uses_in_order_and_nothing_else() -> None:
    modules = [*(case / "expected.py" for case in CASES), ROOT / "connectors/phorest.py"]

    assert _findings(*modules) == ""


@pytest.mark.requirement("GEN-IMPORTS")
def test_arguments_and_words_that_are_called_like_imports_import_nothing(tmp_path: Path) -> None:
    project = case_project("minimal", tmp_path)
    spec = project / "specs/spec.yaml"
    document: dict[str, Any] = yaml.safe_load(spec.read_text(encoding="utf-8"))
    operation: dict[str, Any] = next(iter(next(iter(document["paths"].values())).values()))
    words = ' "'.join((*IMPORTED, "'form('", '"', "described(\\"))
    operation["parameters"] = [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name in (*IMPORTED, *(f"{name}(" for name in IMPORTED))
    ]
    fixed = {name: {"const": name} for name in IMPORTED}
    schema = {"type": "object", "required": [*IMPORTED], "properties": fixed}
    holder = {"type": "object", "properties": {"inner": schema}}
    operation["requestBody"] = {"content": {"application/json": {"schema": holder}}}
    spec.write_text(yaml.safe_dump(document), encoding="utf-8")

    result = run(project, "build", "minimal")

    assert result.exit_code == 0, result.output
    assert _findings(project / "connectors/minimal.py") == ""
