"""The official suite's scenarios for authorization servers; a person signs in at the page it names."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support import node
from tests.support.person import Person, register
from tests.support.ports import free_port
from tests.support.serving_oauth import Served

SUITE = "@modelcontextprotocol/conformance"


@asynccontextmanager
async def _suite(*options: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        node.executable(),
        node.command(SUITE),
        "authorization",
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _page(output: asyncio.StreamReader, issuer: str) -> str:
    """The page that the suite asks a person to open."""
    seen = ""
    async with asyncio.timeout(20):
        while line := (await output.readline()).decode():
            seen += line
            if found := re.search(rf"{re.escape(issuer)}/authorize\?\S+", line):
                return found[0]
    raise AssertionError(f"it names no page: {seen}")


@pytest.mark.requirement("EX-04", "AS-01", "AS-02", "AS-04", "AS-25")
@pytest.mark.parametrize("instance", ["", "/reference"], ids=["first", "by-name"])
@pytest.mark.parametrize("names_resource", [False, True], ids=["plain", "resource"])
async def test_the_code_grant_and_its_metadata_conform(
    reference: Served, instance: str, *, names_resource: bool
) -> None:
    issuer, port = f"{reference.base_url}{instance}", free_port()
    client_id = await register(issuer, f"http://127.0.0.1:{port}/callback")
    resource = ["--resource", f"{issuer}/mcp"] if names_resource else []
    options = ["--url", issuer, "--client-id", client_id, "--port", str(port), *resource]

    async with _suite(*options) as suite:
        assert suite.stdout is not None
        page = await _page(suite.stdout, issuer)
        visit = await Person().visit(page)
        told, _ = await suite.communicate()

    assert ("&resource=" in page) == names_resource
    assert visit.answer["iss"] == issuer
    summary = told.decode().partition("=== SUMMARY ===")[2]
    assert suite.returncode == 0, summary
    assert re.findall(r"^(\S) (\S+): (\d+) passed, (\d+) failed", summary, re.MULTILINE) == [
        ("✓", "authorization-server-metadata-endpoint", "2", "0"),
        ("✓", "authorization-code-grant", "1", "0"),
    ]


@pytest.mark.requirement("EX-04", "AS-01")
async def test_a_client_of_the_operator_passes_as_well(reference: Served) -> None:
    port = free_port()
    where = f"http://127.0.0.1:{port}/callback"
    client_id, secret = reference.add_client("Suite", "--redirect-uri", where)
    assert not secret
    options = ["--url", reference.base_url, "--client-id", client_id, "--port", str(port)]

    async with _suite(*options) as suite:
        assert suite.stdout is not None
        await Person().visit(await _page(suite.stdout, reference.base_url))
        told, _ = await suite.communicate()

    assert suite.returncode == 0, told.decode()
