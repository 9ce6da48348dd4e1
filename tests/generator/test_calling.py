"""`gen call`: one tool of a built connector, against the mock of its upstream."""

import json
from pathlib import Path

from tests.support.mock_upstream import BRANCH, MockUpstream
from tests.support.phorest import CONNECTORS
from tests.support.running import gen, gen_call

BRANCH_ID = BRANCH.rpartition("/")[2]


def test_a_call_prints_the_answer(project: Path, mock_upstream: MockUpstream) -> None:
    result = gen_call(project, mock_upstream, "list_branches")
    as_json = gen_call(project, mock_upstream, "list_branches", "--json")

    assert (result.returncode, result.stderr) == (0, "")
    assert BRANCH_ID in {each["branch_id"] for each in json.loads(result.stdout)["branches"]}
    (line,) = as_json.stdout.splitlines()
    assert json.loads(line) == json.loads(result.stdout)


def test_arguments_come_as_pairs_or_as_json(project: Path, mock_upstream: MockUpstream) -> None:
    mock_upstream.reset()

    pairs = gen_call(project, mock_upstream, "list_staff", "page=1", f"branch_id={BRANCH_ID}")
    text = json.dumps({"page": 1, "branch_id": BRANCH_ID})
    whole = gen_call(project, mock_upstream, "list_staff", "--args", text)

    assert (pairs.returncode, whole.returncode) == (0, 0), pairs.stderr + whole.stderr
    assert pairs.stdout == whole.stdout
    first, second = mock_upstream.log(2)
    assert (first["path"], first["query"]) == (second["path"], second["query"])
    assert "page=1" in first["query"]


def test_refused_arguments_end_with_status_1(project: Path, mock_upstream: MockUpstream) -> None:
    result = gen_call(project, mock_upstream, "list_staff", "pgae=1")
    as_json = gen_call(project, mock_upstream, "list_staff", "pgae=1", "--json")

    assert (result.returncode, result.stdout) == (1, "")
    assert "pgae: unknown argument, did you mean page?" in result.stderr
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["error"]["kind"] == "invalid_arguments"


def test_what_the_upstream_refuses_ends_with_status_1(
    project: Path, mock_upstream: MockUpstream
) -> None:
    result = gen_call(project, mock_upstream, "get_client", "client_id=unknown")

    assert result.returncode == 1
    assert "No such record" in result.stderr


def test_what_cannot_be_called_ends_with_status_2(
    project: Path, mock_upstream: MockUpstream
) -> None:
    tool = gen_call(project, mock_upstream, "list_stuff")
    connector = gen("call", "phorset", "list_staff", "--project", str(project))
    nothing = gen("call", "phorest")

    assert (tool.returncode, connector.returncode, nothing.returncode) == (2, 2, 2)
    assert "Unknown tool: list_stuff; did you mean list_staff?" in tool.stderr
    assert "did you mean 'phorest'?" in connector.stderr
    assert "Usage: gen call " in nothing.stderr


def test_the_project_is_here_unless_it_is_named(
    root: Path, tmp_path: Path, mock_upstream: MockUpstream
) -> None:
    call = ("call", "phorest", "list_branches", "--upstream-url", mock_upstream.url)
    variable = {"TREENAIL_CONNECTORS_DIR": str(CONNECTORS)}

    here = gen(*call, cwd=root)
    elsewhere = gen(*call, cwd=tmp_path)
    named = gen(*call, "--project", str(root), cwd=tmp_path)
    by_variable = gen(*call, cwd=tmp_path, environment=variable)

    assert here.returncode == named.returncode == by_variable.returncode == 0
    assert here.stdout == named.stdout == by_variable.stdout
    assert elsewhere.returncode == 2


def test_help_is_about_gen_call() -> None:
    for option in ("--help", "-h"):
        shown = gen("call", option)

        assert shown.returncode == 0
        assert shown.stdout.startswith("Usage: gen call [OPTIONS] CONNECTOR TOOL [NAME=VALUE]...")
        assert "--project" in shown.stdout
