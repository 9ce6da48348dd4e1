"""`gen mock` as a process on loopback: a real upstream to test against."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import httpx
import pytest

ROOT = Path(__file__).parents[2]
CREDENTIALS = ("global/anna@example.com", "right")
"""User name and password that the mock of Phorest takes."""

CLIENT = "ttv4HUsbHAtBl96E-kFe_A"
"""A client that the document shows, and so the mock has; `BRANCH` stands for such a branch."""

BUSINESS = "/api/business/b1"
BRANCH = f"{BUSINESS}/branch/OH6ngN-VsK7sXsnCIBKJtA"

_MAIN = """
import json, pathlib, sys
from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.mock import run_mock

connector, spec, options = sys.argv[1:]
run_mock(
    read_document(pathlib.Path(spec).read_text(encoding="utf-8"), spec),
    read_connector_file(pathlib.Path(connector).read_text(encoding="utf-8"), connector),
    **json.loads(options),
)
"""
_DIRECT = build_opener(ProxyHandler({}))


class MockUpstream:
    """The mock of one connector, running from `with` to its end.

    Attributes:
        url: What to use as the server's URL, base path included.
        origin: The same without the base path.
    """

    url: str
    origin: str
    _process: subprocess.Popen[str]
    _errors: IO[str]
    _stopped: tuple[int, str] | None = None

    def __init__(
        self,
        connector: Path = ROOT / "connectors" / "phorest.yaml",
        spec: Path = ROOT / "specs" / "phorest.yaml",
        **options: Any,
    ) -> None:
        """`options` go to `run_mock`: seed, fault, fault_every, latency_ms, host, port."""
        self._command = [
            sys.executable,
            "-c",
            _MAIN,
            str(connector),
            str(spec),
            json.dumps(options),
        ]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._errors = self._open.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._errors, text=True, encoding="utf-8"
        )
        self._open.callback(self.stop)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("mock "):
            self._process.wait(timeout=10)
            failure = self.access_log()
            self._open.close()
            pytest.fail(f"the mock did not start: {failure}")
        self.url = line.split(" at ")[1].strip()
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def stop(self) -> tuple[int, str]:
        """Ask it to stop; its exit status, and what it printed after its first line."""
        if self._stopped is None:
            self._process.terminate()
            rest, _ = self._process.communicate(timeout=10)
            self._stopped = self._process.returncode, rest
        return self._stopped

    def log(self, count: int = 20) -> list[dict[str, Any]]:
        """The last requests, oldest first: method, path, query, headers, body, status."""
        return self._control("GET", f"log?n={count}")["requests"]

    def reset(self) -> None:
        """Forget everything that was written and asked."""
        self._control("POST", "reset")

    def access_log(self) -> str:
        """Everything on standard error so far."""
        self._errors.seek(0)
        return self._errors.read()

    def _control(self, method: str, path: str) -> dict[str, Any]:
        request = Request(f"{self.origin}/__mock__/{path}", method=method)  # noqa: S310  # loopback
        with _DIRECT.open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")


@pytest.fixture(scope="session")
def mock_upstream() -> Iterator[MockUpstream]:
    """The mock of Phorest, shared by all tests; call `reset` before counting on its state."""
    with MockUpstream() as upstream:
        yield upstream


@pytest.fixture
def mock_http(mock_upstream: MockUpstream) -> Iterator[httpx.Client]:
    """A client of the mock of Phorest, as it was after its start; takes paths below `url`."""
    mock_upstream.reset()
    with httpx.Client(base_url=mock_upstream.url, auth=CREDENTIALS, trust_env=False) as client:
        yield client
