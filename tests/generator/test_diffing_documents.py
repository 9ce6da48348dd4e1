"""`gen diff --spec`: what another document of the upstream would mean, tool by tool."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import STATUS, case_project, replace, run, told
from treenail_generator.drift import Change, Drift, as_markdown


def edited(project: Path, old: str, new: str) -> Path:
    """A copy of the committed document with one edit, as an upstream might publish it."""
    spec = project / "new.yaml"
    shutil.copy(project / "specs/phorest.yaml", spec)
    replace(spec, old, new)
    return spec


def drift(project: Path, spec: Path, connector: str = "phorest") -> dict[str, Any]:
    result = run(project, "diff", connector, "--spec", str(spec), "--json")
    found = told(result)
    assert result.exit_code == STATUS[found["severity"]], result.output
    return found


EDITS = {
    "a required parameter is new": (
        "        - name: category_id\n          in: query\n",
        (
            "        - name: season\n          in: query\n          required: true\n"
            "          schema:\n            type: string\n"
            "        - name: category_id\n          in: query\n"
        ),
        ("breaking", "2.0.0", {("list_services", "breaking", "season is new and required")}),
    ),
    "an enumeration lost a value": (
        "enum: [services_only, addons_only, services_and_addons]",
        "enum: [services_only, services_and_addons]",
        (
            "breaking",
            "2.0.0",
            {("list_services", "breaking", "service_type no longer takes 'addons_only'")},
        ),
    ),
    "an operation that no tool uses changed": (
        "operationId: getMachines\n",
        "operationId: getMachines\n      deprecated: true\n",
        ("invisible", "1.0.0", set[tuple[str, str, str]]()),
    ),
    "a field of an answer is gone": (
        (
            '        timeZone: {type: string, description: "Time zone, as an IANA name.", '
            "examples: [Europe/Dublin]}\n"
        ),
        "",
        (
            "breaking",
            "2.0.0",
            {
                (
                    "list_branches",
                    "breaking",
                    "it cannot be built any more: pick: the answer has no field 'timeZone'",
                )
            },
        ),
    ),
    "a field of an answer has another type": (
        "        currencyCode: {type: string,",
        "        currencyCode: {type: integer,",
        (
            "breaking",
            "2.0.0",
            {("list_branches", "breaking", "answer.branches.currency_code is integer, was string")},
        ),
    ),
    "an operation is gone": (
        "operationId: getRooms\n",
        "operationId: getAllRooms\n",
        (
            "breaking",
            "2.0.0",
            {
                (
                    "list_rooms",
                    "breaking",
                    "it cannot be built any more: new.yaml has no operation 'getRooms'",
                )
            },
        ),
    ),
    "a description changed": (
        "description: Lists the staff of a branch.",
        "description: Lists everybody.",
        (
            "invisible",
            "1.0.1",
            {
                (
                    "list_staff",
                    "invisible",
                    "getStaffList changed upstream; the arguments are the same",
                )
            },
        ),
    ),
}


@pytest.mark.requirement("DIFF-SPEC", "GEN-DRIFT")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_each_edit_of_the_document_gets_its_verdict(
    project: Path, edit: tuple[str, str, tuple[str, str, set[tuple[str, str, str]]]]
) -> None:
    old, new, (severity, version, changes) = edit

    found = drift(project, edited(project, old, new))

    told_changes = {(each["tool"], each["severity"], each["message"]) for each in found["changes"]}
    assert (found["severity"], found["proposed_version"]) == (severity, version)
    assert told_changes == changes


@pytest.mark.requirement("DIFF-SPEC")
def test_a_tool_that_cannot_be_built_does_not_hide_the_others(project: Path) -> None:
    spec = edited(project, "operationId: getRooms\n", "operationId: getAllRooms\n")
    replace(spec, "operationId: getVoucher\n", "operationId: readVoucher\n")
    replace(
        spec,
        "enum: [services_only, addons_only, services_and_addons]",
        "enum: [services_only, services_and_addons]",
    )

    found = drift(project, spec)

    assert [each["tool"] for each in found["changes"]] == [
        "list_services",
        "get_voucher",
        "list_rooms",
    ]


@pytest.mark.requirement("DIFF-SPEC")
def test_the_committed_files_stay_as_they_are(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*.*") if path.is_file()}
    spec = edited(project, "operationId: getRooms\n", "operationId: getAllRooms\n")

    run(project, "diff", "phorest", "--spec", str(spec))

    assert {path: path.read_bytes() for path in before} == before


def test_a_login_that_the_document_no_longer_supports_is_a_fault(project: Path) -> None:
    spec = edited(project, "operationId: getBranches\n", "operationId: readBranches\n")

    result = run(project, "diff", "phorest", "--spec", str(spec))

    assert result.exit_code == 2
    assert "unknown-operation" in result.stderr


def test_a_document_that_is_none_is_a_fault(project: Path) -> None:
    spec = project / "new.yaml"
    spec.write_text("hello: world\n", encoding="utf-8")

    result = run(project, "diff", "phorest", "--spec", str(spec), "--json")

    assert result.exit_code == 2
    assert told(result)["diagnostics"][0]["file"] == "new.yaml"


def test_hand_written_tools_are_left_out(tmp_path: Path) -> None:
    project = case_project("custom_tools", tmp_path)
    assert run(project, "build", "custom_tools").exit_code == 0

    found = drift(project, project / "specs/spec.yaml", "custom_tools")

    assert found["changes"] == []


@pytest.mark.requirement("DIFF-SPEC")
def test_markdown_for_a_pull_request_has_a_table_a_severity(project: Path) -> None:
    spec = edited(project, "operationId: getRooms\n", "operationId: getAllRooms\n")
    replace(spec, "description: Lists the staff of a branch.", "description: Lists everybody.")

    result = run(project, "diff", "phorest", "--spec", str(spec), "--format", "markdown")

    assert result.exit_code == 2
    assert result.stdout == (
        "### Tools of phorest: breaking in 1 tool\n\n"
        "**Breaking: agents that know the tools would fail**\n\n"
        "| Tool | Change |\n| --- | --- |\n"
        "| `list_rooms` | it cannot be built any more: "
        "new.yaml has no operation 'getRooms' |\n\n"
        "**Invisible to agents**\n\n"
        "| Tool | Change |\n| --- | --- |\n"
        "| `list_staff` | getStaffList changed upstream; the arguments are the same |\n\n"
        "Proposed version: 1.0.0 → **2.0.0**\n"
    )


@pytest.mark.requirement("DIFF-SPEC", "T-125")
def test_no_text_of_a_document_becomes_markup() -> None:
    hostile = "x | <img src=x> [a](https://evil.test) @all `c`\n# head"
    drifted = Drift((Change("tool", "breaking", hostile),), "1.0.0")

    (row,) = [line for line in as_markdown(drifted, "phorest").splitlines() if "evil" in line]

    assert row == (
        "| `tool` | x \\| \\<img src=x\\> \\[a\\](https:\u200b//evil.test) "
        "@\u200ball \\`c\\` \\# head |"
    )


def test_text_of_modules_is_not_for_documents(project: Path) -> None:
    spec = str(project / "specs/phorest.yaml")

    result = run(project, "diff", "phorest", "--spec", spec, "--text")

    assert result.exit_code == 2
    assert "with --spec there is none" in result.stderr
