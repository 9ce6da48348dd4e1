"""The outer shape of an MCP request and its answer over HTTP: headers, eras, JSON-RPC errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS, MCP_PROTOCOL_VERSION_HEADER
from mcp_types import PARSE_ERROR, UNSUPPORTED_PROTOCOL_VERSION
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from .strict_json import write_json

RawHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]
RequestId: TypeAlias = int | str | None

_JSON: Final = "application/json"


class Reply(NamedTuple):
    """An answer: HTTP status and JSON body; empty for 202."""

    status: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """What MCP reads of a request's headers.

    Attributes:
        values: By lower-case name: `mcp-*`, `content-type` and `accept`; the first of several.
        repeated: An `mcp-*` name that came more than once; two readers could read two values.
    """

    values: Mapping[str, str]
    repeated: str | None

    @property
    def version(self) -> str | None:
        """The protocol version; absent in 2025-03-26 and before."""
        return self.values.get(MCP_PROTOCOL_VERSION_HEADER)

    @property
    def is_modern(self) -> bool:
        """Whether the request is to be read by the rules of 2026-07-28 and later.

        Unknown versions are: only there an answer names the versions that are served.
        """
        version = self.version
        return version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS


def read_headers(raw: RawHeaders) -> RequestHeaders:
    """The headers that matter here, from ASGI's list (lower-case names)."""
    values: dict[str, str] = {}
    repeated = None
    for name, value in raw:
        is_mcp = name.startswith(b"mcp-")
        if not is_mcp and name not in {b"content-type", b"accept"}:
            continue
        key = name.decode("latin-1")
        if key not in values:
            values[key] = value.decode("latin-1")
        elif is_mcp:
            repeated = key
        else:
            # RFC 9110 5.3: several fields of one name are one list.
            values[key] += f", {value.decode('latin-1')}"
    return RequestHeaders(values, repeated)


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a body of that Content-Type is JSON (RFC 9110 8.3: case does not matter)."""
    return content_type.partition(";")[0].strip().lower() == _JSON


@lru_cache(maxsize=64)
def accepts(accept: str) -> tuple[bool, bool]:
    """Whether an Accept header admits JSON, and an event stream (wildcards as RFC 9110 12.5.1)."""
    types = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    anything = "*/*" in types
    return (
        anything or not types.isdisjoint({_JSON, "application/*"}),
        anything or not types.isdisjoint({"text/event-stream", "text/*"}),
    )


def error_reply(
    identifier: RequestId, code: int, message: str, data: Any = None, *, status: int | None = None
) -> Reply:
    """A JSON-RPC error, with the HTTP status that the MCP specification gives its code."""
    error = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return Reply(
        ERROR_CODE_HTTP_STATUS.get(code, 200) if status is None else status,
        write_json({"jsonrpc": "2.0", "id": identifier, "error": error}),
    )


def parse_error(error: ValueError) -> Reply:
    """The answer to a body that is no JSON, or could be read in two ways."""
    return error_reply(None, PARSE_ERROR, f"Parse error: {error}", status=400)


def legacy_refused(message: object, requested: str | None) -> Reply:
    """The answer to any request of the earlier protocol where that is switched off."""
    match message:
        case {"id": int() | str() as identifier} if not isinstance(identifier, bool):
            pass
        case _:
            identifier = None
    return error_reply(
        identifier,
        UNSUPPORTED_PROTOCOL_VERSION,
        "This server speaks MCP 2026-07-28 and later only: send MCP-Protocol-Version with every request",
        {"supported": list(MODERN_PROTOCOL_VERSIONS), "requested": requested},
    )
