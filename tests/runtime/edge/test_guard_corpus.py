"""Requests that two readers could read differently, byte for byte, at the served application.

Each is followed by a good one on the same connection: what is refused must also end it, so that
nobody can hide a second request in the first.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any, cast

import pytest
from hypercorn.asyncio import serve as hypercorn_serve  # pyright: ignore[reportUnknownVariableType]  # its WSGI side
from hypercorn.config import Config

from tests.support.serving import Running, serving
from tests.support.wire import parse, raw, statuses
from treenail_runtime.app.http1 import mend_hypercorn
from treenail_runtime.edge.asgi import Receive, Scope, Send
from treenail_runtime.edge.guard import Guard
from treenail_runtime.edge.hosts import HostRules

GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """No application: only what the lifespan asks for."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})


async def answers(server: Running, request: bytes) -> list[int]:
    return statuses(await server.raw(request + GOOD))


async def test_the_good_one_is_served() -> None:
    async with serving() as server:
        assert await answers(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == [
            200,
            200,
        ]


@pytest.mark.requirement("T-092")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\nAuthorization: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\tAuthorization: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\t: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\x00: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        b"GET /healthz HTTP/1.1\rHost: localhost\r\r",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n: empty\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET\t/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health z HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        b"\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_not_written_by_the_letter_ends_the_connection(request_bytes: bytes) -> None:
    async with serving() as server:
        assert await answers(server, request_bytes) == [400]


@pytest.mark.requirement("T-092")
async def test_a_bare_line_feed_is_found_wherever_the_bytes_are_cut() -> None:
    """Neither a line end nor a fold may hide between two packets."""
    folded = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n "
    bare = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\n"
    good = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\nConnection: close\r\n\r\n"
    async with serving() as server:
        for text, status in ((folded, 400), (bare, 400), (good, 200)):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for index in range(len(text)):
                writer.write(text[index : index + 1])
                await writer.drain()
                await asyncio.sleep(0)
            received = await reader.read()
            writer.close()
            assert statuses(received) == [status]


@pytest.mark.requirement("T-092")
@pytest.mark.parametrize(
    "trailers",
    [b"0\r\n\r\n", b"0\r\nX: a\r\n\r\n", b"0;x=y\r\n\r\n"],
)
async def test_trailers_by_the_letter_end_a_body(trailers: bytes) -> None:
    head = raw(0, "Transfer-Encoding: chunked", request="POST /mcp HTTP/1.1", body=b"")
    async with serving() as server:
        found = await answers(server, head + b"2\r\n{}\r\n" + trailers)

    assert found == [400, 200]


@pytest.mark.requirement("T-092")
@pytest.mark.parametrize(
    "chunks",
    [
        b"2\r\n{}\r\n0\r\nX: a\n\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX: a\r\n b\r\n\r\n",
        b"2\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"2;\x00\n\r\n{}\r\n0\r\n\r\n",
        b"fffffffffffffffffffffffff\r\n{}",
    ],
)
async def test_chunks_that_are_not_by_the_letter_are_never_followed_by_a_request(
    chunks: bytes,
) -> None:
    head = raw(0, "Transfer-Encoding: chunked", request="POST /mcp HTTP/1.1", body=b"")
    async with serving() as server:
        found = await answers(server, head + chunks)

    assert len(found) <= 1
    assert 200 not in found


@pytest.mark.requirement("T-093")
@pytest.mark.parametrize(
    "lines",
    [
        b"".join(b"X-%d: 1\r\n" % number for number in range(2000)),
        b"X: " + b"x" * 40_000 + b"\r\n",
        b"X: " + b"x" * 64 * 1024 + b"\r\n",
        b"x" * 64 * 1024 + b": x\r\n",
        b"Mcp-Param-A: " + b"x" * 33_000 + b"\r\n",
    ],
)
async def test_too_much_of_headers_is_431(lines: bytes) -> None:
    async with serving() as server:
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n"
        assert await answers(server, request) == [431]


async def test_a_request_line_has_an_end_as_well() -> None:
    async with serving() as server:
        request = b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert await answers(server, request) in ([414], [431])


@pytest.mark.requirement("T-084", "T-089", "V-06")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"evil.example", 421),
        (b"evil.example:443", 421),
        (b"localhost.evil.example", 421),
        (b"a/healthz?x=", 400),
        (b"a#", 400),
        (b"a\\@b", 400),
        (b"user@localhost", 400),
        (b"localhost:80:80", 400),
        (b"localhost,evil.example", 400),
        (b"local host", 400),
        (b"[::1", 400),
        (b"[::1%25lo]", 400),
        (b"%6c", 400),
        (b"\xe4", 400),
        (b"", 400),
    ],
)
async def test_the_host_decides_before_the_path(host: bytes, status: int) -> None:
    """CVE-2026-48710: a Host with a path in it moved the path elsewhere."""
    async with serving() as server:
        received = await server.raw(
            b"GET /mcp HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"
        )

    assert statuses(received) == [status]


@pytest.mark.requirement("T-084")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /mcp HTTP/1.1\r\n\r\n",
        b"GET /mcp HTTP/1.0\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.example/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://localhost/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
async def test_without_one_host_of_ours_nothing_is_served(request_bytes: bytes) -> None:
    async with serving() as server:
        received = await server.raw(request_bytes)

    assert statuses(received) == [400]


@pytest.mark.requirement("T-096")
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("CONNECT localhost:443 HTTP/1.1", 400),
        ("CONNECT /mcp HTTP/1.1", 405),
        ("TRACE /mcp HTTP/1.1", 405),
        ("TRACK /mcp HTTP/1.1", 405),
        ("post /mcp HTTP/1.1", 400),
        ("get /healthz HTTP/1.1", 400),
        ("Get /healthz HTTP/1.1", 400),
        ("M-SEARCH /mcp HTTP/1.1", 405),
        ("GETPOST /mcp HTTP/1.1", 405),
        ("G\x01T /mcp HTTP/1.1", 400),
    ],
)
async def test_methods_that_nobody_offers_are_refused(line: str, status: int) -> None:
    """RFC 9110 9.1: a method is written in one way; Hypercorn would make `POST` of `post`."""
    async with serving() as server:
        received = await server.raw(
            raw(server.port, "Connection: close", request=line, headers=(), body=b"")
        )

    assert statuses(received) == [status]
    if status == 405:
        assert parse(received).headers["allow"].startswith("POST")


@pytest.mark.requirement("T-097")
async def test_clients_that_never_finish_do_not_keep_others_from_being_served() -> None:
    begun = (
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: loc",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    )
    async with serving() as server:
        writers: list[asyncio.StreamWriter] = []
        for number in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(begun[number % len(begun)])
            writers.append(writer)
        async with asyncio.timeout(5):
            answer = await server.request("GET", "/healthz")
        for writer in writers:
            writer.transport.abort()

    assert answer.status == 200


@pytest.mark.requirement("T-097")
async def test_a_head_that_drips_is_not_waited_for() -> None:
    """The time for a head is that of an idle connection, however often another byte comes."""
    mend_hypercorn()
    sock = socket.create_server(("127.0.0.1", 0))
    port: int = sock.getsockname()[1]
    config = Config()
    config.bind = f"fd://{sock.detach()}"
    config.keep_alive_timeout = 0.1
    stop = asyncio.Event()
    server = asyncio.create_task(
        hypercorn_serve(
            cast("Any", Guard(nothing, {}, HostRules())), config, shutdown_trigger=stop.wait
        )
    )
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        async with asyncio.timeout(5):
            with suppress(ConnectionError):  # which is an end, too
                while not reader.at_eof():
                    writer.write(b"x")
                    with suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(1), 0.01)
        writer.close()
    finally:
        stop.set()
        await server
