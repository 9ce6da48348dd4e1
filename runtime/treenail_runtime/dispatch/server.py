"""The MCP SDK's low-level server for one connector: the protocol is the SDK's, the tools are ours."""

from collections.abc import Callable, Container
from typing import Any, Final, cast

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from treenail_runtime.contract import Connector, Tool, ToolContext
from treenail_runtime.tracing import Traces

from .callers import InsufficientScopeError, demand_scope
from .calls import Calls, UnknownToolError
from .listening import SdkListener
from .outcome import result_of
from .streams import Streams

TOOL_ERROR: Final = "tool_error"
"""How the semantic conventions call a result that says `isError`."""

_FRESH_MS: Final = 300_000
"""How long a client may keep the list of tools; it changes only with a new module."""

CurrentContext = Callable[[], ToolContext]
"""The surroundings of the call that is being served."""


def build_server(
    calls: Calls,
    context: CurrentContext,
    traces: Traces | None = None,
    *,
    streams: Streams | None = None,
) -> Server[Any]:
    """A server that lists and calls the connector's tools.

    Args:
        calls: The tools.
        context: Asked once per call.
        traces: Told of each request that the server itself gets; None where the kernel tells.
        streams: On which clients hear that the tools have changed; None where they never do, which
            clients are told, too.
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
        on_subscriptions_listen=None if streams is None else SdkListener(streams),
    )
    # The SDK's own tells a client's words, and costs 5 µs per request where nobody listens.
    server.middleware.clear()
    if traces is not None:
        server.middleware.append(_Traced(traces, calls.names))
    return server


class _Traced:
    """Tells of each request (the SDK's `ServerMiddleware`)."""

    def __init__(self, traces: Traces, tools: Container[str]) -> None:
        self._traces = traces
        self._tools = tools

    async def __call__(self, ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        with self._traces.message(
            ctx.method, ctx.params, ctx.protocol_version, self._tools
        ) as span:
            try:
                result = await call_next(ctx)
            except MCPError as error:
                span.failed(str(error.error.code))
                raise
            match result:
                case {"isError": True}:
                    span.failed(TOOL_ERROR)
                case _:
                    pass
            return result


class _Handlers:
    def __init__(self, calls: Calls, context: CurrentContext) -> None:
        self._calls = calls
        self._context = context
        self._listing = listing(calls.connector)

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


def listing(connector: Connector) -> types.ListToolsResult:
    """What `tools/list` tells of `connector`."""
    return types.ListToolsResult(tools=[_published(tool) for tool in connector.tools])


def _published(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=dict(tool.output_schema) if tool.output_schema is not None else None,
        annotations=types.ToolAnnotations.model_validate(tool.annotations.published),
    )
