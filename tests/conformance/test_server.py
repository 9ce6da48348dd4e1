"""The official suite's requirement sets, against the product with everything around its tools.

The suite shows no token, so a proxy does. What cannot pass is listed in `expected-<revision>.yml`.
"""

import re
from pathlib import Path

import pytest

from tests.support import node
from tests.support.bearer_proxy import showing
from tests.support.person import sign_in
from tests.support.serving_oauth import Served

SUITE = "@modelcontextprotocol/conformance"
HERE = Path(__file__).parent
REVISIONS = {"2025-11-25": (42, 24), "2026-07-28": (111, 63)}
"""Checks that pass, and checks that fail; warnings are expected, too, but counted nowhere."""

GREEN = {
    "2025-11-25": {
        "server-initialize",
        "server-session-lifecycle",
        "ping",
        "tools-list",
        "tools-call-simple-text",
        "tools-call-error",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
    },
    "2026-07-28": {
        "tools-list",
        "tools-call-simple-text",
        "tools-call-error",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "http-header-validation",
        "http-custom-header-server-validation",
    },
}
"""What must pass in full, with at least one check."""


async def _run(served: Served, *options: str) -> node.Finished:
    tokens = await sign_in(served.base_url)
    async with showing(tokens.access, served.url) as url:
        return await node.run(node.command(SUITE), "server", "--url", url, *options)


@pytest.mark.requirement("EX-04", "S2-13", "MCP-ERAS", "MCP-TOOLS", "MCP-LISTEN")
@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_server_does_what_the_revision_requires_of_tools(
    reference: Served, revision: str
) -> None:
    expected = HERE / f"expected-{revision}.yml"

    done = await _run(reference, "--requirements", revision, "--expected-failures", str(expected))

    assert done.code == 0, done.out
    assert "Baseline check passed" in done.out
    summary = re.search(r"^Total: (\d+) passed, (\d+) failed$", done.out, re.MULTILINE)
    assert summary is not None
    assert (int(summary[1]), int(summary[2])) == REVISIONS[revision]
    assert set(re.findall(r"^✓ (\S+): [1-9]\d* passed", done.out, re.MULTILINE)) >= GREEN[revision]


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_expected_failure_tells_its_reason(revision: str) -> None:
    text = (HERE / f"expected-{revision}.yml").read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line.startswith("  - ")]

    assert entries
    assert all(re.fullmatch(r"  - [\w-]+:[\w-]+ # \S.+", entry) for entry in entries)


async def test_a_failure_that_is_expected_in_vain_fails_the_run(
    reference: Served, tmp_path: Path
) -> None:
    stale = tmp_path / "stale.yml"
    stale.write_text("server:\n  - ping:ping\n", encoding="utf-8")

    done = await _run(
        reference,
        *("--scenario", "ping", "--spec-version", "2025-11-25"),
        *("--expected-failures", str(stale)),
    )

    assert done.code == 1
    assert "Baseline is stale" in done.out
