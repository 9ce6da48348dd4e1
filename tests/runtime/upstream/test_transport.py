import asyncio
import gzip
import tracemalloc
import zlib
from pathlib import Path

import httpx
import pytest

from tests.support.loopback import Reply, loopback, reply
from tests.support.upstreams import outgoing, sent
from treenail_runtime.upstream import AiohttpTransport, AnswerError


async def test_status_headers_and_body_arrive() -> None:
    async with loopback(reply(404, b'{"a":1}', "X-Request-Id: 7")) as site:
        response = await sent(outgoing(site.url))
    assert (response.status_code, response.body) == (404, b'{"a":1}')
    assert response.headers["x-request-id"] == "7"
    assert await response.aread() == b'{"a":1}'


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("DELETE", None), ("POST", None), ("PUT", b"{}")]
)
async def test_no_header_is_added_but_host_and_length(method: str, body: bytes | None) -> None:
    async with loopback() as site:
        await sent(outgoing(site.url, method, body=body, headers=httpx.Headers({"X-A": "1"})))
    assert site.requests[0].names - {"content-length"} == {"host", "x-a"}
    assert site.requests[0].body == (body or b"")


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb/c%20d?x=a%2Cb,c&y=%7Bz%7D",
        "/a%252F?q='%27'",
        "/%E2%82%AC;v=1/:x@y!$&'()*+,=?a[b]=c&d%5Be%5D=f|g",
        "/x%2e%2E%2f?empty=&=&&b",
    ],
)
async def test_the_target_is_sent_byte_for_byte(target: str) -> None:
    async with loopback() as site:
        await sent(outgoing(site.url + target))
    assert site.requests[0].target == target


async def test_a_plain_httpx_request_is_sent_too() -> None:
    async with loopback(reply(201, b"{}")) as site:
        request = httpx.Request("POST", site.url + "/x?a=%2F", json={"b": 1})
        response = await sent(request)
    assert response.status_code == 201
    assert site.requests[0].target == "/x?a=%2F"
    assert site.requests[0].body == b'{"b":1}'


async def test_the_url_is_there_for_whoever_asks() -> None:
    request = outgoing("http://upstream.test/a%2Fb?c=%2C")
    assert request.url.raw_path == b"/a%2Fb?c=%2C"
    assert request.url is request.url
    assert await request.aread() == b""


@pytest.mark.requirement("UP-REDIRECT")
async def test_redirects_are_not_followed() -> None:
    async with (
        loopback() as elsewhere,
        loopback(reply(302, b"", f"Location: {elsewhere.url}")) as site,
    ):
        response = await sent(outgoing(site.url))
    assert response.status_code == 302
    assert elsewhere.requests == []


@pytest.mark.requirement("UP-REDIRECT")
async def test_cookies_are_not_kept() -> None:
    setting = reply(200, b"{}", "Set-Cookie: session=1; Path=/")
    async with loopback(setting) as site, AiohttpTransport() as transport:
        for _ in range(2):
            # By name: aiohttp's own jar takes no cookies from an address.
            await transport.handle_async_request(
                outgoing(site.url.replace("127.0.0.1", "localhost"))
            )
    assert [request.names & {"cookie"} for request in site.requests] == [set(), set()]
    assert site.connections == 1


async def test_the_environment_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy or a .netrc of the host would see the connection's credentials, or replace them."""
    (tmp_path / ".netrc").write_text("default login a password b", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with loopback() as site:
        response = await sent(outgoing(site.url))
    assert response.status_code == 200
    assert "authorization" not in site.requests[0].names


@pytest.mark.requirement("UP-LIMITS", "T-120")
@pytest.mark.parametrize("length", ["Content-Length: 11", "Transfer-Encoding: chunked"])
async def test_a_body_over_the_limit_stops_the_reading(length: str) -> None:
    body = b"b\r\n12345678901\r\n0\r\n\r\n" if "chunked" in length else b"12345678901"
    head = f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode()
    async with loopback(Reply(head + body)) as site:
        with pytest.raises(AnswerError) as error:
            await sent(outgoing(site.url, max_bytes=10))
        assert error.value.fault == "too large"
        assert error.value.received.status_code == 200
        assert (await sent(outgoing(site.url, max_bytes=11))).body == b"12345678901"


@pytest.mark.requirement("UP-LIMITS", "T-120")
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_is_never_unpacked(coding: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    async with loopback(reply(200, bomb, f"Content-Encoding: {coding}")) as site:
        tracemalloc.start()
        with pytest.raises(AnswerError) as error:
            await sent(outgoing(site.url, max_bytes=100_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.value.fault == "too large"
    assert peak < 4_000_000


async def test_compressed_answers_are_unpacked_once() -> None:
    packed = gzip.compress(b'{"a":1}')
    async with loopback(reply(200, packed, "Content-Encoding: gzip")) as site:
        response = await sent(outgoing(site.url))
    assert response.body == await response.aread() == b'{"a":1}'
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("coding", ["gzip", "deflate", "x-unknown"])
async def test_an_answer_that_cannot_be_unpacked(coding: str) -> None:
    async with loopback(reply(200, b"not packed", f"Content-Encoding: {coding}")) as site:
        with pytest.raises(AnswerError) as error:
            await sent(outgoing(site.url))
    assert error.value.fault == "undecodable"


async def test_connections_are_limited() -> None:
    async with loopback() as site, AiohttpTransport(connections=2) as transport:
        calls = [transport.handle_async_request(outgoing(site.url)) for _ in range(20)]
        await asyncio.gather(*calls)
    assert site.connections <= 2
