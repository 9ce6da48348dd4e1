"""The commands of `gen` over the committed Phorest connector, in a copy of the project."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner, Result

from treenail_generator.cli import gen


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    for folder in ("connectors", "specs"):
        shutil.copytree(
            root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def run(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(gen, [*arguments, "--project", str(project)])


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


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
    text = pins.read_text(encoding="utf-8")
    sha256 = text.rpartition("sha256: ")[2].strip()
    pins.write_text(text.replace(sha256, "0" * 64), encoding="utf-8")

    result = run(project, "check", "phorest")

    assert result.exit_code == 1
    assert "specs/PINNED.yaml pins another hash of specs/phorest.yaml" in result.stderr


def test_check_wants_names_or_all() -> None:
    assert CliRunner().invoke(gen, ["check"]).exit_code == 2
    assert CliRunner().invoke(gen, ["check", "--all", "phorest"]).exit_code == 2


@pytest.mark.requirement("S0-45")
def test_list_tells_each_tool_with_operation_hints_and_tokens(root: Path) -> None:
    listed: dict[str, Any] = json.loads(run(root, "list", "phorest", "--json").stdout)

    assert len(listed["tools"]) == 20
    assert listed["tokens"] <= 5000
    assert sum(tool["tokens"] for tool in listed["tools"]) == pytest.approx(
        listed["tokens"], abs=20
    )
    by_name = {tool["name"]: tool for tool in listed["tools"]}
    assert by_name["list_clients"]["operation"] == "getClients"
    assert by_name["get_connection_info"]["operation"] is None
    assert by_name["check_availability"]["annotations"]["readOnlyHint"] is True
    assert by_name["update_client"]["annotations"]["destructiveHint"] is True


def test_list_is_a_table_for_people(root: Path) -> None:
    lines = run(root, "list", "phorest").stdout.splitlines()

    assert lines[0].split() == ["tool", "operation", "hints", "tokens"]
    assert lines[-1].startswith("20 tools, ")


def test_schema_prints_one_tool_and_suggests_a_near_name(root: Path) -> None:
    shown = json.loads(run(root, "schema", "phorest", "get_client").stdout)
    missed = run(root, "schema", "phorest", "get_clients")

    assert shown["inputSchema"]["required"] == ["client_id"]
    assert (missed.exit_code, missed.stderr.strip()) == (
        1,
        "phorest has no tool 'get_clients'; did you mean 'get_client'?",
    )


def test_schema_of_connector_files_accepts_the_committed_one(root: Path) -> None:
    schema = json.loads(run(root, "schema", "--connector-file").stdout)
    text = (root / "connectors/phorest.yaml").read_text(encoding="utf-8")

    assert jsonschema_rs.Draft202012Validator(schema).is_valid(yaml.safe_load(text))
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid({"schema": 1, "nme": "x"})


def test_diff_is_silent_when_nothing_changed(root: Path) -> None:
    result = run(root, "diff", "phorest")

    assert (result.exit_code, result.stdout) == (0, "no change\n")


DRIFTS = {
    "a parameter became required": (
        "- name: category_id\n          in: query\n",
        "- name: category_id\n          in: query\n          required: true\n",
        ("list_services", "breaking", "category_id is required now"),
        "2.0.0",
    ),
    "an enumeration lost a value": (
        "enum: [services_only, addons_only, services_and_addons]",
        "enum: [services_only, services_and_addons]",
        ("list_services", "breaking", "service_type no longer takes 'addons_only'"),
        "2.0.0",
    ),
    "an enumeration won a value": (
        "enum: [services_only, addons_only, services_and_addons]",
        "enum: [services_only, addons_only, services_and_addons, none]",
        ("list_services", "compatible", "service_type takes 'none', too"),
        "1.1.0",
    ),
    "a description of the operation changed": (
        "description: Lists the staff of a branch.",
        "description: Lists everybody.",
        ("list_staff", "none", "getStaffList changed upstream; the arguments are the same"),
        "1.0.1",
    ),
}


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_diff_tells_what_an_upstream_change_means_for_the_tool(
    project: Path, drift: tuple[str, str, tuple[str, str, str], str]
) -> None:
    old, new, (tool, severity, message), version = drift
    replace(project / "specs/phorest.yaml", old, new)

    result = run(project, "diff", "phorest", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {"tool": tool, "severity": severity, "message": message} in told["changes"]
    assert told["proposed_version"] == version


def test_diff_tells_new_and_lost_tools(project: Path) -> None:
    replace(project / "connectors/phorest.yaml", "name: list_rooms", "name: list_all_rooms")

    told = run(project, "diff", "phorest", "--text").stdout

    assert "breaking    list_rooms: the tool is gone" in told
    assert "compatible  list_all_rooms: the tool is new" in told
    assert '+            name="list_all_rooms",' in told


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

    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (1, False)
    (fault,) = told["diagnostics"]
    assert (fault["file"], fault["code"]) == ("connectors/phorest.yaml", "unknown-operation")
    assert fault["hint"] == "did you mean 'getRooms'?"


def test_hand_written_tools_are_never_overwritten(project: Path) -> None:
    custom = project / "connectors/phorest_custom.py"
    custom.write_text("# by hand\n", encoding="utf-8")

    assert run(project, "build", "phorest").exit_code == 0
    assert custom.read_text(encoding="utf-8") == "# by hand\n"
