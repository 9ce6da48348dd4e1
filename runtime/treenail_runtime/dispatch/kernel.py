"""The fast way from an HTTP POST to an answer, for both eras of MCP, in JSON mode.

It does what the SDK's own HTTP entry does (`mcp.server._streamable_http_modern` and the stateless
leg of `streamable_http`), without its per-request streams, tasks and models. Every protocol
decision is still the SDK's: its ladder classifies, its models validate, `serve_one` serves. Only
`tools/call`, and lists that cannot change, skip `serve_one` (67 of 77 µs), and only while the
server has no middleware. Tests compare both ways, answer by answer.
"""

from typing import Any, Final, TypeAlias

import orjson
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import (
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    unsupported_protocol_version_rejection,
    validate_mcp_param_headers,
)
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    SERVER_INFO_META_KEY,
    JSONRPCNotification,
    JSONRPCRequest,
    SubscriptionsListenRequestParams,
    jsonrpc_message_adapter,
)
from mcp_types.methods import validate_client_request
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from treenail_runtime.tracing import UNTRACED, Span, Traces

from .callers import InsufficientScopeError, demand_scope
from .calls import Calls, UnknownToolError
from .envelope import (
    Reply,
    RequestHeaders,
    accepts,
    error_reply,
    is_json,
    legacy_refused,
    parse_error,
)
from .exchange import Exchange
from .listening import LISTEN, Listening, open_stream, unfit
from .outcome import Answered, Failed, Outcome
from .server import TOOL_ERROR, CurrentContext
from .streams import Streams
from .strict_json import is_object, read_json, write_json

_CALL: Final = "tools/call"
_CONSTANT: Final = frozenset({"tools/list", "server/discover"})
_BAD_BODY: Final = "Body must be a single JSON-RPC request or notification object"

KernelReply: TypeAlias = Reply | Listening
"""An answer in one piece, or one that goes on."""


class Kernel:
    """Answers the POSTs of one MCP endpoint."""

    def __init__(
        self,
        server: Server[Any],
        calls: Calls,
        context: CurrentContext,
        *,
        legacy: bool,
        traces: Traces = UNTRACED,
        streams: Streams | None = None,
    ) -> None:
        """Serve `calls` as `server` describes them.

        Args:
            server: From `build_server`, for everything but calls.
            calls: The tools.
            context: Asked once per call.
            legacy: Whether protocol versions before 2026-07-28 are served (without sessions).
            traces: Told of each request.
            streams: As the server has them.
        """
        self._server = server
        self._calls = calls
        self._context = context
        self._legacy = legacy
        self._traces = traces
        self._streams = streams
        self._meta = {SERVER_INFO_META_KEY: server.server_info_stamp}
        self._stamp = orjson.Fragment(orjson.dumps(self._meta))
        self._constant: dict[tuple[str, str], bytes] = {}
        self._mirrored = {
            tool.name: tool.input_schema
            for tool in calls.connector.tools
            if b'"x-mcp-header"' in orjson.dumps(tool.input_schema)
        }

    async def answer(self, headers: RequestHeaders, body: bytes) -> KernelReply:
        """The answer to one POST."""
        refused = _unreadable(headers)
        if refused is not None:
            return refused
        try:
            message = read_json(body)
        except ValueError as error:
            return parse_error(error)
        if headers.is_modern:
            return unfit(message, body) or await self._modern(headers, message)
        return await self._handshake(headers, message)

    async def _modern(self, headers: RequestHeaders, message: Any) -> KernelReply:
        """2026-07-28: every request carries its own envelope (MCP, Transports)."""
        if is_object(message) and "id" not in message:
            return _notification(headers, message)
        try:
            request = JSONRPCRequest.model_validate(message)
        except ValidationError:
            return error_reply(None, INVALID_REQUEST, _BAD_BODY)
        if request.method == LISTEN and not _accepted(headers)[1]:
            return _not_acceptable("text/event-stream")
        if headers.repeated is not None:
            return error_reply(
                request.id, HEADER_MISMATCH, f"{headers.repeated} header appears more than once"
            )
        route = classify_inbound_request(message, headers=headers.values)
        if isinstance(route, InboundModernRoute):
            route = self._mirror_mismatch(request, headers) or route
        if isinstance(route, InboundLadderRejection):
            return error_reply(request.id, route.code, route.message, route.data)
        if request.method == LISTEN and self._streams is not None:
            return self._listen(request, route, self._streams)
        return await self._respond(request, route, None)

    async def _handshake(self, headers: RequestHeaders, message: Any) -> Reply:
        """2025-11-25 and before, without sessions: each POST stands alone."""
        if not self._legacy:
            return legacy_refused(message, headers.version)
        try:
            request = jsonrpc_message_adapter.validate_python(message, by_name=False)
        except ValidationError:
            return error_reply(
                None, INVALID_PARAMS, "Validation error: no JSON-RPC 2.0 message", status=400
            )
        if not isinstance(request, JSONRPCRequest):
            return Reply(202)
        version = headers.version or DEFAULT_NEGOTIATED_VERSION
        # This era's errors travel with status 200: they answer the request.
        return await self._respond(request, InboundModernRoute(version, None, None), 200)

    def _listen(
        self, request: JSONRPCRequest, route: InboundModernRoute, streams: Streams
    ) -> KernelReply:
        version, tools = route.protocol_version, self._calls.names
        with self._traces.message(LISTEN, request.params, version, tools) as span:
            try:
                validate_client_request(LISTEN, version, request.params)
                params = SubscriptionsListenRequestParams.model_validate(request.params)
                stream = open_stream(streams, params)
            except (MCPError, ValidationError) as error:
                return _refused(request, error, None, span)
        return Listening(stream, request.id, self._meta)

    def _mirror_mismatch(
        self, request: JSONRPCRequest, headers: RequestHeaders
    ) -> InboundLadderRejection | None:
        """Where `Mcp-Param-*` headers and arguments differ (MCP 2026-07-28, Custom Headers)."""
        params = request.params or {}
        name = params.get("name")
        arguments: object = params.get("arguments") or {}
        schema = self._mirrored.get(name) if isinstance(name, str) else None
        if request.method != _CALL or schema is None or not is_object(arguments):
            return None
        return validate_mcp_param_headers(schema, arguments, headers.values)

    async def _respond(
        self, request: JSONRPCRequest, route: InboundModernRoute, error_status: int | None
    ) -> Reply:
        version, tools = route.protocol_version, self._calls.names
        with self._traces.message(request.method, request.params, version, tools) as span:
            try:
                result = await self._result(request, route, span)
            except Exception as error:  # noqa: BLE001  # the boundary; the SDK's ladder tells and logs
                return _refused(request, error, error_status, span)
        return Reply(
            200, b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (write_json(request.id), result)
        )

    async def _result(
        self, request: JSONRPCRequest, route: InboundModernRoute, span: Span
    ) -> bytes:
        method, params, version = request.method, request.params, route.protocol_version
        direct = not self._server.middleware
        if direct and method == _CALL:
            return await self._call(params, version, span)
        constant = direct and method in _CONSTANT and (params or {}).get("cursor") is None
        if constant and (method, version) in self._constant:
            validate_client_request(method, version, params)
            return self._constant[method, version]
        result = write_json(
            await serve_one(
                self._server,
                Exchange(request.id),
                method,
                params,
                connection=Connection.from_envelope(
                    version, route.client_info, route.client_capabilities
                ),
                lifespan_state={},
            )
        )
        if constant:
            self._constant[method, version] = result
        return result

    async def _call(self, params: dict[str, Any] | None, version: str, span: Span) -> bytes:
        validate_client_request(_CALL, version, params)
        given = params or {}
        try:
            demand_scope(self._calls.tool(given["name"]))
            outcome = await self._calls.call(given["name"], given.get("arguments"), self._context())
        except (UnknownToolError, InsufficientScopeError) as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None
        if isinstance(outcome, Failed):
            span.failed(TOOL_ERROR, outcome.kind)
        return self._written(outcome, version)

    def _written(self, outcome: Outcome, version: str) -> bytes:
        """What the SDK's result pipeline would make of `result_of(outcome)`."""
        result: dict[str, Any]
        match outcome:
            case Answered():
                result = {
                    "content": outcome.content,
                    "structuredContent": orjson.Fragment(outcome.json),
                    "isError": False,
                }
            case Failed():
                result = {"content": [{"type": "text", "text": outcome.text}], "isError": True}
        if version in MODERN_PROTOCOL_VERSIONS:
            result["resultType"] = "complete"
            result["_meta"] = self._stamp
        return orjson.dumps(result)


def _refused(request: JSONRPCRequest, error: Exception, status: int | None, span: Span) -> Reply:
    told = modern_error_data(error)
    span.failed(str(told.code))
    return error_reply(request.id, told.code, told.message, told.data, status=status)


def _unreadable(headers: RequestHeaders) -> Reply | None:
    content_type = headers.values.get("content-type", "")
    if not is_json(content_type):
        # The SDK's two statuses; its modern era lets `application/jsonx` pass.
        status = 415 if content_type.lower().startswith("application/json") else 400
        message = "Unsupported Media Type: Content-Type must be application/json"
        return error_reply(None, INVALID_REQUEST, message, status=status)
    if not _accepted(headers)[0]:
        return _not_acceptable("application/json")
    return None


def _accepted(headers: RequestHeaders) -> tuple[bool, bool]:
    return accepts(headers.values.get("accept", ""))


def _not_acceptable(media_type: str) -> Reply:
    return error_reply(
        None, INVALID_REQUEST, f"Not Acceptable: Client must accept {media_type}", status=406
    )


def _notification(headers: RequestHeaders, message: dict[str, Any]) -> Reply:
    """202: this era defines no notification that a server without streams could act on."""
    try:
        JSONRPCNotification.model_validate(message)
    except ValidationError:
        return error_reply(None, INVALID_REQUEST, _BAD_BODY)
    unsupported = unsupported_protocol_version_rejection(headers.version or "")
    if unsupported is not None:
        return error_reply(None, unsupported.code, unsupported.message, unsupported.data)
    return Reply(202)
