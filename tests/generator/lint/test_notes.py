"""Notes of the build, told by `gen lint` with their places."""

from pathlib import Path

import pytest

from tests.support.project import case_project, run, told


@pytest.mark.requirement("LINT-NOTES")
def test_what_is_read_otherwise_and_decided_by_rule_is_listed(tmp_path: Path) -> None:
    project = case_project("swagger_2", tmp_path / "project")

    text = run(project, "lint", "swagger_2")
    notes = told(run(project, "lint", "swagger_2", "--json"))["notes"]

    assert {"upgraded"} <= {note["code"] for note in notes}
    for note in notes:
        place = f"{note['file']}:{note['line']}:{note['column']}"
        assert f"{note['severity']}: {place}: {note['code']}: {note['message']}" in text.stdout
