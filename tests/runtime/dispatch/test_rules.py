"""What the MCP specification demands of a server over HTTP, said once more in figures."""

import pytest

from tests.support.loopback import loopback, reply
from tests.support.serving import CANARY, offering, serving
from tests.support.wire import (
    JSON_HEADERS,
    LIST,
    LIST_HEADERS,
    MODERN,
    modern,
    modern_headers,
    rpc,
)
from treenail_runtime.settings import Settings

CALL = modern("tools/call", {"name": "get_item", "arguments": {"item_id": "a"}})
CALL_HEADERS = modern_headers("tools/call", "get_item")


def changed(name: str, value: str | None) -> tuple[tuple[str, str], ...]:
    kept = tuple(pair for pair in CALL_HEADERS if pair[0] != name)
    return kept if value is None else (*kept, (name, value))


@pytest.mark.requirement("RS-14")
@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        (changed("Mcp-Protocol-Version", "2099-01-01"), CALL, -32020),
        (CALL_HEADERS, CALL.replace(MODERN.encode(), b"2099-01-01"), -32020),
        (
            changed("Mcp-Protocol-Version", "2099-01-01"),
            CALL.replace(MODERN.encode(), b"2099-01-01"),
            -32022,
        ),
    ],
)
async def test_the_version_header_agrees_with_the_body(
    headers: tuple[tuple[str, str], ...], body: bytes, code: int
) -> None:
    async with serving() as server:
        answer = await server.request(headers=headers, body=body)

    assert answer.status == 400
    assert answer.json["error"]["code"] == code
    if code == -32022:
        assert answer.json["error"]["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


@pytest.mark.requirement("RS-15")
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Mcp-Method", "tools/list", 400),
        ("Mcp-Method", None, 400),
        ("Mcp-Name", "create_item", 400),
        ("Mcp-Name", None, 400),
        ("Mcp-Name", "=?base64?Z2V0X2l0ZW1?=", 400),
        ("Mcp-Name", "=?base64?Z2V0X2l0ZW0=?=", 200),
    ],
)
async def test_routing_headers_agree_with_the_body(
    name: str, value: str | None, status: int
) -> None:
    async with (
        loopback(reply(200, b'{"id":"a"}')) as upstream,
        serving(offering(upstream.url)) as server,
    ):
        answer = await server.request(headers=changed(name, value), body=CALL)

    assert answer.status == status
    if status == 400:
        assert answer.json["error"]["code"] == -32020
        assert answer.json["id"] == 1


@pytest.mark.requirement("RS-17")
async def test_an_unknown_method_is_not_found() -> None:
    async with serving() as server:
        answer = await server.request(headers=modern_headers("no/such"), body=modern("no/such"))

    assert (answer.status, answer.json["error"]["code"]) == (404, -32601)


@pytest.mark.requirement("T-101")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", -32600),
        (b"[" + LIST + b"]", -32600),
        (LIST.replace(b'"id": 1', b'"id": null'), -32600),
        (LIST.replace(b'"id": 1', b'"id": 1.5'), -32600),
        (LIST.replace(b'"id": 1', b'"id": {}'), -32600),
        (LIST.replace(b'"tools/list"', b"7"), -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600),
        (LIST.replace(b'"_meta"', b'"__proto__"'), -32602),
    ],
)
async def test_malformed_json_rpc_is_refused(body: bytes, code: int) -> None:
    async with serving() as server:
        answer = await server.request(headers=LIST_HEADERS, body=body)

    assert (answer.status, answer.json["error"]["code"]) == (400, code)


@pytest.mark.requirement("RS-24")
async def test_lists_are_the_same_every_time() -> None:
    bodies: set[bytes] = set()
    for _ in range(2):
        async with serving() as server:
            bodies |= {
                (await server.request(headers=LIST_HEADERS, body=LIST)).body for _ in range(3)
            }

    assert len(bodies) == 1


@pytest.mark.requirement("S1-26", "MCP-ERAS")
async def test_no_request_depends_on_an_earlier_one() -> None:
    """Any worker can answer: neither a hello nor a session comes before a call."""
    async with serving() as server:
        hello = await server.request(
            headers=JSON_HEADERS,
            body=rpc(
                "initialize",
                {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "t", "version": "1"},
                },
            ),
        )
        old = (*JSON_HEADERS, ("Mcp-Protocol-Version", "2025-11-25"), ("Mcp-Session-Id", "stale"))
        listed = await server.request(headers=old, body=rpc("tools/list"))

    assert hello.json["result"]["protocolVersion"] == "2025-11-25"
    assert "mcp-session-id" not in hello.headers
    assert len(listed.json["result"]["tools"]) == 6


@pytest.mark.requirement("RS-08", "V-10")
async def test_no_header_of_the_client_reaches_the_upstream() -> None:
    sent = (
        ("Authorization", f"Bearer {CANARY}"),
        ("Cookie", f"a={CANARY}"),
        ("X-Forwarded-For", CANARY),
        ("Traceparent", CANARY),
        ("User-Agent", CANARY),
    )
    async with (
        loopback(reply(200, b"{}")) as upstream,
        serving(offering(upstream.url)) as server,
    ):
        await server.request(headers=(*CALL_HEADERS, *sent), body=CALL)

    for request in upstream.requests:
        assert request.names == {"host", "accept", "accept-encoding", "user-agent", "authorization"}
        assert CANARY not in str(request.fields)


@pytest.mark.requirement("RS-13")
def test_the_server_listens_to_this_machine_unless_told_otherwise() -> None:
    assert Settings().host == "127.0.0.1"
