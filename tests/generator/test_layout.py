"""What is proven is what is written: ruff lays out the text of a module and changes none of it."""

import ast
import inspect
from pathlib import Path

import pytest

from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.planning import plan_connector
from treenail_generator.render import render
from treenail_generator.verify import formatted

CASES = [
    path for path in (Path(__file__).parent / "cases").iterdir() if (path / "expected.py").exists()
]


def _statements(text: str) -> list[str]:
    """Every statement but the imports, docstrings without the spaces around their lines."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words)) as docstring):
                docstring.value = inspect.cleandoc(words).strip()
            case _:
                pass
    return [ast.dump(each) for each in tree.body if not isinstance(each, ast.ImportFrom)]


@pytest.mark.parametrize("case", sorted(CASES), ids=lambda case: case.name)
def test_the_layout_of_a_module_changes_no_statement(case: Path) -> None:
    request = read_connector_file((case / "connector.yaml").read_text(), f"{case.name}.yaml")
    document = read_document((case / "spec.yaml").read_text(), "spec.yaml")

    text = render(plan_connector(request, document))

    assert _statements(formatted(text)) == _statements(text)
