"""MCP over HTTP/1.1 as bytes: requests to send, answers to read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODERN = "2026-07-28"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def parse(received: bytes) -> Answer:
    """The first answer in `received`."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}
    return Answer(int(status.split(" ")[1]), headers, body)


def statuses(received: bytes) -> list[int]:
    """The status of every answer on a connection."""
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def rpc(method: str, params: Mapping[str, Any] | None = None, identifier: object = 1) -> bytes:
    """A JSON-RPC request of the earlier eras."""
    message = {"jsonrpc": "2.0", "id": identifier, "method": method}
    # Not orjson: some of these ids are longer than 64 bits.
    return json.dumps(message if params is None else {**message, "params": params}).encode()


def modern(method: str, params: Mapping[str, Any] | None = None, identifier: object = 1) -> bytes:
    """A JSON-RPC request with the envelope of 2026-07-28."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return rpc(method, {**(params or {}), "_meta": meta}, identifier)


JSON_HEADERS = (
    ("Content-Type", "application/json"),
    ("Accept", "application/json, text/event-stream"),
)


def modern_headers(method: str, name: str | None = None) -> tuple[tuple[str, str], ...]:
    """What a 2026-07-28 client sends with such a request."""
    named = (("Mcp-Name", name),) if name else ()
    return (*JSON_HEADERS, ("Mcp-Protocol-Version", MODERN), ("Mcp-Method", method), *named)


LIST = modern("tools/list")
LIST_HEADERS = modern_headers("tools/list")


def raw(
    port: int,
    *lines: str,
    request: str = "POST /mcp HTTP/1.1",
    headers: Sequence[tuple[str, str]] = LIST_HEADERS,
    body: bytes = LIST,
) -> bytes:
    """A request with these header lines and no other, apart from `Host`."""
    fields = [f"{name}: {value}" for name, value in headers]
    head = [request, f"Host: 127.0.0.1:{port}", *fields, *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body
