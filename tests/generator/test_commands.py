"""`gen build` and what all commands of `gen` have in common, over a copy of this project."""

import shutil
from pathlib import Path

import pytest

from tests.support.project import replace, run, told


def files(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }


def changed_lines(old: bytes, new: bytes) -> tuple[list[str], list[str]]:
    before, after = old.decode().splitlines(), new.decode().splitlines()
    return (
        [line for line in before if line not in after],
        [line for line in after if line not in before],
    )


@pytest.mark.requirement("GEN-BYTES")
def test_building_again_gives_the_same_bytes(project: Path) -> None:
    before = files(project)

    first = run(project, "build", "phorest")
    second = run(project, "build", "phorest")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert files(project) == before


@pytest.mark.requirement("GEN-BYTES")
def test_editing_one_description_changes_only_its_own_lines(project: Path) -> None:
    before = files(project)
    replace(
        project / "connectors/phorest.yaml",
        "Lists the people who work in a branch.",
        "Names the people who work in a branch.",
    )

    assert run(project, "build", "phorest").exit_code == 0

    lost, won = changed_lines(
        before["connectors/phorest.py"], (project / "connectors/phorest.py").read_bytes()
    )
    assert len(lost) == len(won) == 1
    assert "Names the people who work in a branch." in won[0]


@pytest.mark.requirement("GEN-BYTES")
def test_an_unrelated_operation_changes_nothing_but_the_pinned_hash(project: Path) -> None:
    before = files(project)
    replace(
        project / "specs/phorest.yaml",
        "\npaths:\n",
        "\npaths:\n  /unrelated:\n    get: {operationId: unrelated,"
        " responses: {'200': {description: Nothing.}}}\n",
    )

    assert run(project, "build", "phorest").exit_code == 0

    after = files(project)
    assert after["connectors/phorest.py"] == before["connectors/phorest.py"]
    for name in ("connectors/phorest.lock", "specs/PINNED.yaml"):
        lost, won = changed_lines(before[name], after[name])
        assert len(lost) == len(won) == 1
        assert "sha256" in lost[0]
        assert "sha256" in won[0]


def test_a_connector_that_does_not_exist_is_answered_with_a_near_name(project: Path) -> None:
    result = run(project, "build", "phorset")

    assert result.exit_code == 1
    assert "there is no connector 'phorset'" in result.stderr
    assert "did you mean 'phorest'?" in result.stderr


@pytest.mark.parametrize("name", ["../connectors/phorest", "/etc/passwd", "", "phorest.yaml"])
def test_a_name_that_is_a_path_names_no_connector(project: Path, name: str) -> None:
    assert run(project, "build", name).exit_code == 1


def test_a_document_outside_the_project_is_refused(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "spec.yaml"
    shutil.copy(project / "specs/phorest.yaml", outside)
    replace(project / "connectors/phorest.yaml", "spec: specs/phorest.yaml", f"spec: {outside}")

    result = run(project, "build", "phorest")

    assert result.exit_code == 1
    assert "lies outside the project" in result.stderr


def test_a_connector_called_otherwise_than_its_file_is_refused(project: Path) -> None:
    replace(project / "connectors/phorest.yaml", "name: phorest", "name: salon")

    result = run(project, "build", "phorest")

    assert result.exit_code == 1
    assert "name-differs" in result.stderr
    assert not (project / "connectors/salon.py").exists()


def test_faults_are_one_json_value_for_programs(project: Path) -> None:
    replace(project / "connectors/phorest.yaml", "operation: getRooms", "operation: getRoms")

    result = run(project, "build", "phorest", "--json")

    assert (result.exit_code, told(result)["ok"]) == (1, False)
    (fault,) = told(result)["diagnostics"]
    assert (fault["file"], fault["code"]) == ("connectors/phorest.yaml", "unknown-operation")
    assert fault["hint"] == "did you mean 'getRooms'?"


def test_hand_written_tools_are_never_overwritten(project: Path) -> None:
    custom = project / "connectors/phorest_custom.py"
    custom.write_text("TOOLS = ()  # by hand\n", encoding="utf-8")

    assert run(project, "build", "phorest").exit_code == 0
    assert custom.read_text(encoding="utf-8") == "TOOLS = ()  # by hand\n"
