"""Thirty tools over GitHub's own document of 1,223 operations: built, checked, mocked, served."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import agent, answered, refused
from tests.support.project import run, told
from tests.support.serving import serving
from treenail_runtime.app.connecting import Offering
from treenail_runtime.loading import connection_from_environment, load_connector

TOKEN = "github_pat_right-but-for-the-mock"  # noqa: S105  # made up
HERE = Path(__file__).parent
pytestmark = pytest.mark.requirement("CONN-GITHUB")


@pytest.fixture(scope="module")
def project(github_document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that `gen build` has built."""
    root = tmp_path_factory.mktemp("github")
    (root / "connectors").mkdir()
    (root / "specs").mkdir()
    shutil.copy(HERE / "github.yaml", root / "connectors" / "github.yaml")
    shutil.copy(github_document, root / "specs" / "github.json")
    built = run(root, "build", "github", "--json")
    assert built.exit_code == 0, built.output
    return root


@pytest.fixture(scope="module")
def mock(project: Path) -> Iterator[MockUpstream]:
    connector = project / "connectors" / "github.yaml"
    with MockUpstream(connector, project / "specs" / "github.json") as upstream:
        yield upstream


def offering(project: Path, mock: MockUpstream, token: str = TOKEN) -> Offering:
    connector = load_connector(project / "connectors", "github")
    environment = {"GITHUB_TOKEN": token}
    connection = connection_from_environment(connector, environment, upstream_url=mock.url)
    return Offering(connector=connector, connection=connection)


def test_what_is_built_is_what_the_inputs_give_within_its_budget(project: Path) -> None:
    checked = run(project, "check", "github")
    listed = told(run(project, "list", "github", "--json"))

    assert checked.exit_code == 0, checked.output
    assert len(listed["tools"]) == 30
    assert listed["tokens"] < 9000


def test_the_linter_finds_no_error(project: Path) -> None:
    linted = run(project, "lint", "github")

    assert linted.exit_code == 0, linted.output


CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("get_me", {}, "GET /user"),
    ("list_my_repos", {"per_page": 5}, "GET /user/repos"),
    ("get_repo", {"owner": "octocat", "repo": "hello"}, "GET /repos/octocat/hello"),
    (
        "get_content",
        {"owner": "octocat", "repo": "hello", "path": "a b.py"},
        "GET /repos/octocat/hello/contents/a%20b.py",
    ),
    (
        "create_issue",
        {"owner": "octocat", "repo": "hello", "title": "Broken", "assignees": ["octocat"]},
        "POST /repos/octocat/hello/issues",
    ),
    ("search_issues", {"q": "is:open"}, "GET /search/issues"),
]


async def test_an_agent_works_with_it(project: Path, mock: MockUpstream) -> None:
    lines: list[str] = []
    async with serving(offering(project, mock)) as server, agent(server.url) as client:
        assert len((await client.list_tools()).tools) == 30
        for tool, arguments, _ in CALLS:
            mock.reset()
            assert await answered(client, tool, **arguments)
            request = mock.log()[-1]
            headers = dict(request["headers"])
            assert headers["x-github-api-version"] == "2022-11-28"
            lines.append(f"{request['method']} {request['path']}")

    assert lines == [line for _, _, line in CALLS]


async def test_a_wrong_token_asks_the_person_to_connect_again(
    project: Path, mock: MockUpstream
) -> None:
    async with serving(offering(project, mock, "wrong")) as server, agent(server.url) as client:
        text = await refused(client, "get_me")

    assert "401" in text
    assert "connect again" in text
