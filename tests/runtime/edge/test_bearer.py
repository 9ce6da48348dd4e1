"""Who is let in at an MCP endpoint, and what those hear who are not."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import structlog

from tests.support.authorizing import Site, authorizing
from tests.support.members import Member, admit, change, port_of, send
from tests.support.sample import CONNECTOR
from tests.support.serving import Running
from tests.support.wire import LIST, LIST_HEADERS, modern, modern_headers
from treenail_runtime.contract import Request, ToolContext, UpstreamAnswer
from treenail_runtime.crypto.opaque import new_token
from treenail_runtime.dispatch.callers import (
    Caller,
    InsufficientScopeError,
    demand_scope,
    serve_as,
)

INFO = modern("tools/call", {"name": "get_connection_info", "arguments": {}})
INFO_HEADERS = modern_headers("tools/call", "get_connection_info")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as running:
        yield running


@pytest.mark.requirement("S0-12", "S0-14", "S0-23", "RS-05", "S1-25")
async def test_a_token_opens_the_tools_as_its_own_connection(site: Site) -> None:
    ann, bob = await admit(site), await admit(site, email="bob@example.test")

    told = [await send(site, INFO, *INFO_HEADERS, each.bearer) for each in (ann, bob)]

    found = [each.json["result"]["structuredContent"]["email"] for each in told]
    assert found == ["ann@example.test", "bob@example.test"]
    assert all(each.json["result"]["structuredContent"]["password"] is None for each in told)


@pytest.mark.requirement("RS-02", "RS-04", "RS-11", "RS-23", "S0-35", "S4-21")
async def test_without_a_token_the_challenge_says_where_to_get_one_and_names_no_error(
    site: Site,
) -> None:
    answer = await send(site, LIST, *LIST_HEADERS)

    document = f"{site.base_url}/.well-known/oauth-protected-resource/mcp"
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer scope="mcp.tools.call", resource_metadata="{document}"'
    )
    assert answer.json["error"]["message"] == "Unauthorized"


@pytest.mark.requirement("T-076", "RS-05", "RS-09")
@pytest.mark.parametrize(
    "shown",
    [
        "Bearer",
        "Bearer ",
        "Bearer  {}",
        "Basic {}",
        "Token {}",
        "Bearer {}x",
        "Bearer x{}",
        "Bearer {} {}",
        "Bearer " + "a" * 20_000,
        "Bearer \xff\xfe",
    ],
)
async def test_a_token_that_is_not_shown_rightly_opens_nothing(site: Site, shown: str) -> None:
    member = await admit(site)
    text = shown.replace("{}", member.token)

    answer = await send(site, LIST, *LIST_HEADERS, ("Authorization", text))

    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.requirement("T-076", "RS-05")
@pytest.mark.parametrize("place", ["query", "form"])
async def test_a_token_anywhere_else_is_not_looked_at(site: Site, place: str) -> None:
    member = await admit(site)
    where = f"access_token={member.token}"

    answer = (
        await send(site, LIST, *LIST_HEADERS, path=f"/mcp?{where}")
        if place == "query"
        else await send(site, where.encode(), *LIST_HEADERS)
    )

    assert answer.status == 401
    assert "error=" not in answer.headers["www-authenticate"]


@pytest.mark.requirement("T-076")
async def test_two_authorization_headers_are_refused_before_anything_is_looked_up(
    site: Site,
) -> None:
    member = await admit(site)

    answer = await send(site, LIST, *LIST_HEADERS, member.bearer, member.bearer)

    assert answer.status == 400


@pytest.mark.requirement("T-076")
async def test_the_scheme_may_be_written_in_any_case(site: Site) -> None:
    member = await admit(site)

    answer = await send(site, LIST, *LIST_HEADERS, ("Authorization", f"bEARER {member.token}"))

    assert answer.status == 200


@pytest.mark.requirement("T-107", "S0-35", "RS-06", "T-079", "T-080", "RS-07", "S0-34", "T-128")
async def test_every_bad_token_gets_the_same_bytes_and_the_log_its_reason(site: Site) -> None:
    reasons = {
        "token expired": "token expired",
        "grant revoked": "grant revoked",
        "grant over": "token expired",
        "connection ended": "connection ended",
        "credentials changed": "credentials changed",
        "ciphertext damaged": "the connection cannot be opened",
        "token of another resource": "token of another instance",
    }
    answers: set[bytes] = set()
    with structlog.testing.capture_logs() as logs:
        for what, reason in reasons.items():
            member = await admit(site)
            await change(site, member, what)
            # The body is no JSON: nobody reads it before the token is proven.
            answers.add(await _refused(site, member.token, b"{"))
            assert logs[-1]["event"] == "bearer.refused"
            assert logs[-1]["reason"].startswith(reason)
            assert member.token not in repr(logs)
        answers.add(await _refused(site, new_token("sample", "atk"), b"{"))
        answers.add(await _refused(site, "garbage", b"{"))

    assert len(answers) == 1


async def _refused(site: Site, token: str, body: bytes) -> bytes:
    answer = await send(site, body, *LIST_HEADERS, ("Authorization", f"Bearer {token}"))
    assert answer.status == 401
    kept = sorted(pair for pair in answer.headers.items() if pair[0] != "date")
    return repr(kept).encode() + answer.body


@pytest.mark.requirement("TOKENS-CONNECTOR")
async def test_what_was_typed_for_another_connector_goes_to_no_upstream_of_this_one(
    site: Site,
) -> None:
    """Another one answers at `/mcp` when the operator names other connectors, or one breaks."""
    member = await admit(site, connector="other")
    with structlog.testing.capture_logs() as logs:
        await _refused(site, member.token, INFO)

    assert logs[-1]["reason"] == "credentials of another connector"


@pytest.mark.requirement("T-080", "RS-07", "V-24")
async def test_a_token_of_one_instance_is_nothing_at_another(site: Site) -> None:
    default, named = await admit(site), await admit(site, instance="sample")

    found = [
        (await send(site, LIST, *LIST_HEADERS, member.bearer, path=path)).status
        for member, path in (
            (default, "/mcp"),
            (default, "/sample/mcp"),
            (named, "/sample/mcp"),
            (named, "/mcp"),
        )
    ]

    assert found == [200, 401, 200, 401]


@pytest.mark.requirement("RS-10", "T-124", "AS-38", "S2-37")
async def test_a_tool_that_needs_more_is_refused_with_one_challenge_for_all_of_it(
    site: Site,
) -> None:
    reader = await admit(site, scope="mcp.tools.read")
    create = modern("tools/call", {"name": "create_item", "arguments": {"name": "a", "amount": 1}})

    refused = await send(site, create, *modern_headers("tools/call", "create_item"), reader.bearer)
    hidden = await send(
        site, create, *modern_headers("tools/call", "=?base64?Y3JlYXRlX2l0ZW0=?="), reader.bearer
    )
    read = await send(site, INFO, *INFO_HEADERS, reader.bearer)

    document = f"{site.base_url}/.well-known/oauth-protected-resource/mcp"
    assert [refused.status, hidden.status, read.status] == [403, 403, 200]
    assert refused.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", scope="mcp.tools.call mcp.tools.read", '
        f'resource_metadata="{document}"'
    )


@pytest.mark.requirement("RS-24", "AS-38")
async def test_a_wider_scope_holds_the_narrower_one(site: Site) -> None:
    writer = await admit(site, scope="mcp.tools.call")

    answer = await send(site, INFO, *INFO_HEADERS, writer.bearer)

    assert answer.status == 200


@pytest.mark.requirement("S0-31", "RS-09")
async def test_guessing_tokens_is_limited_by_address_and_calls_by_grant(tmp_path: Path) -> None:
    limits = "mcp=2/15m,mcp_grant=3/1m"
    async with authorizing(tmp_path, rate_limits=limits) as site:
        member = await admit(site)
        guesses = [await send(site, LIST, *LIST_HEADERS) for _ in range(3)]
        calls = [await send(site, LIST, *LIST_HEADERS, member.bearer) for _ in range(4)]

    assert [each.status for each in guesses] == [401, 401, 429]
    assert [each.status for each in calls] == [200, 200, 200, 429]
    assert int(guesses[-1].headers["retry-after"]) > 0
    assert guesses[-1].headers["www-authenticate"] == guesses[0].headers["www-authenticate"]
    assert int(calls[-1].headers["retry-after"]) > 0


@pytest.mark.requirement("V-05", "S2-21")
async def test_two_people_with_the_same_request_ids_never_get_each_others_answers(
    site: Site,
) -> None:
    people = [await admit(site, email=f"person{number}@example.test") for number in range(2)]

    async def ask(member: Member) -> str:
        answer = await send(site, INFO, *INFO_HEADERS, member.bearer)
        found: str = answer.json["result"]["structuredContent"]["email"]
        return found

    asked = [number % 2 for number in range(60)]
    found = await asyncio.gather(*(ask(people[number]) for number in asked))

    assert found == [f"person{number}@example.test" for number in asked]


@pytest.mark.requirement("Z-11")
async def test_a_token_is_believed_for_a_moment_only_where_that_is_switched_on(
    tmp_path: Path,
) -> None:
    statuses: list[int] = []
    for seconds in (0, 5):
        folder = tmp_path / str(seconds)
        folder.mkdir()
        async with authorizing(folder, token_cache_seconds=seconds) as site:
            member = await admit(site)
            await send(site, LIST, *LIST_HEADERS, member.bearer)
            await change(site, member, "grant revoked")
            statuses.append((await send(site, LIST, *LIST_HEADERS, member.bearer)).status)

    assert statuses == [401, 200]


@pytest.mark.requirement("S1-12", "T-156", "S4-08")
async def test_health_tells_no_more_than_that_it_is_well(site: Site) -> None:
    told = [await Running(port_of(site)).request("GET", path) for path in ("/healthz", "/readyz")]

    assert [each.json for each in told] == [
        {"status": "ok"},
        {"status": "ready", "connectors": ["sample"]},
    ]


CREATE = modern("tools/call", {"name": "create_item", "arguments": {"name": "a", "amount": 1}})
CREATE_HEADERS = modern_headers("tools/call", "create_item")
READ_IN_TWO_WAYS = {
    "as it should be": CREATE,
    "an id twice": CREATE.replace(b'"id": 1', b'"id": 1, "id": 1'),
    "a method twice": CREATE.replace(b'"method"', b'"method": "tools/list", "method"'),
    "a name twice": CREATE.replace(b'"name": "c', b'"name": "get_item", "name": "c'),
    "a mark before it": b"\xef\xbb\xbf" + CREATE,
    "no number": CREATE.replace(b'"id": 1', b'"id": 1, "z": NaN'),
    "too deep": CREATE.replace(b'"id": 1', b'"id": 1, "z": ' + b"[" * 100 + b"]" * 100),
}


@pytest.mark.requirement("T-124", "RS-10", "T-100")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
@pytest.mark.parametrize("how", READ_IN_TWO_WAYS)
async def test_no_writing_of_a_call_gets_around_its_scope(
    tmp_path: Path, framing: str, how: str
) -> None:
    async with authorizing(tmp_path, framing=framing) as site:
        reader = await admit(site, scope="mcp.tools.read")
        answer = await send(site, READ_IN_TWO_WAYS[how], *CREATE_HEADERS, reader.bearer)

    assert answer.status == (403 if how == "as it should be" else 400)
    assert "result" not in answer.json


async def test_a_tool_is_not_called_for_a_caller_without_its_scope() -> None:
    tools = {tool.name: tool for tool in CONNECTOR.tools}
    context = ToolContext("sample", {}, Nowhere())
    demand_scope(tools["create_item"])
    serve_as(Caller(context, frozenset({"mcp.tools.read"})))

    demand_scope(tools["get_item"])
    with pytest.raises(InsufficientScopeError, match=r"mcp\.tools\.call"):
        demand_scope(tools["create_item"])


class Nowhere:
    async def send(self, request: Request) -> UpstreamAnswer:
        raise AssertionError(request)
