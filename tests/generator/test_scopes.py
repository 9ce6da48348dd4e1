"""Scopes of a connector: which tools need them, in the module, in `gen list`, in hand-written tools."""

import json
from pathlib import Path

import pytest

from tests.support.project import case_project, replace, run, told

CONNECTOR = "connectors/custom_tools.yaml"
CUSTOM = "connectors/custom_tools_custom.py"
END_OF_TOOL = "open_world=False),\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project with a generated tool and a hand-written one, and a scope."""
    project = case_project("custom_tools", tmp_path)
    replace(project / CONNECTOR, "tools:\n", "scopes: {numbers.add: Add numbers}\ntools:\n")
    return project


def test_list_tells_which_tools_need_a_scope(tmp_path: Path) -> None:
    project = case_project("login_choices", tmp_path)

    lines = run(project, "list", "login_choices").stdout.splitlines()
    listed = json.loads(run(project, "list", "login_choices", "--json").stdout)

    assert "scope accounts:close (Close accounts for good): close_account" in lines
    assert {tool["name"]: tool["scope"] for tool in listed["tools"]} == {
        "list_accounts": "accounts.list'or'<b>",
        "close_account": "accounts:close",
        "list_currencies": "mcp.tools.call",
    }


def test_a_tool_without_a_scope_needs_the_one_for_reading_or_the_one_for_calling(
    root: Path,
) -> None:
    listed = json.loads(run(root, "list", "phorest", "--json").stdout)
    scopes = {tool["name"]: tool["scope"] for tool in listed["tools"]}

    assert {scopes["get_client"], scopes["check_availability"]} == {"mcp.tools.read"}
    assert {scopes["create_client"], scopes["create_booking"]} == {"mcp.tools.call"}


def test_a_hand_written_tool_may_need_a_declared_scope(small: Path) -> None:
    replace(small / CUSTOM, END_OF_TOOL, f'{END_OF_TOOL}        scope="numbers.add",\n')

    built = run(small, "build", "custom_tools")

    assert built.exit_code == 0, built.output
    assert (
        "scope numbers.add (Add numbers): add_numbers" in run(small, "list", "custom_tools").stdout
    )


@pytest.mark.parametrize(
    ("reads", "scope", "problem"),
    [
        ("True", "numbers.sub", "needs 'numbers.sub', which `scopes` does not declare"),
        ("True", "openid", "needs 'openid', which `scopes` does not declare"),
        ("False", "mcp.tools.read", "changes something, and mcp.tools.read is for reading"),
    ],
)
def test_a_hand_written_tool_cannot_need_less_or_something_unknown(
    small: Path, reads: str, scope: str, problem: str
) -> None:
    replace(small / CUSTOM, "read_only=True", f"read_only={reads}")
    replace(small / CUSTOM, END_OF_TOOL, f'{END_OF_TOOL}        scope="{scope}",\n')

    result = run(small, "build", "custom_tools", "--json")
    (fault,) = told(result)["diagnostics"]

    assert (result.exit_code, fault["code"], fault["file"]) == (1, "custom-module", CUSTOM)
    assert fault["message"] == f"tool 'add_numbers' {problem}"
