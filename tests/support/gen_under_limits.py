"""Runs commands of `gen` under limits of memory and processor time, and tells what they touched.

`python -m tests.support.gen_under_limits MEGABYTES SECONDS` reads a JSON line for each run from
stdin, `[[argument, ...], ...]`, and answers each with a JSON line: the attributes of `Run`. Every
run is a child of its own, forked once all is imported, so that a run costs what it does and no more.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from click.testing import CliRunner

from tests.support.project import ROOT
from treenail_generator.cli import gen

_ELSEWHERE: Final = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
_NEEDED: Final = frozenset({"init", "build"})
_WARMING: Final = {
    "openapi": "3.1.0",
    "info": {"title": "Warm", "version": "1"},
    "servers": [{"url": "https://api.warm.test"}],
    "paths": {
        "/a": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"200": {"description": "Done."}},
            }
        }
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one run ended.

    Attributes:
        told: Status, stdout and stderr of every command; a status that is no number is the
            exception that came through.
        touched: The files that were opened, and whatever led out of the process.
        status: Of the process; 0 when no limit was reached.
        seconds: Processor time, children included.
    """

    told: list[tuple[object, str, str]]
    touched: list[str]
    status: int
    seconds: float


class Limited:
    """The process that runs commands; a context manager."""

    def __init__(self, *, megabytes: int, seconds: int) -> None:
        command = [sys.executable, "-m", "tests.support.gen_under_limits"]
        self._process = subprocess.Popen(
            [*command, str(megabytes), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def run(self, commands: list[list[str]]) -> Run:
        """Run the commands in a child of their own; those after a needed one that fails do not run."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(commands) + "\n")
        stdin.flush()
        told = json.loads(stdout.readline())
        return Run(**{each.name: told[each.name] for each in fields(Run)})


def main() -> None:
    """Answer every line."""
    megabytes, seconds = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        _warm(Path(folder))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run_in_child(json.loads(line), megabytes << 20, seconds)))
        sys.stdout.write("\n")
        sys.stdout.flush()


def _warm(folder: Path) -> None:
    """Import all that commands import late."""
    file = folder / "warm.json"
    file.write_text(json.dumps(_WARMING), encoding="utf-8")
    init = ["init", "warm", "--spec", str(file), "--all", "--outputs"]
    diff = ["diff", "warm", "--spec", str(file)]
    for command in (init, ["build", "warm"], ["check", "warm"], diff, ["lint", "warm"]):
        CliRunner().invoke(gen, [*command, "--project", str(folder)])


def _run_in_child(commands: list[list[str]], size: int, seconds: int) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as answer:
            answer.write(json.dumps(_run(commands, size, seconds)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    _, status, used = os.wait4(child, 0)
    return {
        **(json.loads(told) if told else {"told": [], "touched": []}),
        "status": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
    }


def _run(commands: list[list[str]], size: int, seconds: int) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    touched: dict[str, None] = {}

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            touched[f"open {os.path.realpath(os.fsdecode(arguments[0]))}"] = None
        elif event.startswith(_ELSEWHERE):
            touched[f"{event} {Path(str(arguments[0])).name}"] = None

    sys.addaudithook(watch)
    told: list[tuple[object, str, str]] = []
    for arguments in commands:
        result = CliRunner().invoke(gen, arguments)
        status: object = result.exit_code
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            status = "".join(traceback.format_exception(result.exception))[-3000:]
        told.append((status, result.stdout, result.stderr))
        if status != 0 and arguments[0] in _NEEDED:
            break
    return {"told": told, "touched": list(touched)}


if __name__ == "__main__":
    main()
