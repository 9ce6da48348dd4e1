"""The kernel answers as the SDK's own HTTP entry does: same status, same JSON."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.loopback import loopback, reply
from tests.support.serving import offering, serving
from tests.support.wire import JSON_HEADERS, MODERN, Answer, modern, modern_headers, rpc

pytestmark = pytest.mark.requirement("MCP-FRAMING")

ITEM = {"id": "a", "price": None, "nested": [{"none": None}], "big": 2**80, "text": "ä\u2028"}


@dataclass(frozen=True)
class Case:
    headers: tuple[tuple[str, str], ...]
    body: bytes
    method: str = "POST"


def of_era(version: str | None, body: bytes) -> Case:
    named = (("Mcp-Protocol-Version", version),) if version else ()
    return Case((*JSON_HEADERS, *named), body)


def of_today(method: str, params: dict[str, Any] | None = None, identifier: object = 1) -> Case:
    name = params.get("name") if params else None
    return Case(modern_headers(method, name), modern(method, params, identifier))


def replaced(case: Case, name: str, value: str | None) -> Case:
    kept = tuple(pair for pair in case.headers if pair[0] != name)
    return Case(kept if value is None else (*kept, (name, value)), case.body)


def call(**arguments: Any) -> dict[str, Any]:
    return {"name": "get_item", "arguments": arguments}


GOOD = of_today("tools/call", call(item_id="a"))
OLD = of_era("2025-11-25", rpc("tools/call", call(item_id="a")))
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"},
}

CASES = {
    "a call": GOOD,
    "a call with a text id": of_today("tools/call", call(item_id="a"), "x-1"),
    "a call with a huge id": of_today("tools/call", call(item_id="a"), 2**90),
    "a call with wrong arguments": of_today("tools/call", call(item="a", page=101, tags=[1])),
    "a call without arguments": of_today("tools/call", {"name": "get_connection_info"}),
    "a call with null arguments": of_today(
        "tools/call", {"name": "get_connection_info", "arguments": None}
    ),
    "a call with a list of arguments": of_today(
        "tools/call", {"name": "get_item", "arguments": ["a"]}
    ),
    "a call of an unknown tool": of_today("tools/call", {"name": "get_itme", "arguments": {}}),
    "a call without a name": of_today("tools/call", {"arguments": {}}),
    "a call of a number": of_today("tools/call", {"name": 1, "arguments": {}}),
    "the list": of_today("tools/list"),
    "the list from a cursor": of_today("tools/list", {"cursor": "2"}),
    "the list from an empty cursor": of_today("tools/list", {"cursor": ""}),
    "the list from a cursor that is null": of_today("tools/list", {"cursor": None}),
    "discovery from an empty cursor": of_today("server/discover", {"cursor": ""}),
    "discovery": of_today("server/discover"),
    "an unknown method": of_today("tools/destroy"),
    "a method nobody offers": of_today("resources/list"),
    "a method of the other era": of_today("initialize", HELLO),
    "a ping of the other era": of_today("ping"),
    "a subscription": of_today("subscriptions/listen"),
    "a subscription without a stream": replaced(
        of_today("subscriptions/listen"), "Accept", "application/json"
    ),
    "a name that does not match": replaced(GOOD, "Mcp-Name", "create_item"),
    "a name that is missing": replaced(GOOD, "Mcp-Name", None),
    "a name in base64": replaced(GOOD, "Mcp-Name", "=?base64?Z2V0X2l0ZW0=?="),
    "a name in bad base64": replaced(GOOD, "Mcp-Name", "=?base64?Z2V0X2l0ZW1?="),
    "a method that does not match": replaced(GOOD, "Mcp-Method", "tools/list"),
    "a method that is missing": replaced(GOOD, "Mcp-Method", None),
    "a version nobody knows": replaced(GOOD, "Mcp-Protocol-Version", "2099-01-01"),
    "an empty version": replaced(GOOD, "Mcp-Protocol-Version", ""),
    "a version that does not match": Case(
        modern_headers("tools/list"), modern("tools/list").replace(b"2026-07-28", b"2025-11-25")
    ),
    "a version nobody knows, twice": Case(
        replaced(of_today("tools/list"), "Mcp-Protocol-Version", "2099-01-01").headers,
        modern("tools/list").replace(b"2026-07-28", b"2099-01-01"),
    ),
    "no envelope": Case(modern_headers("tools/list"), rpc("tools/list")),
    "an envelope without capabilities": Case(
        modern_headers("tools/list"),
        rpc("tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": MODERN}}),
    ),
    "capabilities that are no object": Case(
        modern_headers("tools/list"), modern("tools/list").replace(b"{}", b"[]")
    ),
    "params that are a list": Case(
        modern_headers("tools/list"), b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}'
    ),
    "a method that is a number": Case(
        modern_headers("tools/list"), b'{"jsonrpc":"2.0","id":1,"method":7}'
    ),
    "an id that is null": of_today("tools/list", identifier=None),
    "an id that is a fraction": of_today("tools/list", identifier=1.5),
    "an id that is true": of_today("tools/list", identifier=True),
    "an id that is an object": of_today("tools/list", identifier={}),
    "another JSON-RPC": Case(modern_headers("tools/list"), b'{"id":1,"method":"tools/list"}'),
    "a batch": Case(modern_headers("tools/list"), b"[" + modern("tools/list") + b"]"),
    "an answer": Case(modern_headers("tools/list"), b'{"jsonrpc":"2.0","id":1,"result":{}}'),
    "a notification": Case(
        modern_headers("notifications/cancelled"),
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
    ),
    "a malformed notification": Case(modern_headers("x"), b'{"jsonrpc":"2.0","method":1}'),
    "a notification of an unknown version": replaced(
        Case(modern_headers("x"), b'{"jsonrpc":"2.0","method":"notifications/x"}'),
        "Mcp-Protocol-Version",
        "2099-01-01",
    ),
    "a text": Case(modern_headers("tools/list"), b'"tools/list"'),
    "broken JSON": Case(modern_headers("tools/list"), b'{"jsonrpc":'),
    "no body": Case(modern_headers("tools/list"), b""),
    "an integer of 5,000 digits": Case(modern_headers("x"), b'{"id":' + b"9" * 5000 + b"}"),
    "invalid UTF-8": Case(modern_headers("tools/list"), b'{"jsonrpc":"\xff"}'),
    "JSON as text": replaced(GOOD, "Content-Type", "text/plain"),
    "no content type": replaced(GOOD, "Content-Type", None),
    "a charset": replaced(GOOD, "Content-Type", "application/json; charset=utf-8"),
    "a client that wants HTML": replaced(GOOD, "Accept", "text/html"),
    "a client that says nothing of what it wants": replaced(GOOD, "Accept", None),
    "a client that wants JSON only": replaced(GOOD, "Accept", "application/json"),
    "a client that takes anything": replaced(GOOD, "Accept", "*/*"),
    "an old call": OLD,
    "an old call without a version": of_era(None, rpc("tools/call", call(item_id="a"))),
    "an old call of 2024-11-05": of_era("2024-11-05", rpc("tools/call", call(item_id="a"))),
    "an old call with wrong arguments": of_era("2025-06-18", rpc("tools/call", call(item=1))),
    "an old call of an unknown tool": of_era("2025-06-18", rpc("tools/call", {"name": "x"})),
    "an old call without a name": of_era("2025-06-18", rpc("tools/call", {})),
    "an old call without params": of_era("2025-06-18", rpc("tools/call")),
    "an old list": of_era("2025-11-25", rpc("tools/list")),
    "an old list from a cursor": of_era("2025-11-25", rpc("tools/list", {"cursor": "2"})),
    "an old list from an empty cursor": of_era("2025-11-25", rpc("tools/list", {"cursor": ""})),
    "an old list from a cursor that is null": of_era(
        "2025-11-25", rpc("tools/list", {"cursor": None})
    ),
    "an old ping": of_era("2025-11-25", rpc("ping")),
    "an old hello": of_era(None, rpc("initialize", HELLO)),
    "an old hello to an unknown version": of_era(
        None, rpc("initialize", {**HELLO, "protocolVersion": "1999-01-01"})
    ),
    "a malformed old hello": of_era(None, rpc("initialize", {})),
    "an old notification": of_era(
        "2025-11-25", b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
    ),
    "an old answer": of_era("2025-11-25", b'{"jsonrpc":"2.0","id":1,"result":{}}'),
    "an old error": of_era(
        "2025-11-25", b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}'
    ),
    "an old unknown method": of_era("2025-11-25", rpc("tools/destroy")),
    "old discovery": of_era("2025-11-25", rpc("server/discover")),
    "an old batch": of_era("2025-03-26", b"[" + rpc("ping") + b"]"),
    "old broken JSON": of_era("2025-03-26", b"{"),
    "an old id that is null": of_era("2025-11-25", rpc("ping", identifier=None)),
    "an old id that is true": of_era("2025-11-25", rpc("ping", identifier=True)),
    "an old number": of_era("2025-11-25", b"7"),
    "old JSON as text": replaced(OLD, "Content-Type", "text/plain"),
    "old JSON of another kind": replaced(OLD, "Content-Type", "application/json-patch+json"),
    "an old client that wants HTML": replaced(OLD, "Accept", "text/html"),
    "an old client that takes anything": replaced(OLD, "Accept", "*/*"),
    "GET": Case((("Accept", "text/event-stream"),), b"", "GET"),
    "GET with a modern version": Case(
        (("Accept", "text/event-stream"), ("Mcp-Protocol-Version", MODERN)), b"", "GET"
    ),
    "DELETE": Case((("Mcp-Session-Id", "x"),), b"", "DELETE"),
    "PUT": Case(JSON_HEADERS, b"", "PUT"),
    "a page of another site": Case((*GOOD.headers, ("Origin", "https://evil.example")), GOOD.body),
    "a name of another site": Case((*GOOD.headers, ("Host", "evil.example")), GOOD.body),
    "a body that is too large": Case(GOOD.headers, b" " * 2048 + GOOD.body),
}


def told(answer: Answer) -> Any:
    """The JSON of an answer, without what each framing may say in its own words."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return None
    error = body.get("error")
    if error is not None:
        error["message"] = error["message"].partition("error:")[0].removesuffix(" error").strip()
        if error.get("data") is None:
            error.pop("data", None)
    return body


@pytest.mark.parametrize("name", CASES)
async def test_both_framings_answer_alike(name: str) -> None:
    case = CASES[name]
    answers: list[Answer] = []
    async with loopback(reply(200, json.dumps(ITEM).encode())) as upstream:
        for framing in ("kernel", "sdk"):
            async with serving(
                offering(upstream.url), framing=framing, max_body_bytes=2048
            ) as server:
                answers.append(
                    await server.request(case.method, headers=case.headers, body=case.body)
                )
    kernel, sdk = answers

    assert kernel.status == sdk.status
    # Where the SDK answers with plain text or nothing, the kernel still says it as JSON-RPC.
    assert told(sdk) in (None, told(kernel))
    assert kernel.status == 202 or told(kernel) is not None


@pytest.mark.parametrize("name", [name for name in CASES if "list" in name or "discov" in name])
async def test_both_framings_answer_alike_when_asked_before(name: str) -> None:
    """The kernel keeps what cannot change."""
    case = CASES[name]
    answers: list[Answer] = []
    for framing in ("kernel", "sdk"):
        async with serving(framing=framing, max_body_bytes=2048) as server:
            for before in ("the list", "an old list", "discovery"):
                await server.request(headers=CASES[before].headers, body=CASES[before].body)
            answers.append(await server.request(case.method, headers=case.headers, body=case.body))
    kernel, sdk = answers

    assert kernel.status == sdk.status
    assert told(sdk) in (None, told(kernel))


@pytest.mark.requirement("T-100")
@pytest.mark.parametrize("text", [b'{"a":1,"a":2}', b"NaN", b"1e999", b'"\\ud800"', b"[" * 5000])
@pytest.mark.parametrize("version", [MODERN, "2025-11-25"])
async def test_json_with_two_readings_is_refused(text: bytes, version: str) -> None:
    body = modern("tools/list").replace(b'"jsonrpc"', b'"extra":' + text + b',"jsonrpc"', 1)
    headers = (*JSON_HEADERS, ("Mcp-Protocol-Version", version), ("Mcp-Method", "tools/list"))
    async with serving() as server:
        answer = await server.request(headers=headers, body=body)

    assert answer.status == 400
    assert answer.json["error"]["code"] == -32700
    assert answer.json["id"] is None


async def test_the_kernel_refuses_a_content_type_that_only_begins_like_json() -> None:
    """The SDK's modern entry lets it pass; a proxy in front may take it for something else."""
    case = replaced(GOOD, "Content-Type", "application/jsonx")
    async with serving() as server:
        assert (await server.request(headers=case.headers, body=case.body)).status == 415


@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_the_earlier_protocol_can_be_switched_off(framing: str) -> None:
    async with serving(framing=framing, legacy_sessions="off") as server:
        hello = await server.request(headers=JSON_HEADERS, body=rpc("initialize", HELLO, 7))
        broken = await server.request(headers=JSON_HEADERS, body=b"[]")
        today = await server.request(
            headers=modern_headers("tools/list"), body=modern("tools/list")
        )

    assert hello.status == 400
    assert hello.json["id"] == 7
    assert hello.json["error"]["code"] == -32022
    assert hello.json["error"]["data"] == {"supported": [MODERN], "requested": None}
    assert broken.json["error"]["code"] == -32022
    assert today.status == 200
