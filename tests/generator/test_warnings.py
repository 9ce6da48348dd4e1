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


@pytest.mark.requirement("DOC-LAZY")
def test_a_fault_elsewhere_in_the_document_is_a_warning_of_check(project: Path) -> None:
    break_operations(project, 1)
    assert run(project, "build", "phorest").exit_code == 0

    result = run(project, "check", "phorest")
    as_json = told(run(project, "check", "phorest", "--json"))

    assert result.exit_code == 0, result.output
    (warning,) = warnings(result.stderr)
    assert warning.startswith("warning: specs/phorest.yaml:")
    assert "unknown-ref" in warning
    assert "\n1 warning about the document\n" in result.stderr
    (listed,) = as_json["connectors"][0]["warnings"]
    assert (listed["severity"], listed["code"]) == ("warning", "unknown-ref")


@pytest.mark.requirement("DOC-LAZY")
def test_a_build_reads_only_the_operations_that_it_uses(project: Path) -> None:
    break_operations(project, 1)

    assert "warning" not in run(project, "build", "phorest").stderr


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_fault_of_the_document_as_a_whole_is_a_warning_of_both(
    project: Path, command: str
) -> None:
    replace(project / "specs/phorest.yaml", "\npaths:\n", "\npaths:\n  /gone: {$ref: other.yaml}\n")
    assert run(project, "build", "phorest").exit_code == 0

    result = run(project, command, "phorest")

    assert result.exit_code == 0, result.output
    (warning,) = warnings(result.stderr)
    assert "remote-ref: 'other.yaml' leads out of this file" in warning


def test_many_warnings_are_counted(project: Path) -> None:
    break_operations(project, 23)
    assert run(project, "build", "phorest").exit_code == 0

    result = run(project, "check", "phorest")
    as_json = told(run(project, "check", "phorest", "--json"))

    assert len(warnings(result.stderr)) == 20
    assert "\nand 3 more\n23 warnings about the document" in result.stderr
    assert len(as_json["connectors"][0]["warnings"]) == 23


def test_a_sound_document_is_built_in_silence(project: Path) -> None:
    assert "warning" not in run(project, "build", "phorest").stderr
    assert told(run(project, "build", "phorest", "--json"))["warnings"] == []
