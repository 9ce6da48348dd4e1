"""One HTTP client in a process of its own: CPU microseconds per GET, printed.

Usage: client_probe.py CLIENT URL CONNECTIONS CALLS
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

import aiohttp
import httpx
import uvloop

Get: TypeAlias = Callable[[], Awaitable[int]]
"""Fetch the record once; how many bytes it has."""

_CONNECTORS: Final = Path(__file__).parent.parent / "connectors"
_PATH: Final = "/api/business/bench-business/client/client-1"
_HEADERS: Final = {"Accept": "application/json", "Authorization": "Basic Z2xvYmFsL2JlbmNoOng="}


@asynccontextmanager
async def with_httpx(url: str) -> AsyncGenerator[Get]:
    """Httpx as everybody uses it."""
    async with httpx.AsyncClient(headers=_HEADERS) as client:  # noqa: TID251  # why it is banned

        async def get() -> int:
            return len((await client.get(url + _PATH)).content)

        yield get


@asynccontextmanager
async def with_httpx_aiohttp(url: str) -> AsyncGenerator[Get]:
    """Httpx's client over aiohttp's connections."""
    transport: Any = import_module("httpx_aiohttp").AiohttpTransport()
    async with httpx.AsyncClient(headers=_HEADERS, transport=transport) as client:  # noqa: TID251  # a client of our own, as any peer's

        async def get() -> int:
            return len((await client.get(url + _PATH)).content)

        yield get


@asynccontextmanager
async def with_aiohttp(url: str) -> AsyncGenerator[Get]:
    """The library under ours, by itself."""
    async with aiohttp.ClientSession(headers=_HEADERS) as session:

        async def get() -> int:
            async with session.get(url + _PATH) as response:
                return len(await response.read())

        yield get


@asynccontextmanager
async def with_our_transport(url: str) -> AsyncGenerator[Get]:
    """Ours without credentials, deadline, retries and breaker."""
    from treenail_runtime.upstream import (  # noqa: PLC0415  # absent beside the peer
        AiohttpTransport,
        OutgoingRequest,
    )

    transport = AiohttpTransport()
    headers = httpx.Headers(_HEADERS)

    async def get() -> int:
        request = OutgoingRequest("GET", url + _PATH, headers, max_bytes=1_000_000)
        return len((await transport.handle_async_request(request)).body)

    yield get
    await transport.aclose()


@asynccontextmanager
async def with_our_client(url: str, cache_s: float = 0.0) -> AsyncGenerator[Get]:
    """Ours as tools use it; with `cache_s`, all but the first answer are at hand."""
    from treenail_runtime import contract, loading, upstream  # noqa: PLC0415  # as above

    connector = loading.load_connector(_CONNECTORS, "phorest")
    credentials = upstream.Credentials((("Authorization", _HEADERS["Authorization"]),))
    transport = upstream.AiohttpTransport()
    routes = upstream.Routes(url, {})
    owner = upstream.Owner("bench", "bench", "1")
    reuse = upstream.Reuse(upstream.AnswerCache(), owner) if cache_s else None
    client = upstream.UpstreamClient(connector, routes, credentials, transport, reuse=reuse)
    endpoint = contract.Endpoint("GET", _PATH, reads=True, repeatable=True, cache_s=cache_s)

    async def get() -> int:
        return len((await client.send(endpoint.request())).body)

    yield get
    await transport.aclose()


CLIENTS: Final = {
    "httpx": with_httpx,
    "httpx-aiohttp": with_httpx_aiohttp,
    "aiohttp": with_aiohttp,
    "our transport": with_our_transport,
    "our client": with_our_client,
    "our client, the answer at hand": partial(with_our_client, cache_s=3600.0),
}


async def measure(client: str, url: str, connections: int, calls: int) -> float:
    """CPU microseconds of this process per GET."""
    async with CLIENTS[client](url) as get:
        await _get_all(get, connections, calls // 5)
        before = time.process_time()
        await _get_all(get, connections, calls)
        return (time.process_time() - before) / calls * 1e6


async def _get_all(get: Get, connections: int, calls: int) -> None:
    numbers = iter(range(calls))

    async def one_after_the_other() -> None:
        for _ in numbers:
            if not await get():
                raise RuntimeError("an empty answer")

    await asyncio.gather(*(one_after_the_other() for _ in range(connections)))


if __name__ == "__main__":
    name, upstream_url, at_once, count = sys.argv[1:]
    print(uvloop.run(measure(name, upstream_url, int(at_once), int(count))))
