"""How much a request may bring, and how long that may take."""

import asyncio

import pytest

from tests.support.serving import serving, serving_app
from tests.support.wire import LIST, LIST_HEADERS, raw, statuses
from treenail_runtime.edge.asgi import Receive, Scope, Send, send_json
from treenail_runtime.edge.guard import Guard
from treenail_runtime.edge.hosts import HostRules
from treenail_runtime.edge.routing import Route


async def test_too_many_headers_are_refused() -> None:
    async with serving() as server:
        lines = [f"X-{number}: 1" for number in range(101)]
        received = await server.raw(raw(server.port, *lines, f"Content-Length: {len(LIST)}"))

    assert statuses(received) == [431]


async def test_too_large_headers_are_refused() -> None:
    async with serving() as server:
        received = await server.raw(raw(server.port, "X: " + "x" * 70_000, "Content-Length: 0"))

    assert statuses(received)[0] in {400, 431}


@pytest.mark.requirement("T-099")
async def test_a_body_of_the_largest_size_is_served() -> None:
    async with serving(max_body_bytes=4096) as server:
        padded = LIST + b" " * (4096 - len(LIST))
        fits = await server.request(headers=LIST_HEADERS, body=padded)
        too_large = await server.request(headers=LIST_HEADERS, body=padded + b" ")

    assert fits.status == 200
    assert too_large.status == 413
    assert too_large.json["error"]["message"] == "Request body too large"


@pytest.mark.requirement("Z-07")
async def test_a_declared_size_is_refused_before_the_body_comes() -> None:
    async with serving() as server:
        received = await server.raw(raw(server.port, "Content-Length: 99999999999", body=b""))

    assert statuses(received) == [413]


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.requirement("T-099", "Z-07")
async def test_a_chunked_body_is_counted() -> None:
    async with serving(max_body_bytes=4096) as server:
        line = "Transfer-Encoding: chunked"
        fits = await server.raw(raw(server.port, line, body=chunked(LIST, 7)))
        too_large = await server.raw(raw(server.port, line, body=chunked(b" " * 5000, 1000)))

    assert statuses(fits) == [200]
    assert statuses(too_large) == [413]


@pytest.mark.parametrize("path", ["/mcp", "/nowhere", "/healthz"])
async def test_a_flood_that_nobody_reads_does_not_keep_its_connection(path: str) -> None:
    """Hypercorn 0.18 would wait for ever for room in the queue of an application that has ended."""
    async with serving() as server:
        flood = raw(
            server.port,
            "Content-Length: 8000000",
            request=f"POST {path} HTTP/1.1",
            body=b" " * 8_000_000,
        )
        before = asyncio.all_tasks()
        received = await server.raw(flood)
        async with asyncio.timeout(5):
            while asyncio.all_tasks() - before:
                await asyncio.wait(asyncio.all_tasks() - before)
        still_served = await server.request("GET", "/healthz")

    assert statuses(received)[0] in {404, 405, 413}
    assert still_served.status == 200


async def test_a_client_that_leaves_in_the_middle_is_forgotten() -> None:
    async with serving() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(raw(server.port, "Content-Length: 500", body=b"{"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

        assert (await server.request("GET", "/healthz")).status == 200


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send_json(send, 200, b"{}")
            return
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})

    routes = {"/mcp": Route(methods=("POST",), max_body=100)}
    guard = Guard(app, routes, HostRules(), body_seconds=0.05)
    async with serving_app(guard) as server:
        received = await server.raw(raw(server.port, "Content-Length: 50", body=b"{"))
        prompt = await server.raw(
            raw(server.port, "Content-Length: 2", "Connection: close", body=b"{}")
        )

    assert statuses(received) == [408]
    assert statuses(prompt) == [200]
