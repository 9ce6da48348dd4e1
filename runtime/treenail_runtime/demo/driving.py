"""The MCP SDK's client, calling every tool of a connector as an agent would."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import urljoin

import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.auth import OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from treenail_runtime.contract import Connector, JsonObject, Tool

from .authorizing import AuthorizationError
from .gathering import Gathered
from .person import LoginError

Mode = Literal["auto", "legacy"]

MODES: Final[Sequence[Mode]] = ("auto", "legacy")
"""What the SDK's client does first: ask what the server speaks, or initialize."""

_TIMEOUT_S: Final = 30.0


class UnlistedError(Exception):
    """The server does not offer the tools that the connector has."""


CLIENT_FAULTS: Final = (
    AuthorizationError,
    LoginError,
    MCPError,
    OAuthFlowError,
    RuntimeError,
    UnlistedError,
    ValidationError,
    httpx2.HTTPError,
)
"""What a client says of a server that breaks the protocol, or is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool.

    Attributes:
        era: The protocol version that was spoken.
        answer: The structured answer; empty for a failed call.
        problem: What the agent was told of the failure; None for a call that succeeded.
        ms: As the client experienced it.
    """

    tool: str
    era: str
    arguments: JsonObject
    answer: JsonObject
    problem: str | None
    ms: float

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.problem is None


async def reset(mock_url: str) -> None:
    """Have the mock upstream forget what was written to it."""
    async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_S) as http:
        answer = await http.post(urljoin(mock_url, "/__mock__/reset"))
        answer.raise_for_status()


@asynccontextmanager
async def connected(url: str, mode: Mode, auth: httpx2.Auth) -> AsyncGenerator[Client]:
    """A client that has agreed on a protocol version with the server at `url`.

    Args:
        url: The MCP endpoint.
        mode: What it does first.
        auth: How it authorizes.
    """
    try:
        async with (
            # A proxy of the environment could not reach this machine's loopback addresses.
            httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_S, auth=auth) as http,
            Client(
                streamable_http_client(url, http_client=http),
                mode=mode,
                read_timeout_seconds=_TIMEOUT_S,
            ) as client,
        ):
            yield client
    except ExceptionGroup as errors:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # A client that is cancelled may end with an error of its own instead.
            raise asyncio.CancelledError from errors
        raise _innermost(errors) from errors


async def listed(client: Client, connector: Connector) -> Sequence[types.Tool]:
    """The tools that the server offers.

    Raises:
        UnlistedError: They are not the connector's.
    """
    tools: list[types.Tool] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools.extend(page.tools)
        cursor = page.next_cursor
        if cursor is None:
            break
    if [tool.name for tool in tools] != [tool.name for tool in connector.tools]:
        raise UnlistedError(
            f"tools/list told {', '.join(tool.name for tool in tools) or 'no tools'}"
        )
    return tools


async def calls(client: Client, connector: Connector, gathered: Gathered) -> AsyncIterator[Call]:
    """One call of every tool, the reading ones first; their answers go to `gathered`."""
    logins = {field.name for field in connector.login}
    for tool in sorted(connector.tools, key=lambda tool: not tool.annotations.read_only):
        wanted = logins.intersection(tool.input_schema.get("properties", {}))
        call = await _call(client, tool, gathered.arguments(tool.example, sorted(wanted)))
        gathered.add(call.answer)
        yield call


async def _call(client: Client, tool: Tool, arguments: JsonObject) -> Call:
    start = time.perf_counter()
    try:
        result = await client.call_tool(tool.name, dict[str, Any](arguments))
    except CLIENT_FAULTS as error:
        problem, answer = f"{type(error).__name__}: {error}", None
    else:
        problem = _text(result) if result.is_error else None
        answer = cast("JsonObject | None", result.structured_content)
    return Call(
        tool=tool.name,
        era=client.protocol_version,
        arguments=arguments,
        answer=answer or {},
        problem=problem,
        ms=(time.perf_counter() - start) * 1000,
    )


def _innermost(error: Exception) -> Exception:
    """What happened in the tasks of the client, which hands it on in a group for each of them."""
    if not isinstance(error, ExceptionGroup):
        return error
    return _innermost(cast("ExceptionGroup[Exception]", error).exceptions[0])


def _text(result: types.CallToolResult) -> str:
    return "\n".join(each.text for each in result.content if isinstance(each, types.TextContent))
