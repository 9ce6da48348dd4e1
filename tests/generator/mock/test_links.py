"""Links from page to page, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.connectors import Mocks

FIRST = "/jobs?pageCursor=0&pageSize=20"
pytestmark = pytest.mark.requirement("MOCK-LINKS")


@pytest.fixture
def http(mocks: Mocks) -> Iterator[httpx.Client]:
    mock = mocks.of("fergus")
    assert mock is not None
    headers = {"Authorization": "Bearer right"}
    with httpx.Client(base_url=mock.url, headers=headers, trust_env=False) as client:
        yield client


def page(http: httpx.Client, url: str) -> dict[str, Any]:
    return http.get(url).json()


def test_next_leads_through_the_whole_list_and_previous_back(http: httpx.Client) -> None:
    seen: list[int] = []
    url: str | None = FIRST
    last = ""
    while url is not None:
        here, last = page(http, url), url
        seen += [job["id"] for job in here["data"]]
        url = here["paging"]["links"]["next"]

    assert len(set(seen)) == len(seen) == 45
    assert page(http, last)["paging"]["links"] == {
        "self": "/jobs?pageCursor=40&pageSize=20",
        "previous": "/jobs?pageCursor=20&pageSize=20",
        "next": None,
    }
    assert page(http, FIRST)["paging"]["links"]["previous"] is None


def test_links_keep_what_else_was_asked_for(http: httpx.Client) -> None:
    links = page(http, "/jobs?filterSearchText=a%20b&pageSize=20")["paging"]["links"]

    assert links["next"] == "/jobs?filterSearchText=a+b&pageCursor=20&pageSize=20"
