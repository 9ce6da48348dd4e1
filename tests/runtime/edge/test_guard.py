"""What the first layer lets through, over real sockets and under Hypercorn."""

import pytest

from tests.support.loopback import loopback, reply
from tests.support.serving import offering, serving
from tests.support.wire import JSON_HEADERS, LIST, LIST_HEADERS, parse, raw, rpc, statuses


@pytest.mark.requirement("T-090", "V-23")
async def test_a_request_smuggled_behind_two_lengths_is_not_served() -> None:
    """pgjones/hypercorn#279: Hypercorn alone serves the second one."""
    async with serving() as server:
        inner = raw(server.port, f"Content-Length: {len(LIST)}")
        smuggling = raw(
            server.port,
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            body=b"0\r\n\r\n" + inner,
        )
        received = await server.raw(smuggling)

    assert statuses(received) == [400]
    assert parse(received).headers["connection"] == "close"


@pytest.mark.requirement("T-091")
@pytest.mark.parametrize(
    "line",
    [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
    ],
)
async def test_other_transfer_encodings_are_refused(line: str) -> None:
    async with serving() as server:
        received = await server.raw(raw(server.port, line, body=b"0\r\n\r\n"))

    assert statuses(received)[0] in {400, 501}
    assert len(statuses(received)) == 1


@pytest.mark.requirement("T-091")
@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 1", "Content-Length: 2"),
        ("Content-Length: -1",),
        ("Content-Length: +3",),
        ("Content-Length: 0x3",),
        ("Content-Length: 3, 4",),
    ],
)
async def test_lengths_that_are_no_length_end_the_connection(lines: tuple[str, ...]) -> None:
    async with serving() as server:
        assert statuses(await server.raw(raw(server.port, *lines))) == [400]


@pytest.mark.requirement("T-076", "T-081")
@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Content-Type",
        "Cookie",
        "Origin",
        "Sec-Fetch-Site",
        "Mcp-Method",
        "Mcp-Name",
        "Mcp-Protocol-Version",
        "Mcp-Session-Id",
        "Mcp-Param-Region",
    ],
)
async def test_a_deciding_header_may_come_once(name: str) -> None:
    async with serving() as server:
        length = f"Content-Length: {len(LIST)}"
        received = await server.raw(raw(server.port, f"{name}: a", f"{name}: a", length))

    assert statuses(received) == [400]
    answer = parse(received)
    assert answer.json["error"]["code"] == (-32020 if name.startswith("Mcp") else -32600)
    assert f"{name.lower()} header appears more than once" in answer.json["error"]["message"]


async def test_two_hosts_end_the_connection() -> None:
    """h11 itself refuses them."""
    async with serving() as server:
        received = await server.raw(
            raw(server.port, "Host: localhost", f"Content-Length: {len(LIST)}")
        )

    assert statuses(received) == [400]


async def test_two_accept_headers_are_one_list() -> None:
    async with serving() as server:
        headers = [*LIST_HEADERS[2:], ("Accept", "text/html"), ("Accept", "application/json")]
        answer = await server.request(
            headers=[("Content-Type", "application/json"), *headers], body=LIST
        )

    assert answer.status == 200


@pytest.mark.requirement("S4-27")
@pytest.mark.parametrize(
    "path",
    [
        "//mcp",
        "/mcp/",
        "/MCP",
        "/%6dcp",
        "/mcp%2f",
        "/./mcp",
        "/x/../mcp",
        "/mcp;x=1",
        "/sample//mcp",
        "/sample%2fmcp",
        "/other/mcp",
        "/mcp%00",
        "/mcp..;/",
        "/",
    ],
)
async def test_a_path_counts_as_it_is_written(path: str) -> None:
    async with serving() as server:
        answer = await server.request(path=path, headers=LIST_HEADERS, body=LIST)

    assert answer.status == 404
    assert answer.json == {"error": "Not Found"}


@pytest.mark.requirement("T-084")
@pytest.mark.parametrize(
    "target",
    ["*", "http://127.0.0.1/mcp", "http://evil.example/mcp", "HTTPS://localhost/mcp", "mcp", "?x"],
)
async def test_a_target_is_a_path(target: str) -> None:
    async with serving() as server:
        answer = await server.request(path=target, headers=LIST_HEADERS, body=LIST)

    assert answer.status == 400


async def test_a_query_does_not_change_the_path() -> None:
    async with serving() as server:
        answer = await server.request(path="/mcp?a=/../x", headers=LIST_HEADERS, body=LIST)

    assert answer.status == 200


@pytest.mark.requirement("S1-27")
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE"])
async def test_an_mcp_endpoint_takes_posts_only(method: str) -> None:
    async with serving() as server:
        answer = await server.request(method)

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


async def test_a_health_page_takes_no_posts_and_no_body() -> None:
    async with serving() as server:
        posted = await server.request("POST", "/healthz")
        stuffed = await server.request(
            "GET", "/healthz", headers=[("Content-Length", "3")], body=b"abc"
        )

    assert (posted.status, posted.headers["allow"]) == (405, "GET, HEAD")
    assert stuffed.status == 413


async def test_pages_forbid_whatever_a_browser_could_do_with_them() -> None:
    async with serving() as server:
        headers = (await server.request("GET", "/healthz")).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none';")
    assert "server" not in headers


@pytest.mark.parametrize("line", ["Content-Encoding: gzip", "Upgrade: h2c", "Upgrade: x"])
async def test_encodings_and_upgrades_are_refused(line: str) -> None:
    async with serving() as server:
        received = await server.raw(raw(server.port, line, f"Content-Length: {len(LIST)}"))

    assert statuses(received) in ([400], [415])


@pytest.mark.requirement("T-096")
async def test_a_web_socket_is_refused() -> None:
    async with serving() as server:
        received = await server.raw(
            raw(
                server.port,
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                request="GET /mcp HTTP/1.1",
                headers=(),
                body=b"",
            )
        )

    assert statuses(received) == [400]


@pytest.mark.requirement("T-095")
async def test_http_2_is_refused_to_whoever_begins_with_it() -> None:
    """Hypercorn alone would serve it."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    async with serving() as server:
        received = await server.raw(preface)

    assert statuses(received) == [505]
    assert received.endswith(b"\r\n\r\n")
    assert parse(received).headers["connection"] == "close"


@pytest.mark.requirement("T-095")
async def test_an_upgrade_to_http_2_is_refused() -> None:
    """Hypercorn alone answers 101 to a request without a body, before anyone sees it."""
    async with serving() as server:
        received = await server.raw(
            raw(
                server.port,
                "Connection: Upgrade, HTTP2-Settings",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                request="GET /healthz HTTP/1.1",
                headers=(),
                body=b"",
            )
        )

    assert statuses(received) == [400]
    assert b"Upgrade refused" in received


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "3.0"])
async def test_other_versions_of_http_end_the_connection(version: str) -> None:
    async with serving() as server:
        request = raw(server.port, request=f"GET /healthz HTTP/{version}", headers=(), body=b"")
        received = await server.raw(request)

    assert statuses(received) in ([400], [505])


async def test_the_next_request_of_a_connection_is_a_request_of_its_own() -> None:
    async with (
        loopback(reply(200, b'{"id":"a"}')) as upstream,
        serving(offering(upstream.url)) as server,
    ):
        body = rpc("tools/call", {"name": "get_item", "arguments": {"item_id": "a"}})
        once = raw(server.port, f"Content-Length: {len(body)}", headers=JSON_HEADERS, body=body)
        bad = raw(server.port, f"Content-Length: {len(body)}", headers=(), body=body)
        last = raw(
            server.port,
            f"Content-Length: {len(body)}",
            "Connection: close",
            headers=JSON_HEADERS,
            body=body,
        )
        received = await server.raw(once + bad + last)

    assert statuses(received) == [200, 400, 200]
