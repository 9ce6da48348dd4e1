"""`gen check`: what is committed is what the inputs give, and every document is pinned."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.project import case_project, replace, run, told
from treenail_generator.cli import gen

SHA256 = "0" * 64


def sha256(pins: Path) -> str:
    """Of Phorest's document, which stands first."""
    return pins.read_text(encoding="utf-8").partition("sha256: ")[2].partition("\n")[0]


def test_check_passes_on_what_is_committed(root: Path) -> None:
    result = run(root, "check", "--all")

    assert result.exit_code == 0, result.output
    assert "phorest: up to date, 20 tools" in result.stdout


@pytest.mark.parametrize("stale", ["phorest.py", "phorest.lock"])
def test_check_names_a_committed_file_that_is_not_what_the_inputs_give(
    project: Path, stale: str
) -> None:
    path = project / "connectors" / stale
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    result = run(project, "check", "phorest")

    assert result.exit_code == 1
    assert (
        f"connectors/{stale} is not what the inputs give; run `gen build phorest`" in result.stderr
    )


def test_check_names_a_pin_that_is_not_the_documents_hash(project: Path) -> None:
    replace(project / "specs/phorest.yaml", "Lists the staff of a branch.", "Lists staff.")
    assert run(project, "build", "phorest").exit_code == 0
    pins = project / "specs/PINNED.yaml"
    replace(pins, sha256(pins), SHA256)

    result = run(project, "check", "phorest")

    assert result.exit_code == 1
    assert (
        "specs/PINNED.yaml pins another hash of specs/phorest.yaml; run `gen build phorest`"
        in result.stderr
    )


PINS = {
    "no entry": ("", "has no entry for specs/phorest.yaml; add origin, date and sha256"),
    "an entry for another document": (
        f"other.yaml: {{sha256: {SHA256}}}\n",
        "has no entry for specs/phorest.yaml; add origin, date and sha256",
    ),
    "an entry without a hash": (
        "phorest.yaml: {origin: us, date: 2026-11-20}\n",
        "has no sha256 for specs/phorest.yaml; add HASH",
    ),
    "an entry without anything": (
        "phorest.yaml:\n",
        "has no sha256 for specs/phorest.yaml; add HASH",
    ),
}


@pytest.mark.parametrize("pins", PINS.values(), ids=PINS)
def test_check_wants_every_document_pinned(project: Path, pins: tuple[str, str]) -> None:
    text, problem = pins
    path = project / "specs/PINNED.yaml"
    problem = problem.replace("HASH", sha256(path))
    path.write_text(text, encoding="utf-8")

    result = run(project, "check", "phorest")
    listed = told(run(project, "check", "phorest", "--json"))["connectors"][0]

    assert result.exit_code == 1
    assert f"specs/PINNED.yaml {problem}" in result.stderr
    reason = problem.partition("; ")[0]
    assert {"path": "specs/PINNED.yaml", "reason": reason} in listed["outdated"]


@pytest.mark.parametrize(
    "pins",
    [
        "phorest.yaml: {origin: us, sha256: HASH, date: 2026-11-20} # ours\n",
        '"phorest.yaml":\n  sha256:   "HASH"\n  origin: us\n',
        "{'phorest.yaml': {'sha256': 'HASH'}}\n",
    ],
)
def test_build_keeps_the_hash_in_step_however_the_pins_are_written(
    project: Path, pins: str
) -> None:
    path = project / "specs/PINNED.yaml"
    right = sha256(path)
    path.write_text(pins.replace("HASH", SHA256), encoding="utf-8")

    assert run(project, "build", "phorest").exit_code == 0

    assert path.read_text(encoding="utf-8") == pins.replace("HASH", right)


def test_a_hash_that_only_a_person_can_write_is_told(project: Path) -> None:
    path = project / "specs/PINNED.yaml"
    right = sha256(path)
    path.write_text(f"phorest.yaml:\n  sha256: >-\n    {SHA256}\n", encoding="utf-8")

    assert run(project, "build", "phorest").exit_code == 0
    result = run(project, "check", "phorest")

    assert result.exit_code == 1
    assert f"pins another hash of specs/phorest.yaml; write {right}" in result.stderr


@pytest.mark.parametrize("command", ["build", "check"])
def test_pins_that_are_no_yaml_are_a_fault(project: Path, command: str) -> None:
    (project / "specs/PINNED.yaml").write_text("a: [\n", encoding="utf-8")

    result = run(project, command, "phorest")

    assert result.exit_code == 1
    assert "specs/PINNED.yaml:2:1: yaml-syntax" in result.stderr


def test_a_project_that_pins_nothing_is_checked_without_pins(tmp_path: Path) -> None:
    project = case_project("minimal", tmp_path)
    assert run(project, "build", "minimal").exit_code == 0

    assert run(project, "check", "minimal").exit_code == 0


def test_check_wants_names_or_all() -> None:
    assert CliRunner().invoke(gen, ["check"]).exit_code == 2
    assert CliRunner().invoke(gen, ["check", "--all", "phorest"]).exit_code == 2


def test_checking_all_of_nothing_fails(tmp_path: Path) -> None:
    result = run(tmp_path, "check", "--all")
    as_json = run(tmp_path, "check", "--all", "--json")

    assert (result.exit_code, as_json.exit_code) == (1, 1)
    assert "there are no connectors here" in result.stderr
    assert told(as_json)["ok"] is False
    assert told(as_json)["diagnostics"][0]["code"] == "no-connector"


def test_check_tells_programs_the_same_of_every_connector(project: Path) -> None:
    case_project("minimal", project / "other")
    (project / "other/connectors/minimal.yaml").rename(project / "connectors/minimal.yaml")
    (project / "other/specs/spec.yaml").rename(project / "specs/spec.yaml")
    (project / "connectors/broken.yaml").write_text("spec: specs/none.yaml\n", encoding="utf-8")

    result = run(project, "check", "--all", "--json")

    listed = {each["connector"]: each for each in told(result)["connectors"]}
    assert (result.exit_code, told(result)["ok"]) == (1, False)
    keys = {"connector", "ok", "diagnostics", "outdated", "unproven", "warnings"}
    assert [set(each) for each in listed.values()] == [keys] * 3
    assert listed["phorest"] == {
        "connector": "phorest",
        "ok": True,
        "diagnostics": [],
        "outdated": [],
        "unproven": 0,
        "warnings": [],
    }
    assert [each["path"] for each in listed["minimal"]["outdated"]] == [
        "connectors/minimal.py",
        "connectors/minimal.lock",
        "specs/PINNED.yaml",
    ]
    assert [each["code"] for each in listed["broken"]["diagnostics"]] == ["no-spec"]
    assert (listed["broken"]["ok"], listed["broken"]["outdated"]) == (False, [])
