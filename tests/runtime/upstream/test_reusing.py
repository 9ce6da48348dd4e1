"""Answers that are given again: to whom, for how long, and when no longer."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.support.reusing import ANN, KEPT, NO_RETRIES, WRITE, Held, Upstream, ask
from treenail_runtime.contract import (
    Answer,
    BearerAuth,
    Endpoint,
    JsonBody,
    ToolContext,
    UpstreamMalformed,
    UpstreamRefused,
)
from treenail_runtime.upstream import Owner, Reuse, credentials_for

BRIEFLY = Endpoint("GET", "/things", reads=True, repeatable=True, cache_s=5.0)
NEVER = Endpoint("GET", "/things", reads=True, repeatable=True)
LISTED = Endpoint(
    "GET", "/things", answer=Answer(root="things", many=True), reads=True, cache_s=60.0
)
SEARCH = Endpoint("POST", "/search", body=JsonBody(), reads=True)


@pytest.mark.requirement("CACHE-FILE", "CACHE-FRESH", "CACHE-TOLD")
async def test_an_answer_is_given_again_for_as_long_as_the_connector_says() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)

    first = await ask(client)
    held.time.seconds = 59.9
    again = await ask(client)
    held.time.seconds = 60.0
    later = await ask(client)

    assert (first, again, later) == (b'{"answer":1}', b'{"answer":1}', b'{"answer":2}')
    assert (held.counts.hits, held.counts.misses, held.counts.held[0]) == (1, 2, 1)


@pytest.mark.requirement("CACHE-FILE")
async def test_a_tool_that_keeps_nothing_is_always_answered_by_the_upstream() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)

    await ask(client, NEVER)
    await ask(client, NEVER)
    await ask(client, KEPT)

    assert len(upstream.asked) == 3


@pytest.mark.requirement("CACHE-FRESH")
async def test_of_two_tools_that_ask_the_same_each_has_its_own_time() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)

    await ask(client, KEPT)
    held.time.seconds = 10
    assert await ask(client, KEPT) == b'{"answer":1}'
    assert await ask(client, BRIEFLY) == b'{"answer":2}'


@pytest.mark.requirement("CACHE-FILE")
@pytest.mark.parametrize(
    ("method", "reads"), [("POST", True), ("QUERY", True), ("GET", False), ("DELETE", False)]
)
def test_an_endpoint_keeps_only_what_a_get_or_head_reads(method: str, reads: bool) -> None:  # noqa: FBT001  # a row
    with pytest.raises(ValueError, match="only of a GET or HEAD that reads"):
        Endpoint(method, "/things", reads=reads, cache_s=60.0)


STRANGERS = {
    "another connection": Owner("shop", "bob", "1"),
    "another instance": Owner("other", "ann", "1"),
    "another version of the connection": Owner("shop", "ann", "2"),
}


@pytest.mark.requirement("CACHE-OWN")
@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
async def test_nobody_else_gets_an_answer(stranger: Owner) -> None:
    held, upstream = Held(), Upstream()
    await ask(held.client(upstream))

    assert await ask(held.client(upstream, stranger)) == b'{"answer":2}'


DIFFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another query": ({}, {"query": {"q": "a"}}),
    "another header": ({}, {"headers": {"Accept-Language": "de"}}),
    "another cookie": ({}, {"cookies": {"shop": "s-1"}}),
    "another server": ({"server": "http://other.test/v1"}, {}),
    "another fixed header": ({"headers": {"X-Api": "2"}}, {}),
    "other credentials": (
        {"credentials": credentials_for(BearerAuth("{t}"), {}, {"t": SecretStr("new")})},
        {},
    ),
}


@pytest.mark.requirement("CACHE-OWN")
@pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
async def test_another_request_gets_another_answer(
    difference: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    held, upstream = Held(), Upstream()
    facts, given = difference
    await ask(held.client(upstream))

    assert await ask(held.client(upstream, **facts), **given) == b'{"answer":2}'
    assert await ask(held.client(upstream)) == b'{"answer":1}'


REFUSALS: dict[str, dict[str, str]] = {
    "no-store": {"Cache-Control": "private, no-store"},
    "no-cache": {"Cache-Control": "no-cache"},
    "no time": {"Cache-Control": "max-age=0"},
    "a time that is none": {"Cache-Control": "max-age=soon"},
    "a time that is over": {"Cache-Control": "max-age=30", "Age": "30"},
    "an end in the past": {"Expires": "0"},
    "whatever the request was": {"Vary": "Accept, *"},
}


@pytest.mark.requirement("CACHE-FRESH")
@pytest.mark.parametrize("fields", REFUSALS.values(), ids=REFUSALS)
async def test_what_the_upstream_wants_to_be_asked_again_is_not_kept(
    fields: dict[str, str],
) -> None:
    held, upstream = Held(), Upstream(fields)
    client = held.client(upstream)

    await ask(client)
    await ask(client)

    assert (len(upstream.asked), held.cache.held) == (2, 0)


TIMES: dict[str, tuple[dict[str, str], float]] = {
    "max-age": ({"Cache-Control": "private, max-age=10"}, 10),
    "max-age less age": ({"Cache-Control": "max-age=30", "Age": "20"}, 10),
    "an end": (
        {"Expires": "Fri, 20 Nov 2026 12:00:10 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"},
        10,
    ),
    "a longer time than ours": ({"Cache-Control": "public, max-age=3600"}, 60),
    "a time for shared caches": ({"Cache-Control": "s-maxage=0"}, 60),
    "a request's header": ({"Vary": "Accept, Authorization"}, 60),
}


@pytest.mark.requirement("CACHE-FRESH")
@pytest.mark.parametrize("case", TIMES.values(), ids=TIMES)
async def test_the_shorter_of_two_times_counts(case: tuple[dict[str, str], float]) -> None:
    fields, lasts_s = case
    held, upstream = Held(), Upstream(fields)
    client = held.client(upstream)

    await ask(client)
    held.time.seconds = lasts_s - 0.1
    await ask(client)
    assert len(upstream.asked) == 1
    held.time.seconds = lasts_s
    await ask(client)
    assert len(upstream.asked) == 2


@pytest.mark.requirement("CACHE-FRESH")
@pytest.mark.parametrize("status", [201, 203, 206, 301, 404, 401, 429, 500])
async def test_nothing_but_a_plain_success_is_kept(status: int) -> None:
    held, upstream = Held(), Upstream(status=status)
    client = held.client(upstream, retries=NO_RETRIES)
    for _ in range(2):
        with suppress(UpstreamRefused):
            await ask(client)

    assert (len(upstream.asked), held.cache.held) == (2, 0)


@pytest.mark.requirement("CACHE-FRESH")
@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"", {}),
        (b'{"things":', {"Content-Type": "application/json"}),
        (b"<html>busy</html>", {"Content-Type": "text/html"}),
    ],
)
async def test_what_no_tool_could_be_answered_with_is_not_kept(
    content: bytes, fields: dict[str, str]
) -> None:
    held = Held()
    client = held.client(lambda _: httpx.Response(200, content=content, headers=fields))

    with pytest.raises(UpstreamMalformed):
        await ToolContext("sample", {}, client).call(LISTED)

    assert held.cache.held == 0


@pytest.mark.requirement("CACHE-WRITE")
@pytest.mark.parametrize("status", [200, 202, 409, 500])
async def test_an_agent_reads_what_it_wrote(status: int) -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream, retries=NO_RETRIES)
    await ask(client)
    bob = held.client(upstream, Owner("shop", "bob", "1"))
    await ask(bob)

    upstream.status = status
    with suppress(UpstreamRefused):
        await ask(client, WRITE, body={})
    upstream.status = 200

    assert await ask(client) == b'{"answer":4}'
    assert await ask(bob) == b'{"answer":2}'


@pytest.mark.requirement("CACHE-WRITE")
async def test_a_search_by_post_is_no_write() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)
    await ask(client)

    await ask(client, SEARCH, body={})

    assert await ask(client) == b'{"answer":1}'


@pytest.mark.requirement("CACHE-END")
async def test_the_upstreams_refusal_of_credentials_ends_what_they_were_given() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)
    await ask(client)

    upstream.status = 401
    with pytest.raises(UpstreamRefused):
        await ask(client, NEVER)

    assert held.cache.held == 0


@pytest.mark.requirement("CACHE-END")
async def test_a_tool_that_finds_an_answer_wrong_has_none_given_again() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)
    reuse = Reuse(held.cache, ANN)
    await ask(client)

    assert ToolContext("sample", {}, client, reuse.forget).forget() == 1

    assert await ask(client) == b'{"answer":2}'


@pytest.mark.requirement("CACHE-BOUND", "CACHE-TOLD")
async def test_the_least_recently_used_goes_first() -> None:
    held, upstream = Held(max_bytes=8 * 3_500), Upstream()
    client = held.client(upstream)
    for name in ("a", "b", "c", "a", "d"):
        await ask(client, query={"q": name})
    assert upstream.asked[-1].endswith("q=d")

    sent = len(upstream.asked)
    for name in ("a", "c", "d"):
        await ask(client, query={"q": name})
    assert len(upstream.asked) == sent
    await ask(client, query={"q": "b"})
    assert len(upstream.asked) == sent + 1
    assert held.counts.held == (held.cache.held, held.cache.size)


@pytest.mark.requirement("CACHE-BOUND")
async def test_what_is_held_stays_below_its_limits() -> None:
    held, upstream = Held(max_bytes=8 * 3_500), Upstream()
    for person in range(20):
        client = held.client(upstream, Owner("shop", f"p-{person}", "1"))
        for name in range(5):
            await ask(client, query={"q": str(name)})

    assert held.cache.size <= 8 * 3_500
    assert 20 <= held.cache.held <= 28


@pytest.mark.requirement("CACHE-BOUND", "CACHE-OWN")
async def test_of_the_header_only_what_tools_need_is_kept() -> None:
    needed = {"Link": "</b>; rel=next", "Content-Disposition": "inline", "Location": "/a"}
    further = {f"X-{number}": "x" * 50 for number in range(30)} | {"Set-Cookie": "session=1"}
    sizes: list[int] = []
    for fields in (needed, needed | further):
        held = Held()
        client = held.client(Upstream(fields))
        await ask(client)
        again = await client.send(KEPT.request())
        sizes.append(held.cache.size)

        assert {name.lower(): again.headers[name.lower()] for name in needed} == again.headers
        assert again.body == b'{"answer":1}'

    assert sizes[0] == sizes[1]


@pytest.mark.requirement("CACHE-BOUND")
async def test_one_connection_pushes_out_its_own_answers_first() -> None:
    held, upstream = Held(max_bytes=8 * 3_500), Upstream()
    await ask(held.client(upstream))
    greedy = held.client(upstream, Owner("shop", "bob", "1"))
    for name in range(100):
        await ask(greedy, query={"q": str(name)})

    assert await ask(held.client(upstream)) == b'{"answer":1}'


@pytest.mark.requirement("CACHE-BOUND")
async def test_an_answer_that_is_very_large_is_not_kept() -> None:
    held = Held(max_bytes=8 * 3_500)
    client = held.client(lambda _: httpx.Response(200, json={"text": "x" * 4_000}))

    await ask(client)

    assert (held.cache.held, held.cache.size) == (0, 0)


@pytest.mark.requirement("CACHE-END", "CACHE-TOLD")
async def test_what_is_over_is_given_up_although_nobody_asks() -> None:
    held, upstream = Held(), Upstream()
    client = held.client(upstream)
    await ask(client, KEPT)
    await ask(client, BRIEFLY, query={"q": "a"})

    held.time.seconds = 5
    assert (held.cache.sweep(), held.cache.held) == (1, 1)
    held.time.seconds = 60
    assert (held.cache.sweep(), held.cache.held) == (1, 0)

    assert held.counts.held == (0, 0)
    assert held.cache.connections == frozenset()


@pytest.mark.requirement("CACHE-END")
async def test_what_belongs_to_an_instance_or_to_a_connection_goes_with_it() -> None:
    held, upstream = Held(), Upstream()
    owners = [Owner("shop", "ann", "1"), Owner("shop", "bob", "1"), Owner("other", "cid", "1")]
    for owner in owners:
        await ask(held.client(upstream, owner))

    assert held.cache.forget_connections(["bob", "nobody"]) == 1
    assert held.cache.forget_where(lambda instance: instance == "shop") == 1
    assert held.cache.forget_all() == 1
    assert (held.cache.held, held.cache.size) == (0, 0)
