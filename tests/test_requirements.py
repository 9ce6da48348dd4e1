"""The manifest and the tests agree, in both directions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import REQUIREMENTS

TESTS = Path(__file__).parent


def _claimed() -> Iterator[tuple[str, str]]:
    """(id, test) for every requirement mark, read from the sources so that none can hide."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    for name in _ids(decorator):
                        yield name, f"{path.relative_to(TESTS)}::{node.name}"
            elif isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0]):
                for name in _ids(node.value):
                    yield name, str(path.relative_to(TESTS))


def _ids(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.requirement":
            for argument in call.args:
                assert isinstance(argument, ast.Constant)
                yield str(argument.value)


def test_every_rule_has_a_test() -> None:
    claimed = {name for name, _ in _claimed()}
    untested = {name for name, rule in REQUIREMENTS.items() if not rule.reason} - claimed

    assert not untested


def test_a_rule_with_a_reason_to_have_no_test_has_none() -> None:
    claimed = {name for name, _ in _claimed()}

    assert not {name for name, rule in REQUIREMENTS.items() if rule.reason} & claimed


def test_every_claimed_rule_exists() -> None:
    unknown = {(name, test) for name, test in _claimed() if name not in REQUIREMENTS}

    assert not unknown


def test_every_rule_says_where_it_stands_and_what_it_asks() -> None:
    for rule in REQUIREMENTS.values():
        assert rule.source
        assert rule.behaviour
