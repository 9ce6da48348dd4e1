"""What no MCP server can go below here: the same HTTP server and upstream, and nothing between.

Usage: floor.py PORT [UPSTREAM_URL]. Answers every POST on Hypercorn with the peer's amount of JSON;
with an upstream, fetched from there by bare aiohttp.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias, cast

import aiohttp
import orjson
import uvloop
from hypercorn.asyncio import serve  # pyright: ignore[reportUnknownVariableType]  # its WSGI side
from hypercorn.config import Config

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]

_RECORD: Final = orjson.dumps({"clientId": "ttv4HUsbHAtBl96E-kFe_A", "notes": "x" * 2000})
_PATH: Final = "/api/business/b/client/c"


class Floor:
    """ASGI: JSON-RPC in its shape, without looking at it."""

    def __init__(self, upstream_url: str | None) -> None:
        self._url = f"{upstream_url}{_PATH}" if upstream_url else None
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        record = await self._fetch(self._url) if self._url else _RECORD
        content = [{"type": "text", "text": record.decode()}]
        result = {"content": content, "structuredContent": orjson.Fragment(record)}
        answer = orjson.dumps({"id": orjson.loads(body)["id"], "result": result})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(answer)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _fetch(self, url: str) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.get(url) as response:
            return await response.read()


async def main(port: int, upstream_url: str | None) -> None:
    """Serve until the process is ended."""
    config = Config()
    config.bind = f"127.0.0.1:{port}"
    config.keep_alive_max_requests = 1_000_000
    config.errorlog = None
    stop = asyncio.Event()
    await serve(cast("Any", Floor(upstream_url)), config, shutdown_trigger=stop.wait, mode="asgi")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))  # noqa: PLR2004  # two arguments of a small script
