"""The Phorest connector, served; and an agent at it, which is the MCP SDK's client."""

import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.mock_upstream import MockUpstream
from treenail_runtime.app.connecting import Offering
from treenail_runtime.loading import connection_from_environment, load_connector

ROOT = Path(__file__).parents[2]
CONNECTORS = ROOT / "connectors"
BRANCH_ID = "OH6ngN-VsK7sXsnCIBKJtA"
"""A branch that the document shows, and so the mock has."""

PASSWORD = "right-but-for-the-mock"  # noqa: S105  # made up
ENVIRONMENT = {
    "PHOREST_REGION": "eu",
    "PHOREST_BUSINESS_ID": "b1",
    "PHOREST_EMAIL": "anna@example.test",
    "PHOREST_PASSWORD": PASSWORD,
    "PHOREST_BRANCH_ID": BRANCH_ID,
}
VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""What each mode of the client agrees on with the server."""

BOTH_ERAS = pytest.mark.parametrize("mode", VERSIONS)


@contextmanager
def serving_phorest(upstream_url: str) -> Generator[str]:
    """The URL of `treenail serve phorest`, a process of its own."""
    options = ("--no-auth", "--port", "0", "--upstream-url", upstream_url)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "treenail_runtime", "serve", "phorest", *options],
            env={"TREENAIL_CONNECTORS_DIR": str(CONNECTORS), **ENVIRONMENT},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            if not line.startswith("serving phorest at "):
                process.wait(timeout=10)
                errors.seek(0)
                pytest.fail(f"the server did not start: {errors.read()}")
            yield line.split(" at ")[1].strip()
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def phorest_url(mock_upstream: MockUpstream) -> Iterator[str]:
    """The connector, served before the mock that all tests share."""
    with serving_phorest(mock_upstream.url) as url:
        yield url


def phorest(upstream_url: str, *, folder: Path = CONNECTORS, **fields: str) -> Offering:
    """The connector, to be served in the test's event loop; `fields` are variables of the login."""
    connector = load_connector(folder, "phorest")
    environment = ENVIRONMENT | fields
    return Offering(
        connector=connector,
        connection=connection_from_environment(connector, environment, upstream_url=upstream_url),
    )


@asynccontextmanager
async def agent(url: str, mode: str = "auto") -> AsyncGenerator[Client]:
    """The SDK's client, connected; proxies of the environment are left alone."""
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def answered(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured answer of a call that succeeds."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """What the agent reads of a call that fails."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    assert result.structured_content is None
    return text_of(result)


def text_of(result: types.CallToolResult) -> str:
    """The text of a result, which has one part."""
    (part,) = result.content
    assert isinstance(part, types.TextContent)
    return part.text


def tool_requests(mock: MockUpstream) -> list[dict[str, Any]]:
    """What tools sent since the last reset; the server's own check of its credentials left out."""
    return [each for each in mock.log(1000) if each["query"] != "size=1"]
