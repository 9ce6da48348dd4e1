"""The MCP SDK's low-level server for one connector: the protocol is the SDK's, the tools are ours."""

from collections.abc import Callable
from typing import Any, Final, cast

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from treenail_runtime.contract import Tool, ToolContext

from .callers import InsufficientScopeError, demand_scope
from .calls import Calls, UnknownToolError
from .outcome import result_of

_FRESH_MS: Final = 300_000
"""How long a client may keep the list of tools; it changes only with a new module."""

CurrentContext = Callable[[], ToolContext]
"""The surroundings of the call that is being served."""


def build_server(calls: Calls, context: CurrentContext, *, tracing: bool = False) -> Server[Any]:
    """A server that lists and calls the connector's tools.

    Args:
        calls: The tools.
        context: Asked once per call.
        tracing: Keep the SDK's OpenTelemetry middleware, which costs about 5 µs per request even
            without an exporter.
    """
    connector = calls.connector
    handlers = _Handlers(calls, context)
    hint = CacheHint(ttl_ms=_FRESH_MS, scope="private")
    server: Server[Any] = Server(
        connector.name,
        version=connector.version,
        title=connector.title,
        instructions=connector.instructions or None,
        cache_hints={"tools/list": hint, "server/discover": hint},
        # Without it the SDK runs tools/list before every call (measured: 0.7 ms).
        get_tool_input_schema={tool.name: tool.input_schema for tool in connector.tools}.get,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
    )
    if not tracing:
        server.middleware.clear()
    return server


class _Handlers:
    def __init__(self, calls: Calls, context: CurrentContext) -> None:
        self._calls = calls
        self._context = context
        tools = [_published(tool) for tool in calls.connector.tools]
        self._listing = types.ListToolsResult(tools=tools)

    async def list_tools(
        self, _: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        if params is not None and params.cursor is not None:
            raise MCPError(types.INVALID_PARAMS, "Unknown cursor: the list has one page")
        return self._listing

    async def call_tool(
        self, _: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            demand_scope(self._calls.tool(params.name))
            outcome = await self._calls.call(params.name, params.arguments, self._context())
        except (UnknownToolError, InsufficientScopeError) as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        # A complete wire result is passed on as it is; a model would be built, then dumped again.
        return cast("types.CallToolResult", result_of(outcome))


def _published(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=dict(tool.output_schema) if tool.output_schema is not None else None,
        annotations=types.ToolAnnotations.model_validate(tool.annotations.published),
    )
