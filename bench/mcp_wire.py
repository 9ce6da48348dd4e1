"""MCP requests over Streamable HTTP as bytes, in both eras, and how their answers are checked."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any, Final, Literal, TypeAlias

from load import Exchange

Era: TypeAlias = Literal["2026-07-28", "2025-11-25"]
MODERN: Final[Era] = "2026-07-28"
LEGACY: Final[Era] = "2025-11-25"

_FAILED: Final = b'"isError":true'
_ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "treenail-bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def calls(
    era: Era,
    tool: str,
    arguments: Callable[[int], Mapping[str, Any]],
    marker: bytes,
    bearer: str | None = None,
) -> Iterator[Exchange]:
    """Endless calls of one tool.

    Args:
        era: Protocol version.
        tool: Its name.
        arguments: Of the n-th call.
        marker: Stands in every good answer.
        bearer: Access token; None where there is no authorization.
    """
    for number in count(1):
        params = {"name": tool, "arguments": arguments(number)}
        yield _exchange(era, number, "tools/call", params, marker, bearer)


@dataclass(frozen=True, slots=True)
class Place:
    """An MCP endpoint, and a token that is good there."""

    path: str
    bearer: str


def calls_around(
    places: Sequence[Place],
    tool: str,
    arguments: Callable[[int], Mapping[str, Any]],
    marker: bytes,
) -> Iterator[Exchange]:
    """Endless calls of one tool, modern era, at one place after the other."""
    for number, place in enumerate(cycle(places), 1):
        params = {"name": tool, "arguments": arguments(number)}
        yield _exchange(MODERN, number, "tools/call", params, marker, place.bearer, place.path)


def invalid_call(era: Era, tool: str) -> Exchange:
    """A call without the arguments that the tool requires, answered by a refusal."""
    request = _exchange(era, 1, "tools/call", {"name": tool, "arguments": {}}, b"").request
    return Exchange(request, lambda answer: _FAILED in answer)


def listing(place: Place | None = None) -> bytes:
    """The request for the list of tools, modern era."""
    at = place or Place("/mcp", "")
    return _exchange(MODERN, 1, "tools/list", {}, b"", at.bearer or None, at.path).request


def listening(place: Place) -> bytes:
    """The request for a stream on which a change of the tools is told."""
    wanted = {"notifications": {"toolsListChanged": True}}
    return _exchange(
        MODERN, 1, "subscriptions/listen", wanted, b"", place.bearer, place.path
    ).request


def _exchange(
    era: Era,
    number: int,
    method: str,
    params: dict[str, Any],
    marker: bytes,
    bearer: str | None = None,
    path: str = "/mcp",
) -> Exchange:
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "User-Agent": "treenail-bench",
        "MCP-Protocol-Version": era,
    }
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    if era == MODERN:
        headers["Mcp-Method"] = method
        if "name" in params:
            headers["Mcp-Name"] = params["name"]
        params = {**params, "_meta": _ENVELOPE}
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    body = json.dumps(message, separators=(",", ":")).encode()
    headers["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
    identifier = b'"id":%d,' % number

    def is_answered_by(answer: bytes) -> bool:
        return (
            identifier in answer.replace(b"}", b",") and marker in answer and _FAILED not in answer
        )

    return Exchange(request, is_answered_by)
