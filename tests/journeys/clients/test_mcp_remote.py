"""mcp-remote: for agents that only speak stdio, a proxy that signs in with a browser."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from mcp import StdioServerParameters, stdio_client
from mcp.client import Client

from tests.support import node
from tests.support.fergus import TOOLS, fergus
from tests.support.phorest import ROOT, answered
from tests.support.serving_oauth import Served


@dataclass(frozen=True)
class Home:
    """The home folder of whoever runs the proxy."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        browser = self.folder / "browser"
        # Like a real one it leaves at once: only then the proxy opens its page for answers.
        visit = f'{sys.executable} -m tests.support.person "$1" >"$HOME/browser.log" 2>&1 &'
        browser.write_text(f"#!/bin/sh\n{visit}\n", encoding="utf-8")
        browser.chmod(0o700)
        return {
            "HOME": str(self.folder),
            "BROWSER": str(browser),
            "PYTHONPATH": str(ROOT),
            "MCP_REMOTE_CONFIG_DIR": str(self.folder),
        }

    def kept(self, name: str) -> dict[str, str]:
        """What the proxy keeps in one of its files."""
        (path,) = self.folder.glob(f"*/*_{name}.json")
        return json.loads(path.read_text(encoding="utf-8"))

    @asynccontextmanager
    async def agent(self, url: str, *options: str) -> AsyncGenerator[Client]:
        """An agent that talks to the server at `url` through the proxy."""
        command = [str(node.command("mcp-remote")), url, *options]
        server = StdioServerParameters(
            command=str(node.executable()), args=command, env=self.environment
        )
        with (self.folder / "proxy.log").open("w", encoding="utf-8") as log:
            async with Client(stdio_client(server, log), read_timeout_seconds=20) as client:
                yield client


@pytest.mark.requirement("AS-01", "AS-02", "AS-12", "RS-01", "RS-02", "S0-02", "S0-03", "S0-24")
@pytest.mark.parametrize("protocol", ["legacy", "auto"])
async def test_the_proxy_finds_its_way_in_works_and_refreshes(
    served: Served, tmp_path: Path, protocol: str
) -> None:
    home = Home(tmp_path)
    async with home.agent(served.url, "--protocol", protocol) as agent:
        assert len((await agent.list_tools()).tools) == 20
        assert (await answered(agent, "list_branches"))["branches"]
        first = home.kept("tokens")
        client_id = home.kept("client_info")["client_id"]

        assert (await served.family(client_id)).sessions == (protocol == "legacy")
        await served.expire_access(client_id)

        assert (await answered(agent, "list_branches"))["branches"]
    assert home.kept("tokens")["refresh_token"] != first["refresh_token"]
    assert (await served.family(client_id)).was_refreshed_once


@pytest.mark.requirement("PX-06", "S4-01")
async def test_no_token_goes_through_the_server(tmp_path: Path) -> None:
    async with fergus(tmp_path) as place:
        home = Home(tmp_path / "home")
        home.folder.mkdir()
        async with home.agent(place.url) as agent:
            assert len((await agent.list_tools()).tools) == TOOLS
            first = await answered(agent, "get_company")
            await place.expire(home.kept("client_info")["client_id"])
            again = await answered(agent, "get_company")
        assert first == again
        place.check_that_no_token_went_through()
