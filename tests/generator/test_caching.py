"""`cache` of a tool: what the build makes of it, and who is told when it changes."""

from pathlib import Path

import pytest

from tests.generator.lint.small import TOOLS, build_small, found, told
from tests.support.project import case_project, replace, run
from tests.support.project import told as data


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = case_project("cached", tmp_path)
    assert run(made, "build", "cached").exit_code == 0
    return made


@pytest.mark.requirement("CACHE-FILE", "GEN-DRIFT")
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("cache: 60s", "cache: 2m", "its answers are up to 120 s old now"),
        (", cache: 60s", "", "its answers are always new now"),
    ],
)
def test_another_time_is_a_compatible_change(
    project: Path, before: str, after: str, message: str
) -> None:
    replace(project / "connectors/cached.yaml", before, after)

    checked, result = run(project, "check", "cached"), run(project, "diff", "cached", "--json")

    assert checked.exit_code == 1
    assert result.exit_code == 1
    assert data(result)["changes"] == [
        {"tool": "list_things", "severity": "compatible", "message": message}
    ]
    assert data(result)["proposed_version"] == "1.1.0"


@pytest.mark.requirement("CACHE-FILE")
def test_a_tool_that_begins_to_keep_answers_is_told(project: Path) -> None:
    path = project / "connectors/cached.lock"
    lock = path.read_text(encoding="utf-8")
    path.write_text(lock.replace('"cache_s": 60.0,', ""), encoding="utf-8")

    told_now = run(project, "diff", "cached").stdout

    assert "compatible  list_things: its answers are up to 60 s old now" in told_now


@pytest.mark.requirement("CACHE-FILE", "DOCS-PAGE")
def test_the_page_tells_how_old_answers_may_be(project: Path) -> None:
    page = run(project, "docs", "cached", "--output", "-").stdout

    assert "Sends `GET /things`. Scope `mcp.tools.read`. Answers may be up to 60 s old.\n" in page
    assert "Sends `POST /things`. Scope `mcp.tools.call`.\n" in page


@pytest.mark.requirement("CACHE-FILE")
def test_an_agent_that_does_not_know_of_old_answers_is_warned_of() -> None:
    silent = TOOLS.replace("name: list_orders", "name: list_orders\n  cache: 10m")
    telling = silent.replace("newest first.", "newest first, up to ten minutes old.")
    short = TOOLS.replace("name: list_orders", "name: list_orders\n  cache: 5m")

    assert told(found("untold-age", build_small(silent))) == [
        (
            "warning",
            "list_orders",
            "answers may be 600 s old, and the description does not tell",
        )
    ]
    assert found("untold-age", build_small(telling)) == []
    assert found("untold-age", build_small(short)) == []
    assert found("untold-age", build_small()) == []
