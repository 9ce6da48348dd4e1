"""A running server: its beginning, its end, and clients that leave."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.typing import EventDict

from tests.support.commands import command, connectors_folder
from tests.support.gate import gated
from tests.support.loopback import loopback, reply
from tests.support.sample import CONNECTOR, Nothing, wait
from tests.support.serving import CANARY, offering, serving
from tests.support.wire import JSON_HEADERS, modern, modern_headers, parse, rpc
from treenail_runtime.app.checking import judge
from treenail_runtime.app.upstreams import Upstreams, open_context
from treenail_runtime.contract import CredentialCheck
from treenail_runtime.upstream import AiohttpTransport

UNCHECKED = replace(CONNECTOR, check=None)
WAIT: dict[str, Any] = {"name": "wait", "arguments": {}}


@asynccontextmanager
async def begun(
    port: int, body: bytes, headers: tuple[tuple[str, str], ...]
) -> AsyncGenerator[asyncio.StreamReader]:
    """A request whose answer can be read; leaving the block closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()


@pytest.mark.requirement("RS-18")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_closing_the_connection_cancels_a_call(framing: str) -> None:
    """MCP 2026-07-28, Transports: a client cancels by closing the response stream."""
    async with (
        asyncio.timeout(10),
        gated() as upstream,
        serving(offering(upstream.url, UNCHECKED), framing=framing) as server,
    ):
        async with begun(
            server.port, modern("tools/call", WAIT), modern_headers("tools/call", "wait")
        ):
            await upstream.reached.wait()

        await upstream.dropped.wait()


async def test_an_earlier_client_that_loses_its_connection_has_not_cancelled() -> None:
    """MCP 2025-11-25, Transports: disconnection SHOULD NOT be taken for a cancellation."""
    async with (
        asyncio.timeout(10),
        gated() as upstream,
        serving(offering(upstream.url, UNCHECKED)) as server,
    ):
        old = (*JSON_HEADERS, ("Mcp-Protocol-Version", "2025-11-25"))
        async with begun(server.port, rpc("tools/call", WAIT), old):
            await upstream.reached.wait()
        # A modern client's call would be dropped 0.1 s after its beginning.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(upstream.dropped.wait(), 0.3)
        upstream.opened.set()


async def check_of(url: str) -> EventDict:
    """What is logged about the credentials."""
    transport = AiohttpTransport()
    with structlog.testing.capture_logs() as logs:
        context = open_context(offering(url), Upstreams(transport))
        await judge(CONNECTOR, context)
    await transport.aclose()
    (line,) = [line for line in logs if line["event"].startswith("connection.")]
    assert CANARY not in repr(logs)
    return line


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (200, "connection.accepted"),
        (401, "connection.denied"),
        (403, "connection.denied"),
        (404, "connection.unclear"),
        (500, "connection.unclear"),
    ],
)
async def test_the_operator_hears_whether_the_credentials_are_good(status: int, event: str) -> None:
    async with loopback(reply(status, b'{"items":[]}')) as upstream:
        line = await check_of(upstream.url)

    assert line["event"] == event
    assert line["connector"] == "sample"
    assert "ann@example.test" not in repr(line)
    assert upstream.requests[0].value("authorization").startswith("Basic ")


async def test_an_upstream_that_is_away_is_no_reason_to_doubt_the_credentials() -> None:
    assert (await check_of("http://127.0.0.1:1"))["event"] == "connection.unreachable"


async def test_the_check_is_made_at_the_start_and_waits_for_nobody() -> None:
    slow = replace(CONNECTOR, check=CredentialCheck(run=lambda context: wait(Nothing(), context)))
    async with asyncio.timeout(10), gated() as upstream:
        async with serving(offering(upstream.url, slow)) as server:
            await upstream.reached.wait()
            ready = await server.request("GET", "/readyz")
        await upstream.dropped.wait()

    assert ready.status == 200


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("tools/call", "get_connection_info"),
        ("tools/call", "get_item"),
        ("tools/call", "crash"),
        ("tools/list", None),
        ("server/discover", None),
    ],
)
async def test_a_secret_is_in_no_answer_and_no_log(method: str, name: str | None) -> None:
    """Not even when the upstream repeats the credentials it was given."""
    echo = reply(400, f'{{"error":{{"message":"bad password {CANARY}"}}}}'.encode())
    params = {"name": name, "arguments": {"item_id": "a"} if name == "get_item" else {}}
    with structlog.testing.capture_logs() as logs:
        async with loopback(echo) as upstream, serving(offering(upstream.url)) as server:
            answer = await server.request(
                headers=modern_headers(method, name),
                body=modern(method, params if name else None),
            )

    assert answer.status == 200
    assert CANARY.encode() not in answer.body
    assert CANARY not in repr(logs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return connectors_folder(tmp_path)


SERVE = ("serve", "--no-auth", "--port", "0", "--upstream-url")
TODAY = (*modern_headers("tools/call", "wait"), ("Connection", "close"))


@pytest.mark.requirement("S4-26", "Z-07", "S2-03")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_running_calls_finish(folder: Path, number: signal.Signals) -> None:
    async with (
        asyncio.timeout(30),
        gated() as upstream,
        command(*SERVE, upstream.url, folder=folder) as server,
        begun(await server.port(), modern("tools/call", WAIT), TODAY) as call,
    ):
        await upstream.reached.wait()
        server.process.send_signal(number)
        await server.logged("server.stopping")
        upstream.opened.set()
        answer = parse(await call.read())
        status, _, logs = await server.end()

    assert answer.status == 200
    assert answer.json["result"]["structuredContent"] == {"late": True}
    assert status == 0
    assert "server.stopped" in logs


async def test_a_second_signal_waits_for_nobody(folder: Path) -> None:
    async with (
        asyncio.timeout(30),
        gated() as upstream,
        command(*SERVE, upstream.url, folder=folder) as server,
        begun(await server.port(), modern("tools/call", WAIT), TODAY) as call,
    ):
        await upstream.reached.wait()
        server.process.send_signal(signal.SIGTERM)
        await server.logged("server.stopping")
        server.process.send_signal(signal.SIGTERM)
        status, _, _ = await server.end()

        assert await call.read() == b""
        assert status == -signal.SIGTERM


@pytest.mark.requirement("S4-26", "S1-26")
async def test_several_workers_serve_one_port_and_end_together(
    folder: Path, unused_tcp_port: int
) -> None:
    port = str(unused_tcp_port)
    async with (
        asyncio.timeout(60),
        gated() as upstream,
        command(
            "serve",
            "--no-auth",
            "--workers",
            "2",
            "--port",
            port,
            "--upstream-url",
            upstream.url,
            folder=folder,
        ) as server,
        begun(await server.port(), modern("tools/call", WAIT), TODAY) as call,
    ):
        await upstream.reached.wait()
        server.process.send_signal(signal.SIGTERM)
        await server.logged("server.stopping")
        upstream.opened.set()
        answer = parse(await call.read())
        status, _, logs = await server.end()

    assert answer.json["result"]["structuredContent"] == {"late": True}
    assert answer.json["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "sample"
    assert status == 0
    assert "Traceback" not in logs
