"""Lists whose pages are given again, and whose cursors end before that."""

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from tests.support.reusing import ANN, NO_RETRIES, Held
from treenail_runtime.contract import Answer, Endpoint, ToolContext, UpstreamRefused
from treenail_runtime.contract.paging import Paging
from treenail_runtime.upstream import Reuse

PAGING = Paging(style="cursor", parameter="c", argument="c", next="next")
LISTED = Answer(root="items", name="items", many=True, paging=PAGING)
KEPT = Endpoint("GET", "/things", answer=LISTED, reads=True, cache_s=3600.0)


@dataclass
class Lists:
    """An upstream whose cursors are good as long as `now` stays the same."""

    now: int = 0
    asked: int = 0
    refusal: int = 410

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        cursor = request.url.params.get("c")
        if cursor is None:
            return httpx.Response(200, json={"items": [1], "next": f"c-{self.now}"})
        if cursor != f"c-{self.now}":
            return httpx.Response(self.refusal)
        return httpx.Response(200, json={"items": [2]}, headers={"Cache-Control": "no-store"})


def context(upstream: Lists) -> ToolContext:
    held = Held()
    client = held.client(upstream, retries=NO_RETRIES)
    return ToolContext("sample", {}, client, Reuse(held.cache, ANN).forget)


async def ask(context: ToolContext, endpoint: Endpoint = KEPT, **query: Any) -> tuple[Any, Any]:
    """The items, and the cursor behind them."""
    told = await context.call(endpoint, query=query)
    return told["items"], told.get("next_cursor")


@pytest.mark.requirement("CACHE-FRESH")
async def test_a_list_whose_cursor_is_over_is_not_given_again() -> None:
    upstream = Lists()
    tools = context(upstream)
    assert await ask(tools) == ([1], "c-0")
    upstream.now = 1
    assert await ask(tools) == ([1], "c-0")

    with pytest.raises(UpstreamRefused):
        await ask(tools, c="c-0")

    assert await ask(tools) == ([1], "c-1")
    assert await ask(tools, c="c-1") == ([2], None)


@pytest.mark.requirement("CACHE-FRESH")
async def test_a_call_that_finds_a_cursor_over_is_the_last_one_that_does() -> None:
    upstream = Lists()
    tools = context(upstream)
    all_pages = replace(KEPT, answer=replace(LISTED, paging=replace(PAGING, most_pages=2)))
    assert await ask(tools, all_pages) == ([1, 2], None)
    upstream.now = 1

    assert await ask(tools, all_pages) == ([1], "c-0")
    assert await ask(tools, all_pages) == ([1, 2], None)


@pytest.mark.requirement("CACHE-FRESH")
@pytest.mark.parametrize("status", [403, 429])
async def test_a_page_that_is_refused_for_another_reason_leaves_what_is_kept(status: int) -> None:
    upstream = Lists(refusal=status)
    tools = context(upstream)
    await ask(tools)

    with pytest.raises(UpstreamRefused):
        await ask(tools, c="c-9")

    await ask(tools)
    assert upstream.asked == 2
