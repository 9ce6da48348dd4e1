"""What a build decides by rule is told, never silent."""

from pathlib import Path

import pytest

from tests.support.project import case_project, run, told


@pytest.mark.requirement("WIRE-BODY", "WIRE-PATH", "WIRE-ALTERNATIVES")
@pytest.mark.parametrize(
    ("case", "severity", "code"),
    [
        ("media_types", "warning", "body-as-text"),
        ("media_types", "note", "media-type-chosen"),
        ("deep_objects", "note", "alternative-left-out"),
        ("deep_objects", "warning", "field-left-out"),
        ("odd_names", "note", "path-fragment"),
        ("odd_names", "note", "path-parameter-missing"),
        ("odd_names", "note", "path-parameter-unused"),
        ("odd_names", "note", "header-of-connection"),
    ],
)
def test_json_lists_what_was_decided(case: str, severity: str, code: str, tmp_path: Path) -> None:
    project = case_project(case, tmp_path)

    notes = told(run(project, "build", case, "--json"))["notes"]

    assert (severity, code) in {(note["severity"], note["code"]) for note in notes}


@pytest.mark.requirement("WIRE-BODY")
def test_people_are_told_warnings_and_how_much_was_decided(tmp_path: Path) -> None:
    project = case_project("media_types", tmp_path)

    result = run(project, "build", "media_types")

    assert result.exit_code == 0, result.output
    assert "\nwarning: specs/spec.yaml:55:" in f"\n{result.stderr}"
    assert "body-as-text" in result.stderr
    assert "1 thing was decided by rule; see --json" in result.stderr
