"""What is odd about Fergus, and how its tools take it."""

import json
from typing import Any

import pytest

from tests.support.connectors import Mocks, offering, tool_requests
from tests.support.loopback import Received, loopback, reply
from tests.support.phorest import CONNECTORS, agent, answered, refused
from tests.support.serving import serving
from treenail_runtime.loading import load_connector

FERGUS = load_connector(CONNECTORS, "fergus")
CUSTOMER = {"customer_full_name": "Harbour Cafe", "main_contact": {"first_name": "Aroha"}}
PLACE = {
    "default_contact": {"first_name": "Aroha", "last_name": "Ngata"},
    "site_address": {"address1": "12 Quay Street"},
}
pytestmark = pytest.mark.requirement("CONN-FERGUS")


def sent_by_tools(requests: list[Received]) -> list[Received]:
    """Without the server's own check of its credentials."""
    return [each for each in requests if each.target != "/company"]


@pytest.mark.requirement("S2-14")
def test_all_that_a_trade_business_works_with_is_offered() -> None:
    offered = {tool.name for tool in FERGUS.tools}

    assert len(offered) >= 25
    for record in ("job", "quote", "customer", "site", "calendar_event", "invoice", "user"):
        assert {f"list_{record}s", f"get_{record}"} <= offered


def test_what_no_tool_takes_back_is_told_to_clients_as_destructive() -> None:
    offered = {tool.name: tool.annotations for tool in FERGUS.tools}

    final = ("publish_quote", "mark_quote_as_sent", "accept_quote", "decline_quote")
    assert all(offered[name].destructive for name in (*final, "finalise_job", "archive_site"))
    assert not any(offered[name].destructive for name in ("create_quote", "hold_job"))


async def test_following_next_offset_reads_the_whole_list_once(mocks: Mocks) -> None:
    seen: list[int] = []
    offset: int | None = 0
    async with (
        serving(offering("fergus", mocks.of("fergus"))) as server,
        agent(server.url) as client,
    ):
        while offset is not None:
            page = await answered(client, "list_jobs", offset=offset, page_size=7)
            seen += [job["id"] for job in page["jobs"]]
            offset = page.get("next_offset")

    assert len(seen) == len(set(seen)) == 45


async def test_the_list_ends_where_its_links_end_whatever_a_page_holds() -> None:
    def page(following: str | None) -> bytes:
        links = {"self": "/users", "previous": None, "next": following}
        paging = {"perPage": 20, "pageCount": 2, "links": links}
        return json.dumps({"result": "success", "data": [{"id": 1}], "paging": paging}).encode()

    repeated = "/users?pageCursor=0&pageSize=20&pageCursor=20"
    answers: list[dict[str, Any]] = []
    for following in (repeated, None):
        async with (
            loopback(reply(200, page(following), "Content-Type: application/json")) as upstream,
            serving(offering("fergus", upstream)) as server,
            agent(server.url) as client,
        ):
            answers.append(await answered(client, "list_users"))

    assert answers == [{"users": [{"id": 1}], "next_offset": 1}, {"users": [{"id": 1}]}]


@pytest.mark.parametrize(
    ("tool", "arguments", "line"),
    [
        ("finalise_job", {"job_id": 7}, "PUT /jobs/7/finalise HTTP/1.1"),
        ("hold_job", {"job_id": 7}, "POST /jobs/7/hold HTTP/1.1"),
        (
            "update_calendar_event",
            {
                "event_id": 7,
                "title": "Visit",
                "start_time": "2026-11-24T20:00:00Z",
                "end_time": "2026-11-24T20:15:00Z",
                "update_all_recurring": "TRUE",
            },
            "POST /calendarEvents/7 HTTP/1.1",
        ),
        (
            "delete_calendar_event",
            {"event_id": 7, "all_recurring": "FALSE"},
            "DELETE /calendarEvents/7?updateAllRecurring=FALSE HTTP/1.1",
        ),
    ],
)
async def test_odd_methods_are_sent_as_fergus_wants_them(
    tool: str, arguments: dict[str, Any], line: str
) -> None:
    body = b'{"result": "success", "data": {"id": 7}}'
    async with (
        loopback(reply(200, body, "Content-Type: application/json")) as upstream,
        serving(offering("fergus", upstream)) as server,
        agent(server.url) as client,
    ):
        await answered(client, tool, **arguments)

    (request,) = sent_by_tools(upstream.requests)
    assert request.line == line
    # With one and without a body, Fergus answers 415.
    assert ("content-type" in request.names) == bool(request.body)


@pytest.mark.parametrize(
    ("tool", "arguments", "place"),
    [("create_customer", CUSTOMER, "/customers/9778208"), ("create_site", PLACE, "/sites/173187")],
)
async def test_a_duplicate_is_told_with_the_place_of_the_one_that_exists(
    tool: str, arguments: dict[str, Any], place: str
) -> None:
    async with (
        loopback(reply(303, b"", f"Location: {place}")) as upstream,
        serving(offering("fergus", upstream)) as server,
        agent(server.url) as client,
    ):
        text = await refused(client, tool, **arguments)

    assert place in text
    assert "There is one already." in text
    (request,) = sent_by_tools(upstream.requests)
    assert request.line.startswith("POST ")


async def test_an_error_is_told_in_the_words_of_fergus_with_advice() -> None:
    body = b'{"error": "Not Found", "message": "Job not found", "statusCode": 404}'
    async with (
        loopback(reply(404, body, "Content-Type: application/json")) as upstream,
        serving(offering("fergus", upstream)) as server,
        agent(server.url) as client,
    ):
        text = await refused(client, "get_job", job_id=500)

    assert "404 Not Found: Job not found" in text
    assert "a job number is not an id" in text


async def test_what_people_earn_is_not_told(mocks: Mocks) -> None:
    mock = mocks.of("fergus")
    assert mock is not None
    async with serving(offering("fergus", mock)) as server, agent(server.url) as client:
        people = await answered(client, "list_users")

    assert people["users"]
    for person in people["users"]:
        assert set(person) <= {"id", "first_name", "last_name", "email", "user_type", "status"}
    (request,) = tool_requests("fergus", mock)
    assert request["query"] == ["filterStatus=active", "pageSize=20"]
