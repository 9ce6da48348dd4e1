"""How the pages of a list follow each other."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import JsonValue

from treenail_runtime.contract import (
    Answer,
    Endpoint,
    JsonObject,
    Paging,
    Request,
    ToolContext,
    UpstreamAnswer,
    UpstreamMalformed,
    UpstreamUnavailable,
)
from treenail_runtime.contract.paging import next_link

PAGE = Paging(style="page", parameter="page", argument="page", told="next_page", size="size")
OFFSET = Paging(
    style="offset", parameter="from", argument="start", told="next_offset", first=0, size="size"
)
CURSOR = Paging(
    style="cursor", parameter="after", argument="after", next="meta.next", more="meta.more"
)
LINK = Paging(style="link", parameter="page", argument="page", told="next_page")


class Upstream:
    """Answers pages of `size` numbers out of `total`, and remembers the queries."""

    def __init__(
        self, *answers: JsonObject, links: tuple[str, ...] = (), ends: bool = False
    ) -> None:
        self.answers = list(answers)
        self.links = list(links)
        self.ends = ends
        self.queries: list[str] = []

    async def send(self, request: Request) -> UpstreamAnswer:
        self.queries.append(request.query)
        if not self.answers and self.ends:
            raise UpstreamUnavailable("gone")
        link = {"link": self.links.pop(0)} if self.links else {}
        body = json.dumps(self.answers.pop(0)).encode()
        return UpstreamAnswer(200, body, "application/json", link)


async def told(
    paging: Paging, upstream: Upstream, query: Mapping[str, object], most: int | None = None
) -> JsonObject:
    answer = Answer(root="items", name="items", many=True, paging=paging, max_items=most)
    endpoint = Endpoint("GET", "/items", answer=answer, reads=True, timeout_s=5)
    return await ToolContext("x", {}, upstream).call(endpoint, query=query)


def items(*numbers: int, **beside: JsonValue) -> JsonObject:
    return {"items": list(numbers), **beside}


@pytest.mark.requirement("ANS-PAGES")
@pytest.mark.parametrize(
    ("paging", "query", "answer", "beside"),
    [
        (PAGE, {}, items(1, 2), {"next_page": 2}),
        (PAGE, {"page": 3, "size": 2}, items(1, 2), {"next_page": 4}),
        (PAGE, {"page": 3, "size": 3}, items(1, 2), {}),
        (PAGE, {"page": 3}, items(), {}),
        (replace(PAGE, first=0), {}, items(1), {"next_page": 1}),
        (replace(PAGE, pages="pages"), {"page": 1}, items(1, pages=2), {"next_page": 2}),
        (replace(PAGE, pages="pages"), {"page": 2}, items(1, pages=2), {}),
        (replace(PAGE, first=0, pages="pages"), {"page": 1}, items(1, pages=2), {}),
        (replace(PAGE, total="n"), {"page": 2, "size": 2}, items(1, 2, n=4), {}),
        (replace(PAGE, total="n"), {"page": 2, "size": 2}, items(1, 2, n=5), {"next_page": 3}),
        (replace(PAGE, more="more"), {}, items(1, more=False), {}),
        (OFFSET, {}, items(1, 2), {"next_offset": 2, "next_argument": "start"}),
        (
            replace(OFFSET, more="more"),
            {"from": 4, "size": 9},
            items(1, 2, more=True),
            {"next_offset": 6, "next_argument": "start"},
        ),
        (replace(OFFSET, more="more"), {"from": 4}, items(more=True), {}),
        (OFFSET, {"from": 4, "size": 2}, items(1, 2), {"next_offset": 6, "next_argument": "start"}),
        (replace(OFFSET, total="n"), {"from": 4}, items(1, 2, n=6), {}),
        (CURSOR, {}, items(1, meta={"next": "c1"}), {"next_cursor": "c1", "next_argument": "after"}),
        (CURSOR, {}, items(1, meta={"next": "c1", "more": False}), {}),
        (CURSOR, {}, items(1, meta={"next": None}), {}),
        (CURSOR, {}, items(1, meta={"next": ""}), {}),
        (CURSOR, {}, items(1), {}),
        (
            CURSOR,
            {},
            items(1, meta={"next": "https://x.test/items?size=2&after=c%2F2"}),
            {"next_cursor": "c/2", "next_argument": "after"},
        ),
        (replace(PAGE, argument="", pages="pages"), {}, items(1, pages=2), {"has_more": True}),
    ],
)  # fmt: skip
async def test_the_next_page_is_told_while_there_is_one(
    paging: Paging, query: dict[str, object], answer: JsonObject, beside: JsonObject
) -> None:
    answered = await told(paging, Upstream(answer), query)

    assert answered == {"items": answer["items"], **beside}


@pytest.mark.requirement("ANS-PAGES")
@pytest.mark.parametrize(
    ("paging", "query", "answer", "is_fault"),
    [
        (replace(PAGE, pages="pages", total="n"), {"page": 1}, {"n": 7, "pages": 3}, True),
        (replace(PAGE, pages="pages", total="n"), {"page": 4}, {"n": 7, "pages": 3}, False),
        (replace(PAGE, pages="pages", total="n"), {"page": 1}, {"n": 0, "pages": 1}, False),
        (replace(PAGE, pages="pages"), {"page": 2}, {"pages": 3}, True),
        (replace(PAGE, pages="pages"), {}, {"pages": 1}, False),
        (replace(PAGE, total="n"), {"page": 2, "size": 3}, {"n": 7}, True),
        (replace(PAGE, total="n"), {"page": 4, "size": 3}, {"n": 7}, False),
        (replace(PAGE, total="n"), {"page": 4}, {"n": 7}, False),
        (replace(OFFSET, total="n"), {"from": 6}, {"n": 7}, True),
        (replace(OFFSET, total="n"), {"from": 7}, {"n": 7}, False),
        (CURSOR, {}, {"meta": {"next": "c1"}}, False),
    ],
)
async def test_a_page_that_counts_items_and_has_no_list_is_a_fault(
    paging: Paging, query: dict[str, object], answer: JsonObject, *, is_fault: bool
) -> None:
    for told_list in ({}, {"items": None}):
        asked = told(paging, Upstream({**answer, **told_list}), query)
        if is_fault:
            with pytest.raises(UpstreamMalformed, match="tells of items"):
                await asked
        else:
            assert (await asked)["items"] == []


@pytest.mark.requirement("ANS-PAGES")
async def test_the_last_item_may_be_the_cursor() -> None:
    paging = Paging(
        style="cursor", parameter="after", argument="after", next="items[-1]", more="more"
    )

    answered = await told(paging, Upstream(items(1, 2, more=True)), {})

    assert answered["next_cursor"] == 2


@pytest.mark.requirement("ANS-PAGES")
@pytest.mark.parametrize(
    ("link", "target"),
    [
        (
            '<https://x.test/items?page=2>; rel="next", <https://x.test/items?page=9>; rel="last"',
            "2",
        ),
        ("</items?page=2>;rel=next", "2"),
        ('<?page=2>; title="a, b; c"; rel="prefetch next"', "2"),
        ('</items?page=1>; rel="prev"', None),
        ('</items?page=2>; rel="nextish"', None),
        ("garbage", None),
        ("", None),
    ],
)
async def test_a_link_of_relation_next_leads_on(link: str, target: str | None) -> None:
    assert (next_link(link) or "").rpartition("=")[2] == (target or "")

    answered = await told(LINK, Upstream(items(1), links=(link,)), {})

    assert answered.get("next_page") == (int(target) if target else None)


@pytest.mark.requirement("ANS-PAGES-AUTO")
async def test_one_call_reads_as_many_pages_as_it_may() -> None:
    upstream = Upstream(items(1, 2), items(3, 4), items(5, 6))

    answered = await told(replace(PAGE, most_pages=3), upstream, {"size": 2, "q": "a"})

    assert answered == {"items": [1, 2, 3, 4, 5, 6], "next_page": 4}
    assert upstream.queries == ["size=2&q=a", "size=2&q=a&page=2", "size=2&q=a&page=3"]


@pytest.mark.requirement("ANS-PAGES-AUTO")
async def test_reading_on_ends_with_the_last_page() -> None:
    answered = await told(replace(PAGE, most_pages=9), Upstream(items(1, 2), items(3)), {"size": 2})

    assert answered == {"items": [1, 2, 3]}


@pytest.mark.requirement("ANS-PAGES-AUTO")
async def test_a_page_that_would_be_too_many_items_is_left_to_the_next_call() -> None:
    upstream = Upstream(items(1, 2), items(3, 4), items(5, 6))

    answered = await told(replace(PAGE, most_pages=9), upstream, {"size": 2}, most=5)

    assert answered == {"items": [1, 2, 3, 4], "next_page": 3}


@pytest.mark.requirement("ANS-PAGES-AUTO")
async def test_a_page_that_fails_is_told_as_the_one_to_go_on_with() -> None:
    upstream = Upstream(items(1, 2), ends=True)

    answered = await told(replace(PAGE, most_pages=9), upstream, {"size": 2})

    assert answered == {"items": [1, 2], "next_page": 2}
