"""Faults in parts of the document that no tool uses: told, and nothing more."""

from pathlib import Path

import pytest

from tests.support.project import replace, run, told

BROKEN = "get: {operationId: OPERATION, parameters: [{$ref: '#/components/parameters/None'}]}"


def break_operations(project: Path, count: int) -> None:
    paths = "".join(
        f"  /broken/{number}:\n    {BROKEN.replace('OPERATION', f'broken{number}')}\n"
        for number in range(count)
    )
    replace(project / "specs/phorest.yaml", "\npaths:\n", f"\npaths:\n{paths}")


def warnings(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("warning: ")]


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_fault_elsewhere_in_the_document_is_a_warning(project: Path, command: str) -> None:
    break_operations(project, 1)
    assert run(project, "build", "phorest").exit_code == 0

    result = run(project, command, "phorest")
    as_json = told(run(project, command, "phorest", "--json"))

    assert result.exit_code == 0, result.output
    (warning,) = warnings(result.stderr)
    assert warning.startswith("warning: specs/phorest.yaml:")
    assert "unknown-ref" in warning
    assert "\n1 warning about parts of the document that no tool uses\n" in result.stderr
    (listed,) = (as_json if command == "build" else as_json["connectors"][0])["warnings"]
    assert (listed["severity"], listed["code"]) == ("warning", "unknown-ref")


def test_many_warnings_are_counted(project: Path) -> None:
    break_operations(project, 23)

    result = run(project, "build", "phorest")

    assert len(warnings(result.stderr)) == 20
    assert "\nand 3 more\n23 warnings about parts" in result.stderr
    assert len(told(run(project, "build", "phorest", "--json"))["warnings"]) == 23


def test_a_sound_document_is_built_in_silence(project: Path) -> None:
    assert "warning" not in run(project, "build", "phorest").stderr
    assert told(run(project, "build", "phorest", "--json"))["warnings"] == []
