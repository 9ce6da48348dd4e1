import asyncio
import os
import resource
import traceback

import httpx
import pytest

from tests.support.loopback import Reply, loopback, reply
from tests.support.upstreams import outgoing, sent
from treenail_runtime.upstream import AiohttpTransport, AnswerError
from treenail_runtime.upstream.exchange import ExhaustedError

# A name, so that the lines of this file in a traceback do not hold it.
KEY = "s3cr3t"


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc",
    ],
)
async def test_a_connection_that_breaks_in_mid_answer(data: bytes, then: str) -> None:
    async with loopback(Reply(data, "reset" if then == "reset" else "close")) as site:
        with pytest.raises(AnswerError) as error:
            await sent(outgoing(site.url))
    assert error.value.fault == "cut short"
    assert error.value.received.body == b"abc"


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"{}",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n{}",
    ],
)
async def test_malformed_http(data: bytes) -> None:
    async with loopback(Reply(data, "close")) as site:
        with pytest.raises(httpx.RemoteProtocolError) as error:
            await sent(outgoing(f"{site.url}/?key={KEY}"))
    assert KEY not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_repeatable_request_survives_a_stale_connection(method: str) -> None:
    replies = (reply(), Reply(then="close"), reply(200, b"[1]"))
    async with loopback(*replies) as site, AiohttpTransport() as transport:
        await transport.handle_async_request(outgoing(site.url))
        response = await transport.handle_async_request(
            outgoing(site.url, method, body=b"{}", repeatable=True)
        )
    assert response.body == b"[1]"
    assert (len(site.requests), site.connections) == (3, 2)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_new_connection_that_breaks_is_not_tried_twice(method: str) -> None:
    """The client's own retries follow; aiohttp would double them."""
    async with loopback(Reply(then="close")) as site, AiohttpTransport() as transport:
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(outgoing(site.url, method, repeatable=True))
    assert len(site.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_any_other_request_is_sent_once(method: str) -> None:
    """aiohttp would send PUT and DELETE again, whatever the connector says of them."""
    replies = (reply(), Reply(then="close"), reply())
    async with loopback(*replies) as site, AiohttpTransport() as transport:
        await transport.handle_async_request(outgoing(site.url))
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(outgoing(site.url, method))
    assert len(site.requests) == 2


async def test_a_connection_closed_while_idle_is_replaced() -> None:
    closing = Reply(reply().data, "close")
    async with loopback(closing, reply(200, b"[1]")) as site, AiohttpTransport() as transport:
        await transport.handle_async_request(outgoing(site.url))
        await asyncio.sleep(0.01)
        response = await transport.handle_async_request(outgoing(site.url, "POST"))
    assert response.body == b"[1]"


async def test_bytes_after_an_answer_never_answer_the_next_request() -> None:
    smuggled = Reply(reply(200, b"[1]").data + reply(200, b"[666]").data)
    async with loopback(smuggled, reply(200, b"[2]")) as site, AiohttpTransport() as transport:
        first = await transport.handle_async_request(outgoing(site.url))
        second = await transport.handle_async_request(outgoing(site.url))
    assert (first.body, second.body) == (b"[1]", b"[2]")


async def test_nobody_listens() -> None:
    async with loopback() as site:
        pass
    with pytest.raises(httpx.ConnectError) as error:
        await sent(outgoing(f"{site.url}/?key={KEY}"))
    assert KEY not in repr(error.value)


async def test_no_file_descriptor_left_is_our_own_failure() -> None:
    async with loopback() as site:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        async with AiohttpTransport() as transport:
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            try:
                with pytest.raises(ExhaustedError):
                    await transport.handle_async_request(outgoing(site.url))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_host_that_takes_no_connection() -> None:
    async with loopback() as site:
        with pytest.raises(httpx.ConnectTimeout):
            # Plain TCP accepts, but no TLS handshake follows.
            async with AiohttpTransport(connect_timeout_s=0.02) as transport:
                await transport.handle_async_request(outgoing(site.url.replace("http:", "https:")))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///x", "/x"])
async def test_an_unusable_url(url: str) -> None:
    with pytest.raises((httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        await sent(outgoing(url))


async def test_a_header_that_would_start_a_new_line_is_not_sent() -> None:
    headers = httpx.Headers([(b"X-A", b"1\r\nX-Evil: " + KEY.encode())])
    async with loopback() as site:
        with pytest.raises(httpx.LocalProtocolError) as error:
            await sent(outgoing(site.url, headers=headers))
    assert KEY not in repr(error.value)
    assert site.requests == []


async def test_a_cancelled_call_closes_its_connection() -> None:
    async with loopback(Reply(then="hang")) as site, AiohttpTransport() as transport:
        call = asyncio.create_task(transport.handle_async_request(outgoing(site.url)))
        await site.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(site.dropped.wait(), 1)
