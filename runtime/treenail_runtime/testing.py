"""For the tests of a connector: what a tool would send, and what it makes of an answer.

Nothing is sent and nothing is mocked: requests are made, and answers are read, by the code that
serves agents.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

import httpx
from mcp_types import CallToolResult
from pydantic import SecretStr, ValidationError

from treenail_runtime.contract import (
    Connector,
    InvalidArguments,
    Retries,
    Tool,
    ToolContext,
)
from treenail_runtime.dispatch.calls import Calls
from treenail_runtime.dispatch.outcome import result_of
from treenail_runtime.dispatch.problems import problems_of
from treenail_runtime.loading import load_connector, server_url
from treenail_runtime.upstream import (
    Credentials,
    OutgoingRequest,
    Routes,
    UpstreamClient,
    credentials_for,
)

__all__ = ["answer", "capture", "load"]

_NO_LOGIN: Final[Mapping[str, str]] = {}


class _CapturedError(Exception):
    """Ends a tool at its first request."""

    def __init__(self, request: httpx.Request) -> None:
        super().__init__("the request was captured")
        self.request = request


class _Capturing(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> NoReturn:
        if not isinstance(request, OutgoingRequest):
            raise _CapturedError(request)
        whole = httpx.Request(
            request.method, request.target, headers=request.headers, content=request.body
        )
        raise _CapturedError(whole)


class _Answering(httpx.AsyncBaseTransport):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002  # httpx's interface
        return self._response


def load(folder: Path, name: str) -> Connector:
    """The connector of `folder/<name>.py`, with its hand-written tools.

    Raises:
        ConnectorLoadError: It cannot be served.
    """
    return load_connector(folder, name)


async def capture(
    connector: Connector,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    login: Mapping[str, str] = _NO_LOGIN,
) -> httpx.Request:
    """The first request that `tool` would send; it is not sent.

    Args:
        connector: From `load`.
        tool: Its name.
        arguments: As an agent gives them.
        login: Values of the login fields. `region` chooses the server; without a secret among them
            the request has no credentials.

    Raises:
        InvalidArguments: With a line for each argument that is wrong.
        NotConfigured: The tool needs a login value that is not there.
        LookupError: There is no such tool, or it sends nothing.
    """
    found = _tool(connector, tool)
    context = _context(connector, login, _Capturing())
    try:
        validated = found.arguments.model_validate(arguments)
    except ValidationError as error:
        raise InvalidArguments(problems_of(error, arguments, found.exact_schema)) from None
    try:
        await found.run(validated, context)
    except _CapturedError as captured:
        return captured.request
    raise LookupError(f"tool {tool!r} sends nothing")


async def answer(
    connector: Connector,
    tool: str,
    arguments: Mapping[str, Any],
    response: httpx.Response,
    *,
    login: Mapping[str, str] = _NO_LOGIN,
) -> CallToolResult:
    """The result of `tool` when the upstream answers every request with `response`.

    Failures are results, as agents get them. Nothing is tried again.

    Args:
        connector: From `load`.
        tool: Its name.
        arguments: As an agent gives them.
        response: What the upstream answers; its body must be known, not a stream.
        login: As of `capture`.

    Raises:
        NotConfigured: The login values make no credentials, or name no server.
        LookupError: There is no such tool.
    """
    once = replace(connector, retries=Retries(most=0))
    _tool(once, tool)
    context = _context(once, login, _Answering(response))
    outcome = await Calls(once).call(tool, arguments, context)
    return CallToolResult.model_validate(result_of(outcome))


def _tool(connector: Connector, name: str) -> Tool:
    for tool in connector.tools:
        if tool.name == name:
            return tool
    raise LookupError(f"{connector.name} has no tool {name!r}")


def _context(
    connector: Connector, login: Mapping[str, str], transport: httpx.AsyncBaseTransport
) -> ToolContext:
    secret = {field.name for field in connector.login if field.secret}
    values = {name: text for name, text in login.items() if name not in secret}
    secrets = {name: SecretStr(text) for name, text in login.items() if name in secret}
    proof = credentials_for(connector.auth, values, secrets) if secrets else Credentials()
    routes = Routes(server_url(connector, values), {})
    client = UpstreamClient(connector, routes, proof, transport)
    return ToolContext(connector.name, values, client)
