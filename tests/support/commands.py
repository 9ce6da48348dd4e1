"""`treenail` as a process."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import sample
from tests.support.forking import ended
from tests.support.serving import CANARY

PATIENCE_S = 60
"""For what takes a second on a machine that has nothing else to do."""

ENVIRONMENT = {"SAMPLE_EMAIL": "ann@example.test", "SAMPLE_PASSWORD": CANARY}


def connectors_folder(tmp_path: Path) -> Path:
    """A connectors folder with `sample.py`."""
    folder = tmp_path / "connectors"
    folder.mkdir()
    shutil.copy(Path(sample.__file__), folder / "sample.py")
    return folder


@dataclass
class Command:
    """A `treenail` process."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self.process.stdout.readline()).decode().rstrip("\n")

    async def logged(self, event: str) -> str:
        """The next line on stderr that tells of `event`."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stderr.readline()).decode():
                if event in line:
                    return line
        raise AssertionError(f"{event} was never logged")

    async def port(self) -> int:
        """The port that `serve` tells."""
        found = re.search(r":(\d+)/mcp$", await self.line())
        assert found is not None
        return int(found[1])

    async def end(self) -> tuple[int, str, str]:
        """Exit status, and what was written to stdout and stderr (and not read yet)."""
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def command(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] = ENVIRONMENT,
    own_group: bool = False,
) -> AsyncGenerator[Command]:
    """`treenail ARGUMENTS` with `folder` as its connectors; killed if it outlives the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "treenail_runtime",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"TREENAIL_CONNECTORS_DIR": str(folder), **environment},
        start_new_session=own_group,
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def run(
    *arguments: str, folder: Path, environment: Mapping[str, str] = ENVIRONMENT
) -> tuple[int, str, str]:
    """Run `treenail ARGUMENTS` to its end: exit status, stdout, stderr."""
    variables = {"TREENAIL_CONNECTORS_DIR": str(folder), **environment}
    status, out, err = await asyncio.to_thread(
        ended, *arguments, environment=variables, seconds=PATIENCE_S
    )
    return status, out.decode(), err.decode()
