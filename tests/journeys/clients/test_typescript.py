"""The TypeScript SDK's client, in Node.js, from nothing to a refreshed token."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import node
from tests.support.commands import command, connectors_folder
from tests.support.fergus import TOOLS, fergus
from tests.support.person import Person
from tests.support.phorest import CONNECTORS
from tests.support.serving_oauth import Served
from treenail_runtime.loading import load_connector


class Application:
    """A script of `tests/node` that tells what happens to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> dict[str, Any]:
        """What it says next."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            return json.loads(await self._process.stdout.readline())

    async def calls(self, tool: str) -> dict[str, Any]:
        """The structured answer of a tool."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{tool}\n".encode())
        told = await self.told()
        assert not told["failed"], told
        return told["answer"]

    async def end(self) -> int:
        """Its exit status."""
        async with asyncio.timeout(10):
            # `communicate` alone leaves the input open.
            await self._process.communicate(b"")
        return self._process.returncode or 0


@asynccontextmanager
async def application(script: str, *arguments: str) -> AsyncGenerator[Application]:
    process = await asyncio.create_subprocess_exec(
        node.executable(),
        node.script(script),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # A page of tools is longer than a line that asyncio expects.
        limit=1 << 24,
    )
    try:
        yield Application(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.requirement("AS-01", "AS-02", "AS-12", "RS-01", "RS-02", "S0-02", "S0-03", "S0-24")
@pytest.mark.parametrize(
    ("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")], ids=["legacy", "auto"]
)
async def test_the_client_finds_its_way_in_works_and_refreshes(
    served: Served, mode: str, version: str
) -> None:
    person = Person()
    async with application("oauth-client.mjs", served.url, mode) as app:
        visit = await person.visit((await app.told())["page"])
        joined = await app.told()

        assert visit.told == "Thank you."
        assert joined["version"] == version
        assert joined["tools"] == [
            tool.name for tool in load_connector(CONNECTORS, "phorest").tools
        ]
        assert (await app.calls("list_branches"))["branches"]

        assert (await served.family(joined["client"])).sessions == (mode == "legacy")
        await served.expire_access(joined["client"])

        assert (await app.calls("list_branches"))["branches"]
        assert await app.end() == 0
    assert (await served.family(joined["client"])).was_refreshed_once


@pytest.mark.requirement("PX-06", "S4-01")
async def test_no_token_goes_through_the_server(tmp_path: Path) -> None:
    async with fergus(tmp_path) as place:
        async with application("oauth-client.mjs", place.url, "auto") as app:
            await Person().visit((await app.told())["page"])
            joined = await app.told()
            first = await app.calls("get_company")
            await place.expire(joined["client"])
            again = await app.calls("get_company")
            assert await app.end() == 0
        assert (first, len(joined["tools"])) == (again, TOOLS)
        place.check_that_no_token_went_through()


@pytest.mark.requirement("MCP-LISTEN", "LISTEN-DRAIN")
async def test_a_client_that_listens_hears_of_new_tools_and_of_the_end(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    async with (
        asyncio.timeout(60),
        command("serve", "--no-auth", "--port", "0", folder=folder) as server,
        application("listening-client.mjs", f"http://127.0.0.1:{await server.port()}/mcp") as app,
    ):
        begun = await app.told()
        module = folder / "sample.py"
        text = module.read_text(encoding="utf-8").replace('name="wait"', 'name="linger"')
        module.write_text(text, encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)
        changed = await app.told()
        server.process.terminate()
        ended = await app.told()

        assert await app.end() == 0
        assert (await server.end())[0] == 0
    assert begun["honored"] == {"toolsListChanged": True}
    assert set(changed["changed"]) - set(begun["tools"]) == {"linger"}
    assert ended == {"ended": "graceful"}
