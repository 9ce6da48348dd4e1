"""What a login form offers of what the upstream tells; and what a connector says without saying it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.support.sample import READS, WRITES
from tests.support.upstreams import connector, mocked
from treenail_runtime.contract import (
    CALL_SCOPE,
    READ_SCOPE,
    Annotations,
    Answer,
    Choices,
    Endpoint,
    Input,
    JsonObject,
    LoginField,
    PageNumbers,
    Tool,
    ToolContext,
    UpstreamMalformed,
    UpstreamRefused,
    first_pages,
    read_choices,
)

SHOPS = Endpoint(
    "GET",
    "/shops",
    answer=Answer(
        root="data.shops",
        name="items",
        many=True,
        page=PageNumbers(number="at", pages="pages", total="total"),
    ),
    reads=True,
)


async def shops(context: ToolContext) -> JsonObject:
    return await first_pages(lambda page: context.call(SHOPS, query={"page": page}))


def field(**facts: Any) -> LoginField:
    choices = Choices(run=shops, items="items", value="id", label="owner.name")
    return LoginField(name="shop", label="Shop", kind="select", choices=choices, **facts)


class Upstream:
    """Shops on pages; notes which pages it was asked for."""

    def __init__(self, pages: int, size: int) -> None:
        self.pages, self.size = pages, size
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        page = parse_qs(request.url.query.decode()).get("page", [None])[0]
        self.asked.append(page)
        number = int(page or 0)
        ids = range(number * self.size, (number + 1) * self.size)
        told = {
            "data": {"shops": [{"id": each, "owner": {"name": f"Shop {each}"}} for each in ids]},
            "at": number,
            "pages": self.pages,
            "total": self.pages * self.size,
        }
        return httpx.Response(200, content=json.dumps(told))


async def run(upstream: Callable[[httpx.Request], httpx.Response]) -> JsonObject:
    context = ToolContext("sample", {}, mocked(upstream))
    return await shops(context)


async def test_the_choices_of_all_pages_are_offered_in_the_upstreams_order() -> None:
    upstream = Upstream(pages=3, size=2)

    answer = await run(upstream)

    assert upstream.asked == [None, "1", "2"]
    assert read_choices(field(), answer) == tuple((str(n), f"Shop {n}") for n in range(6))
    assert "next_page" not in answer


async def test_at_most_five_pages_are_read_and_the_answer_tells_that_there_are_more() -> None:
    upstream = Upstream(pages=9, size=2)

    answer = await run(upstream)

    assert upstream.asked == [None, "1", "2", "3", "4"]
    assert answer["next_page"] == 5


async def test_no_further_page_is_read_once_there_are_enough_choices() -> None:
    upstream = Upstream(pages=9, size=300)

    answer = await run(upstream)

    assert upstream.asked == [None, "1"]
    assert len(read_choices(field(), answer)) == 500


async def test_a_refused_or_misplaced_list_is_an_error_not_an_empty_choice() -> None:
    with pytest.raises(UpstreamRefused):
        await run(lambda _: httpx.Response(403))
    with pytest.raises(UpstreamMalformed):
        await run(lambda _: httpx.Response(200, content=b'{"shops": [], "at": 0, "total": 3}'))


UNUSABLE = {
    "no value": {"owner": {"name": "A"}},
    "an object": {"id": {"x": 1}},
    "null": {"id": None},
    "true": {"id": True},
    "an empty text": {"id": ""},
    "a line break": {"id": "a\nb"},
    "an invisible character": {"id": "a\u202eb"},
    "what is too long": {"id": "a" * 257},
    "what the pattern refuses": {"id": "../x"},
    "a trailing line break": {"id": "ab\n"},
    "no object": "ab",
}


@pytest.mark.parametrize("item", UNUSABLE.values(), ids=UNUSABLE)
def test_an_item_without_a_usable_value_is_not_offered(item: Any) -> None:
    answer: JsonObject = {"items": [item, {"id": "ok"}]}

    assert read_choices(field(pattern="^[A-Za-z0-9_-]+$"), answer) == (("ok", "ok"),)


def test_a_label_is_one_visible_line_and_the_first_of_equal_values_counts() -> None:
    answer: JsonObject = {
        "items": [
            {"id": "1", "owner": {"name": " North\n\u202eshop  <b>"}},
            {"id": "1", "owner": {"name": "again"}},
            {"id": 2, "owner": {"name": 7}},
            {"id": "3", "owner": {"name": "x" * 300}},
            {"id": "4", "owner": {"name": "\u200b"}},
        ]
    }

    assert read_choices(field(), answer) == (
        ("1", "North shop <b>"),
        ("2", "7"),
        ("3", "x" * 256),
        ("4", "4"),
    )


@pytest.mark.parametrize("answer", [{}, {"items": None}, {"items": {"id": "1"}}, {"other": []}])
def test_an_answer_without_a_list_offers_nothing(answer: JsonObject) -> None:
    assert read_choices(field(), answer) == ()


def test_a_field_without_choices_offers_none() -> None:
    assert read_choices(LoginField(name="a", label="A"), {"items": [{"id": "1"}]}) == ()


def test_the_list_may_stand_deep_in_the_answer() -> None:
    choices = Choices(run=shops, items="data.shops", value="id", label="name")
    shop = LoginField(name="shop", label="Shop", kind="select", choices=choices)

    answer: JsonObject = {"data": {"shops": [{"id": "1", "name": "One"}]}}

    assert read_choices(shop, answer) == (("1", "One"),)


class Nothing(Input):
    """No arguments."""


async def nothing(_: Nothing, __: ToolContext) -> JsonObject:
    return {}


@pytest.mark.parametrize(
    ("kind", "scope", "needed"),
    [
        (READS, None, READ_SCOPE),
        (WRITES, None, CALL_SCOPE),
        (READS, "things", "things"),
        (WRITES, "things", "things"),
        (READS, CALL_SCOPE, CALL_SCOPE),
    ],
)
def test_a_tool_needs_its_scope_or_the_general_one_of_its_kind(
    kind: Annotations, scope: str | None, needed: str
) -> None:
    tool = Tool(
        name="a",
        title="A",
        description="A.",
        arguments=Nothing,
        run=nothing,
        annotations=kind,
        scope=scope,
    )

    assert tool.required_scope == needed


@pytest.mark.requirement("S0-28")
@pytest.mark.parametrize(
    ("name", "said", "prefix"),
    [
        ("phorest", "phmcp", "phmcp"),
        ("phorest", "", "phorest"),
        ("my_own_2", "", "myown2"),
        ("a23456789_b23456789", "", "a23456789b234567"),
    ],
)
def test_tokens_begin_with_the_connectors_prefix_or_its_name(
    name: str, said: str, prefix: str
) -> None:
    assert connector(name=name, token_prefix=said).token_prefix == prefix
