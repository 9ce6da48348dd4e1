"""Sessions of the earlier protocol versions: bound to their grant, no proof of anything."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.authorizing import Site, authorizing
from tests.support.members import Member, admit, change, send
from tests.support.wire import JSON_HEADERS, LIST, LIST_HEADERS, Answer, rpc
from treenail_runtime.storage.tables import sessions

OLD = (*JSON_HEADERS, ("Mcp-Protocol-Version", "2025-11-25"))
INITIALIZE = rpc(
    "initialize",
    {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
)
TOOLS = rpc("tools/list")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as running:
        yield running


async def opened(site: Site, member: Member) -> tuple[str, str]:
    """A new session, as the header that names it."""
    answer = await send(site, INITIALIZE, *JSON_HEADERS, member.bearer)
    assert answer.status == 200, answer.body
    return ("Mcp-Session-Id", answer.headers["mcp-session-id"])


async def listed(site: Site, member: Member, *session: tuple[str, str]) -> Answer:
    return await send(site, TOOLS, *OLD, member.bearer, *session)


@pytest.mark.requirement("S0-15", "S0-34", "RS-19", "RS-20", "S4-19", "S4-22", "S4-23")
async def test_a_session_serves_its_owner_until_it_is_ended(site: Site) -> None:
    ann = await admit(site)
    session = await opened(site, ann)

    served = await listed(site, ann, session)
    ended = await send(site, b"", *OLD, ann.bearer, session, method="DELETE")
    gone = await listed(site, ann, session)
    again = await send(site, b"", *OLD, ann.bearer, session, method="DELETE")

    assert served.status == 200
    assert len(served.json["result"]["tools"]) == 6
    assert (ended.status, ended.body) == (204, b"")
    assert [gone.status, again.status] == [404, 404]
    assert await site.rows(sessions) == []


@pytest.mark.requirement("Z-03", "Z-01")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_session_is_no_proof_of_anybody(site: Site, method: str) -> None:
    ann = await admit(site)
    session = await opened(site, ann)
    body = TOOLS if method == "POST" else b""

    without = await send(site, body, *OLD, session, method=method)
    instead = await send(
        site, body, *OLD, ("Authorization", f"Bearer {session[1]}"), session, method=method
    )

    assert [without.status, instead.status] == [401, 401]
    assert (await listed(site, ann, session)).status == 200


@pytest.mark.requirement("RS-19", "V-02", "S0-34", "S4-25")
async def test_a_session_is_named_by_chance_and_kept_as_a_digest_only(site: Site) -> None:
    ann = await admit(site)

    names = {(await opened(site, ann))[1] for _ in range(3)}

    assert len(names) == 3
    assert all(name.startswith("sample_ses_") for name in names)
    assert not any(
        name.encode() in repr(row).encode() for row in await site.rows(sessions) for name in names
    )


@pytest.mark.requirement("T-077", "V-02", "RS-19", "S0-34", "Z-13")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_session_is_nothing_in_other_hands(site: Site, method: str) -> None:
    ann = await admit(site, subject="ann")
    session = await opened(site, ann)
    others = {
        "same client, other person": await admit(site, subject="bob"),
        "same person, other client": await admit(site, subject="ann", client_id="app-2"),
        "same person, same client, other login": await admit(site, subject="ann"),
        "other configuration": await admit(site, subject="ann", email="ann@elsewhere.test"),
    }

    body = TOOLS if method == "POST" else b""
    answers = [
        await send(site, body, *OLD, other.bearer, session, method=method)
        for other in others.values()
    ]
    unknown = await send(site, body, *OLD, ann.bearer, ("Mcp-Session-Id", "nobody"), method=method)
    unproven = await send(site, body, *OLD, session, method=method)

    assert [answer.status for answer in answers] == [404] * 4
    assert {answer.body for answer in answers} == {unknown.body}
    assert unproven.status == 401
    assert (await listed(site, ann, session)).status == 200


@pytest.mark.requirement("T-079", "S0-34")
async def test_a_session_ends_with_its_grant_and_with_changed_credentials(site: Site) -> None:
    found: list[int] = []
    for what in ("grant revoked", "credentials changed"):
        member = await admit(site)
        session = await opened(site, member)
        await change(site, member, what)
        found.append((await listed(site, member, session)).status)

    assert found == [401, 401]


@pytest.mark.requirement("RS-16", "T-104", "S1-27")
async def test_what_has_no_meaning_is_refused(site: Site) -> None:
    ann = await admit(site)
    session = await opened(site, ann)

    without = await listed(site, ann)
    stream = await send(site, b"", *OLD, ann.bearer, session, method="GET")
    nameless = await send(site, b"", *OLD, ann.bearer, method="DELETE")
    modern = await send(site, b"", *LIST_HEADERS, ann.bearer, session, method="DELETE")

    assert (without.status, without.json["error"]["code"]) == (400, -32600)
    assert (stream.status, stream.headers["allow"]) == (405, "POST, DELETE")
    assert nameless.status == 400
    assert (modern.status, modern.headers["allow"]) == (405, "POST")


@pytest.mark.requirement("RS-16")
async def test_a_request_of_today_pays_no_attention_to_sessions(site: Site) -> None:
    ann = await admit(site)

    answer = await send(
        site, LIST, *LIST_HEADERS, ann.bearer, ("Mcp-Session-Id", "nobody"), ("Last-Event-ID", "1")
    )

    assert answer.status == 200
    assert "mcp-session-id" not in answer.headers


@pytest.mark.requirement("S1-26", "S1-27", "T-104")
@pytest.mark.parametrize(("mode", "status"), [("stateless", 200), ("off", 400)])
async def test_other_ways_to_serve_earlier_versions(tmp_path: Path, mode: str, status: int) -> None:
    async with authorizing(tmp_path, legacy_sessions=mode) as site:
        ann = await admit(site)
        first = await send(site, INITIALIZE, *JSON_HEADERS, ann.bearer)
        tools = await listed(site, ann)
        delete = await send(site, b"", *OLD, ann.bearer, method="DELETE")

    assert [first.status, tools.status] == [status, status]
    assert "mcp-session-id" not in first.headers
    assert (delete.status, delete.headers["allow"]) == (405, "POST")


@pytest.mark.requirement("MCP-FRAMING")
async def test_the_sdks_own_framing_serves_the_same_sessions(tmp_path: Path) -> None:
    async with authorizing(tmp_path, framing="sdk") as site:
        ann, bob = await admit(site), await admit(site, email="bob@example.test")
        session = await opened(site, ann)
        found = [(await listed(site, who, session)).status for who in (ann, bob)]
        info = rpc("tools/call", {"name": "get_connection_info", "arguments": {}})
        told = await send(site, info, *OLD, ann.bearer, session)

    assert found == [200, 404]
    assert told.json["result"]["structuredContent"]["email"] == "ann@example.test"
