"""Start a server, wait until it answers, end it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import load
import machine
import mcp_wire
from contenders import SPEC, Contender

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.005
_SHOWN: Final = 3000
_UPSTREAM: Final = Path(__file__).with_name("upstream.py")


class StartError(Exception):
    """A server did not come up; the text ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        start_s: From the start of the process to the answer of its first request.
        first_answer: To that request, body and all.
    """

    pid: int
    port: int
    start_s: float
    first_answer: bytes


@contextmanager
def upstream() -> Generator[str]:
    """The URL of a fresh upstream."""
    port = free_port()
    command = [sys.executable, str(_UPSTREAM), str(SPEC), str(port)]
    request = b"GET /api/business/b/branch HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with _running(command, {}, machine.cores().load, port, request):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def serving(contender: Contender, upstream_url: str) -> Generator[Running]:
    """The contender, on the core of servers."""
    port = free_port()
    command = contender.command(port, upstream_url)
    on = machine.cores().server
    with _running(command, dict(contender.environment), on, port, mcp_wire.listing()) as running:
        yield running


@contextmanager
def _running(
    command: list[str], variables: dict[str, str], on: frozenset[int], port: int, request: bytes
) -> Generator[Running]:
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        with machine.running_on(on):
            process = subprocess.Popen(
                command,
                env={**_environment(), **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            answer = _first_answer(process, port, request)
            if answer is None:
                log.seek(0)
                written = log.read().decode(errors="replace")[-_SHOWN:]
                raise StartError(f"{' '.join(command)} does not answer:\n{written}")
            yield Running(process.pid, port, time.perf_counter() - start, answer)
        finally:
            _stop(process)


def _first_answer(process: subprocess.Popen[bytes], port: int, request: bytes) -> bytes | None:
    deadline = time.perf_counter() + _START_SECONDS
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS) as sock:
                sock.sendall(request)
                return _whole_answer(sock)
        except ConnectionError:
            time.sleep(_POLL_SECONDS)
    return None


def _whole_answer(sock: socket.socket) -> bytes:
    received = b""
    while (body := load.body_of(received)) is None:
        data = sock.recv(1 << 16)
        if not data:
            raise ConnectionResetError
        received += data
    return body


def _environment() -> dict[str, str]:
    """Ours, without settings of the product that happen to be there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TREENAIL_")}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its own session, so nothing of it survives.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """One that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port
