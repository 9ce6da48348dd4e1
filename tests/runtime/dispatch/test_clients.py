"""The SDK's own client, in both eras and over both framings."""

import httpx2
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation, TextContent

from tests.support.loopback import loopback, reply
from tests.support.serving import offering, serving

FRAMINGS = pytest.mark.parametrize("framing", ["kernel", "sdk"])
VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
MODES = pytest.mark.parametrize("mode", VERSIONS)


@pytest.mark.requirement("MCP-ERAS", "MCP-TOOLS", "S0-16")
@MODES
@FRAMINGS
async def test_a_client_finds_the_tools_and_calls_them(framing: str, mode: str) -> None:
    async with (
        loopback(reply(200, b'{"id":"a1","price":2}')) as upstream,
        serving(offering(upstream.url), framing=framing) as server,
        Client(server.url, mode=mode) as client,
    ):
        listed = await client.list_tools()
        answer = await client.call_tool("get_item", {"item_id": "a1", "page": 3})

        assert client.protocol_version == VERSIONS[mode]
        assert client.instructions == "Call get_connection_info first."
        assert client.server_info == Implementation(
            name="sample", version="1.2.3", title="Sample shop"
        )
        (request,) = [each for each in upstream.requests if each.target != "/items"]

    tool = listed.tools[0]
    assert (tool.name, tool.title, tool.description) == ("get_item", "Get item", "One item.")
    assert tool.input_schema["additionalProperties"] is False
    assert tool.input_schema["required"] == ["item_id"]
    assert tool.annotations is not None
    assert tool.annotations.model_dump(exclude_none=True) == {"read_only_hint": True}
    assert answer.structured_content == {"id": "a1", "price": 2}
    assert answer.content == [TextContent(type="text", text='{"id":"a1","price":2}')]
    assert answer.is_error is False
    assert request.target == "/items/a1?page=3"


@pytest.mark.requirement("MCP-TOOLS", "MCP-ADVICE")
@MODES
@FRAMINGS
async def test_a_failure_is_a_result_with_advice(framing: str, mode: str) -> None:
    refusal = reply(404, b'{"error":{"code":"NO_ITEM","message":"No such item"}}')
    async with (
        loopback(refusal) as upstream,
        serving(offering(upstream.url), framing=framing) as server,
        Client(server.url, mode=mode) as client,
    ):
        answer = await client.call_tool("get_item", {"item_id": "a1"})

    assert answer.is_error is True
    assert answer.structured_content is None
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert "No such item" in content.text
    assert content.text.endswith("Advice: List the items first.")


@MODES
@FRAMINGS
async def test_an_unknown_tool_is_refused_with_the_nearest_name(framing: str, mode: str) -> None:
    async with serving(framing=framing) as server, Client(server.url, mode=mode) as client:
        with pytest.raises(MCPError, match=r"Unknown tool: get_itme; did you mean get_item\?"):
            await client.call_tool("get_itme", {})


@pytest.mark.requirement("S1-04")
@pytest.mark.parametrize("path", ["/mcp", "/sample/mcp"])
async def test_each_connector_has_its_own_address_and_the_first_one_also_mcp(path: str) -> None:
    async with serving() as server, Client(server.url.removesuffix("/mcp") + path) as client:
        assert client.server_info is not None
        assert client.server_info.name == "sample"


@pytest.mark.requirement("RS-24")
async def test_a_client_may_keep_the_list_of_tools_for_itself_for_a_while() -> None:
    """MCP 2026-07-28, Caching: the list may depend on the caller, so it is private."""
    async with serving() as server, Client(server.url) as client:
        listed = await client.list_tools()

    assert (listed.ttl_ms, listed.cache_scope) == (300_000, "private")


async def test_a_kept_connection_serves_many_calls() -> None:
    async with (
        loopback(reply(200, b"{}")) as upstream,
        serving(offering(upstream.url)) as server,
        httpx2.AsyncClient() as client,
    ):
        for _ in range(20):
            answer = await client.get(server.url.removesuffix("/mcp") + "/healthz")
            assert answer.json() == {"status": "ok"}
