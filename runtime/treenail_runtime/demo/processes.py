"""A command of the product as a process of its own, for as long as a block lasts."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

_TETHER: Final = Path(__file__).with_name("tether.py")
_URL: Final = re.compile(r"\bhttp://\S+")
_KEPT_BYTES: Final = 8_000
_PATIENCE_S: Final = 5.0


class ProcessError(Exception):
    """The process `name` did not start, or ended by itself; `said` is the end of its stderr."""

    def __init__(self, name: str, problem: str, said: str) -> None:
        super().__init__(f"the {name} {problem}")
        self.name = name
        self.said = said


class Started:
    """A process that tells its URL on its first line.

    Attributes:
        name: What people call it.
        url: Where it answers; empty until it told.
    """

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.url = ""
        self._process = process
        self._told = asyncio.Event()
        self._errors = b""

    @property
    def said(self) -> str:
        """The end of its standard error."""
        return self._errors.decode(errors="replace").strip()

    async def answers(self, timeout_s: float) -> None:
        """Wait for its URL.

        Raises:
            ProcessError: It ended, or did not tell one in time.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._told.wait()
        if not self.url:
            await self.stop()
            raise ProcessError(self.name, "did not start", self.said)

    async def ended(self) -> None:
        """Wait for its end.

        Raises:
            ProcessError: It ended; nothing else can happen here.
        """
        status = await self._process.wait()
        raise ProcessError(self.name, f"ended by itself, with status {status}", self.said)

    async def listen(self) -> None:
        """Read what it says until it ends; otherwise a full pipe would stop it."""
        assert self._process.stdout and self._process.stderr  # noqa: S101, PT018  # both are pipes
        await asyncio.gather(
            self._listen_for_url(self._process.stdout), self._keep_errors(self._process.stderr)
        )

    async def stop(self) -> None:
        """End it by the end of its standard input (see `tether`), by force when that takes long."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def _listen_for_url(self, stdout: asyncio.StreamReader) -> None:
        found = _URL.search((await stdout.readline()).decode(errors="replace"))
        self.url = found[0] if found else ""
        self._told.set()
        while await stdout.read(_KEPT_BYTES):
            pass

    async def _keep_errors(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(_KEPT_BYTES):
            self._errors = (self._errors + chunk)[-_KEPT_BYTES:]


@asynccontextmanager
async def started(
    name: str,
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    timeout_s: float = 60,
) -> AsyncGenerator[Started]:
    """`python -m module arguments`, answering at its URL; stopped at the end of the block.

    Raises:
        ProcessError: It ended, or did not tell its URL in time.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", str(_TETHER), module, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        # Ctrl-C in the terminal is for us alone; we stop the others in order.
        process_group=0,
    )
    running = Started(name, process)
    listening = asyncio.create_task(running.listen())
    try:
        await running.answers(timeout_s)
        yield running
    finally:
        await running.stop()
        await listening
