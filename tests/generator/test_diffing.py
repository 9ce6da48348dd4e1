"""`gen diff`: what a build would change, tool by tool, and what cannot be compared."""

from pathlib import Path

import pytest

from tests.support.project import STATUS, case_project, replace, run, told

CONFLICT = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"


def changes(project: Path, name: str) -> set[tuple[str, str, str]]:
    result = run(project, "diff", name, "--json")
    found = told(result)
    assert result.exit_code == STATUS[found["severity"]], result.output
    return {(each["tool"], each["severity"], each["message"]) for each in found["changes"]}


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
        ("list_staff", "invisible", "getStaffList changed upstream; the arguments are the same"),
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

    found = told(result)
    assert result.exit_code == STATUS[severity]
    assert {"tool": tool, "severity": severity, "message": message} in found["changes"]
    assert found["proposed_version"] == version


def test_diff_tells_new_and_lost_tools(project: Path) -> None:
    replace(project / "connectors/phorest.yaml", "name: list_rooms", "name: list_all_rooms")

    told = run(project, "diff", "phorest", "--text").stdout

    assert "breaking    list_rooms: the tool is gone" in told
    assert "compatible  list_all_rooms: the tool is new" in told
    assert '+    name="list_all_rooms",' in told


@pytest.mark.requirement("GEN-DRIFT")
def test_diff_tells_what_a_helper_tool_no_longer_tells(project: Path) -> None:
    path = project / "connectors/phorest.yaml"
    replace(path, "    fields: [region, business_id, branch_id]\n", "    fields: [region]\n")

    assert changes(project, "phorest") == {
        ("get_connection_info", "breaking", "the answer no longer has branch_id"),
        ("get_connection_info", "breaking", "the answer no longer has business_id"),
    }


@pytest.mark.requirement("GEN-DRIFT")
def test_diff_tells_new_and_lost_helper_tools(project: Path) -> None:
    path = project / "connectors/phorest.yaml"
    text = path.read_text(encoding="utf-8")
    helpers = text[text.index("\nhelpers:") : text.index("\ntools:")]
    path.write_text(text.replace(helpers, ""), encoding="utf-8")
    gone = changes(project, "phorest")
    assert run(project, "build", "phorest").exit_code == 0
    path.write_text(text, encoding="utf-8")

    assert gone == {("get_connection_info", "breaking", "the tool is gone")}
    assert changes(project, "phorest") == {("get_connection_info", "compatible", "the tool is new")}


BROKEN_MODULES = {
    "conflict markers": (CONFLICT, "cannot be imported: SyntaxError: invalid syntax", 1),
    "another program": ("import os\n", "cannot be imported: LookupError: it has no CONNECTOR", 1),
    "a program that ends": ("\nraise SystemExit(3)\n", "cannot be imported: SystemExit: 3", 2),
    "what is no connector": (
        "CONNECTOR = ToolContext = 1\n",
        "cannot be imported: AttributeError: 'int' object has no attribute 'tools'",
        1,
    ),
    "a null character": ("a = '\0'\n", "cannot be imported: SyntaxError: ", 1),
}


@pytest.mark.parametrize("broken", BROKEN_MODULES.values(), ids=BROKEN_MODULES)
def test_a_committed_module_that_cannot_be_loaded_is_a_fault(
    project: Path, broken: tuple[str, str, int]
) -> None:
    text, problem, line = broken
    (project / "connectors/phorest.py").write_text(text, encoding="utf-8")

    result = run(project, "diff", "phorest")
    (fault,) = told(run(project, "diff", "phorest", "--json"))["diagnostics"]

    assert result.exit_code == 2
    assert result.stderr.startswith(f"connectors/phorest.py:{line}:")
    assert f"committed-module: {problem}" in result.stderr
    assert "hint: run `gen build phorest`" in result.stderr
    assert (fault["file"], fault["code"]) == ("connectors/phorest.py", "committed-module")


BROKEN_LOCKS = {
    "conflict markers": (CONFLICT, "phorest.lock:1:1: committed-lock: is no JSON: Expecting value"),
    "half of it": ('{\n  "format": 1,\n', "phorest.lock:3:1: committed-lock: is no JSON"),
    "a list": ("[]", "phorest.lock:1:1: committed-lock: is no lock: the file: Input should be"),
    "another format": (
        '{"format": 9, "operations": {}, "tools": {}}',
        "phorest.lock:1:1: committed-lock: is no lock: format: Input should be 1",
    ),
    "something without end": ("[" * 100_000, "phorest.lock:1:1: committed-lock: is nested"),
}


@pytest.mark.parametrize("broken", BROKEN_LOCKS.values(), ids=BROKEN_LOCKS)
def test_a_committed_lock_that_cannot_be_read_is_a_fault(
    project: Path, broken: tuple[str, str]
) -> None:
    text, problem = broken
    (project / "connectors/phorest.lock").write_text(text, encoding="utf-8")

    result = run(project, "diff", "phorest")
    (fault,) = told(run(project, "diff", "phorest", "--json"))["diagnostics"]

    assert result.exit_code == 2
    assert f"connectors/{problem}" in result.stderr
    assert "hint: run `gen build phorest`" in result.stderr
    assert (fault["file"], fault["code"]) == ("connectors/phorest.lock", "committed-lock")


def test_committed_files_that_are_no_text_are_faults(project: Path) -> None:
    for name in ("phorest.lock", "phorest.py"):
        (project / "connectors" / name).write_bytes(b"\xff\xfe")
        result = run(project, "diff", "phorest")

        assert result.exit_code == 2
        assert f"connectors/{name}:1:1: not-text: the file is not UTF-8" in result.stderr


def test_a_broken_module_and_a_broken_lock_are_told_at_once(project: Path) -> None:
    for name in ("phorest.py", "phorest.lock"):
        (project / "connectors" / name).write_text(CONFLICT, encoding="utf-8")

    faults = told(run(project, "diff", "phorest", "--json"))["diagnostics"]

    assert [fault["code"] for fault in faults] == ["committed-lock", "committed-module"]


def test_a_module_that_is_not_built_yet_is_one_json_value_for_programs(tmp_path: Path) -> None:
    project = case_project("minimal", tmp_path)

    result = run(project, "diff", "minimal")
    as_json = run(project, "diff", "minimal", "--json")

    assert (result.exit_code, as_json.exit_code) == (2, 2)
    assert "connectors/minimal.py does not exist yet" in result.stderr
    assert "hint: run `gen build minimal`" in result.stderr
    assert told(as_json)["ok"] is False
    assert told(as_json)["diagnostics"][0]["code"] == "not-built"


def test_a_missing_lock_leaves_the_modules_to_compare(project: Path) -> None:
    (project / "connectors/phorest.lock").unlink()

    result = run(project, "diff", "phorest")

    assert result.exit_code == 0
    assert result.stdout == "no tool changes; the module or its lock reads differently\n"


@pytest.mark.requirement("GEN-DRIFT")
def test_another_scope_is_breaking_since_issued_tokens_do_not_hold_it(tmp_path: Path) -> None:
    project = case_project("login_choices", tmp_path)
    connector = project / "connectors/login_choices.yaml"
    assert run(project, "build", "login_choices").exit_code == 0
    replace(connector, "    scope: accounts:close\n", "    scope: accounts.list'or'<b>\n")
    replace(connector, "  accounts:close: |\n    Close accounts\n    for good\n", "")
    replace(connector, "    scope: mcp.tools.call\n", "")

    assert changes(project, "login_choices") == {
        ("close_account", "breaking", "it needs the scope accounts.list'or'<b> now"),
        ("list_currencies", "breaking", "it needs no scope of its own now"),
    }
