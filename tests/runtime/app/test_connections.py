"""What is left of a connection once its client has gone."""

import asyncio
import os
import resource
import socket
import struct
from dataclasses import replace

import pytest

from tests.support.gate import gated
from tests.support.sample import CONNECTOR
from tests.support.serving import offering, serving
from tests.support.wire import JSON_HEADERS, raw, rpc
from treenail_runtime.app.descriptors import raise_descriptor_limit

CLIENTS = 20
HEALTH = "GET /healthz HTTP/1.1"


def held() -> int:
    """Open descriptors and running tasks, of this process with the server in it."""
    return len(os.listdir("/dev/fd")) + len(asyncio.all_tasks())  # noqa: PTH208  # a count


async def back_to(base: int) -> None:
    """Wait until there is no more than at first; far less than the keep-alive time."""
    async with asyncio.timeout(5):
        while held() > base:  # noqa: ASYNC110  # nothing tells when a connection has ended
            await asyncio.sleep(0)


async def keep_alive(port: int) -> asyncio.StreamWriter:
    """A connection that has had one answer and could ask again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw(port, request=HEALTH, headers=(), body=b""))
    await reader.readuntil(b"\r\n\r\n")
    return writer


def leave(client: asyncio.StreamWriter, *, reset: bool) -> None:
    sock: socket.socket = client.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", reset, 0))
    client.close()


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_leaves_takes_its_descriptor_with_it(*, reset: bool) -> None:
    async with serving() as server:
        base = held()
        clients = [await keep_alive(server.port) for _ in range(CLIENTS)]
        assert held() >= base + 2 * CLIENTS
        for client in clients:
            leave(client, reset=reset)

        await back_to(base)


async def test_a_client_that_says_nothing_takes_its_descriptor_with_it() -> None:
    async with serving() as server:
        base = held()
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CLIENTS)]
        for _, writer in silent:
            writer.close()

        await back_to(base)


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_leaves_during_its_call_leaves_nothing_behind(*, reset: bool) -> None:
    """The answer that follows must not begin a keep-alive time for nobody."""
    body = rpc("tools/call", {"name": "wait", "arguments": {}})
    call = f"Content-Length: {len(body)}"
    async with (
        asyncio.timeout(10),
        gated() as upstream,
        serving(offering(upstream.url, replace(CONNECTOR, check=None))) as server,
    ):
        base = held()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(raw(server.port, call, headers=JSON_HEADERS, body=body))
        await upstream.reached.wait()
        leave(writer, reset=reset)
        upstream.opened.set()

        # The pooled connection to the upstream stays: two descriptors, and the task of the gate.
        await back_to(base + 3)


async def test_what_follows_a_last_request_is_not_waited_for() -> None:
    async with serving() as server:
        base = held()
        last = raw(server.port, "Connection: close", request=HEALTH, headers=(), body=b"")
        await server.raw(last + last)

        await back_to(base)


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        raise_descriptor_limit()
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert raised == (min(before[1], 65_536), before[1])
