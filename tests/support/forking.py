"""`treenail` commands as processes that need not load its libraries first.

Half of what a command takes is loading. One process does that for all commands of a test run and
is forked for each: a process of its own, with arguments, environment and files of its own.
"""

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_LOADED = ("admin", "cache", "cleanup", "clients", "connectors", "db", "instances", "keys")


def ended(
    *arguments: str,
    environment: Mapping[str, str],
    seconds: float,
    typed: bytes = b"",
    together: bool = False,
) -> tuple[int, bytes, bytes]:
    """Run `treenail ARGUMENTS` to its end: exit status, stdout, stderr.

    Args:
        arguments: Of the command line.
        environment: All of it.
        seconds: That it may take.
        typed: Its standard input.
        together: Stdout has what was written to either.

    Raises:
        TimeoutError: It takes longer than that.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [__name__, *(f"treenail_runtime.cli.{each}" for each in _LOADED)]
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        err = out if together else Path(folder, "err")
        given = Path(folder, "in")
        given.write_bytes(typed)
        files = (str(given), str(out), str(err))
        process = context.Process(target=_treenail, args=(arguments, dict(environment), files))
        process.start()
        process.join(seconds)
        status = process.exitcode
        if status is None:
            process.kill()
            process.join()
        process.close()
        if status is None:
            raise TimeoutError(f"treenail {' '.join(arguments)}")
        return status, out.read_bytes(), err.read_bytes()


def _treenail(
    arguments: tuple[str, ...], environment: Mapping[str, str], files: tuple[str, str, str]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, (path, how) in enumerate(zip(files, (os.O_RDONLY, writing, writing), strict=True)):
        os.dup2(os.open(path, how, 0o600), number)
    # The one that a forked process has reads nothing.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    sys.argv = ["treenail", *arguments]
    runpy.run_module("treenail_runtime", run_name="__main__", alter_sys=True)
