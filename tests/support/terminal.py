"""A person at a terminal who types what a page of the documentation shows, line by line."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.support.ports import free_port

# Commands that stay up, and how the line begins with which they say that they serve.
_SERVING = {" mock ": "mock ", " serve ": "serving "}
_READY_WITHIN_S = 60
_PROGRAMS = Path(sys.executable).parent
_ENDS_WITHIN_S = 300

_SHELL = """{command}
status=$?
env -0 > "{state}/environment"
pwd > "{state}/folder"
exit $status
"""


def commands_of(page: Path) -> list[str]:
    """The lines of its `sh` blocks."""
    text = page.read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def checkout_copy(root: Path, folder: Path) -> Path:
    """What a person has before the first command: a checkout that may be written into."""
    copy = folder / "checkout"
    copy.mkdir()
    written = {"connectors", "specs"}
    for entry in root.iterdir():
        if entry.name in written:
            shutil.copytree(entry, copy / entry.name)
        elif entry.name != ".env" and ".db" not in entry.suffixes:
            (copy / entry.name).symlink_to(entry)
    return copy


@dataclass
class Terminal:
    """One shell, as far as pages need it: it remembers its folder and its environment.

    Attributes:
        ports: The port that is used for each one that the page names, so that nothing on this
            machine is in the way.
    """

    folder: Path
    state: Path
    stack: ExitStack
    environment: dict[str, str]
    ports: dict[str, str] = field(default_factory=dict[str, str])

    def type(self, line: str) -> str:
        """Run a line to its end, or until it serves; what it printed.

        Raises:
            AssertionError: It failed.
        """
        line = re.sub(r"\b8[0-9]{3}\b", self._port, line)
        for word, said in _SERVING.items():
            if word in line and "--help" not in line:
                return self._serve(line, said)
        return self._run(line)

    def url(self, text: str) -> str:
        """A URL of the page, with the port that is used for it."""
        return re.sub(r"\b8[0-9]{3}\b", self._port, text)

    def stop(self) -> None:
        """Ctrl-C in every terminal where something serves, the last one first."""
        self.stack.close()

    def _port(self, found: re.Match[str]) -> str:
        return self.ports.setdefault(found[0], str(free_port()))

    def _run(self, line: str) -> str:
        script = _SHELL.format(command=line, state=self.state)
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_ENDS_WITHIN_S,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        told = (self.state / "environment").read_text(encoding="utf-8").rstrip("\0").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in told)
        self.folder = Path((self.state / "folder").read_text(encoding="utf-8").rstrip("\n"))
        return done.stdout

    def _serve(self, line: str, said: str) -> str:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {line}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        # Read all the time: a full pipe would hold the server up.
        told: list[str] = []
        reader = threading.Thread(target=_read, args=(process.stderr, told), daemon=True)
        reader.start()
        self.stack.callback(_end, process, reader, line)
        watchdog = threading.Timer(_READY_WITHIN_S, process.kill)
        watchdog.start()
        try:
            first = process.stdout.readline()
        finally:
            watchdog.cancel()
        assert first.startswith(said), f"{line}\n{first}{''.join(told)}"
        return first


def _read(stream: IO[str], told: list[str]) -> None:
    told.extend(stream)


def _end(process: "subprocess.Popen[str]", reader: threading.Thread, line: str) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(timeout=_READY_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    finally:
        reader.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    assert status == 0, f"{line}: status {status}"


@contextmanager
def terminal(
    folder: Path, state: Path, *, programs: Path | None = _PROGRAMS
) -> Generator[Terminal]:
    """A shell in `folder`, without settings of whoever runs the tests.

    Args:
        folder: Where it begins.
        state: A folder outside, for its memory.
        programs: A folder of commands that can be called by name.
    """
    path = os.environ.get("PATH", "")
    environment = {
        "HOME": str(state),
        "LANG": "C.UTF-8",
        "PATH": f"{programs}{os.pathsep}{path}" if programs else path,
    }
    with ExitStack() as stack:
        yield Terminal(folder=folder, state=state, stack=stack, environment=environment)
