"""`gen` as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import ENVIRONMENT

GEN = (sys.executable, "-m", "treenail_generator")


def gen(
    *arguments: str, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """`gen ARGUMENTS`, to its end."""
    return subprocess.run(
        [*GEN, *arguments],
        cwd=cwd,
        env=ENVIRONMENT | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def gen_call(
    project: Path, upstream: MockUpstream, tool: str, *pairs: str
) -> "subprocess.CompletedProcess[str]":
    """`gen call phorest TOOL PAIRS` of a project, against the mock."""
    where = ("--project", str(project), "--upstream-url", upstream.url)
    return gen("call", "phorest", tool, *pairs, *where)


@contextmanager
def gen_mock(*options: str) -> Generator["subprocess.Popen[str]"]:
    """`gen mock phorest OPTIONS` over the committed connector; its first line is not read yet."""
    with subprocess.Popen(
        [*GEN, "mock", "phorest", *options],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ.get("PATH", "")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()
