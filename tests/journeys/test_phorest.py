"""Stories of an agent at the salon's desk, told through both eras of MCP."""

import json
from typing import Any

import pytest

from tests.support.mock_upstream import CLIENT, MockUpstream
from tests.support.phorest import (
    BOTH_ERAS,
    BRANCH_ID,
    CONNECTORS,
    PASSWORD,
    VERSIONS,
    agent,
    answered,
    phorest,
    refused,
    text_of,
    tool_requests,
)
from tests.support.serving import serving
from treenail_runtime.loading import load_connector

MOMENT = {"start_time": "2026-11-24T08:00:00.000Z", "end_time": "2026-11-24T18:00:00.000Z"}


@pytest.fixture(autouse=True)
def fresh(mock_upstream: MockUpstream) -> None:
    mock_upstream.reset()


@pytest.mark.requirement("MCP-ERAS", "S0-01", "S0-45", "S1-04")
@BOTH_ERAS
async def test_the_list_holds_the_committed_tools(phorest_url: str, mode: str) -> None:
    committed = load_connector(CONNECTORS, "phorest")

    async with agent(phorest_url, mode) as client:
        listed = (await client.list_tools()).tools

        assert client.protocol_version == VERSIONS[mode]
        assert client.instructions == committed.instructions
    assert len(listed) == 20
    assert [tool.name for tool in listed] == [tool.name for tool in committed.tools]
    for tool, own in zip(listed, committed.tools, strict=True):
        assert (tool.title, tool.description) == (own.title, own.description)
        assert tool.input_schema == own.input_schema
        assert tool.annotations is not None
        hints = tool.annotations.model_dump(by_alias=True, exclude_none=True)
        assert hints == own.annotations.published


@pytest.mark.requirement("S0-46", "NO-SECRETS")
@BOTH_ERAS
async def test_the_connection_is_told_without_its_secret(phorest_url: str, mode: str) -> None:
    async with agent(phorest_url, mode) as client:
        told = await client.call_tool("get_connection_info", {})

    assert told.structured_content == {
        "connector": "phorest",
        "region": "eu",
        "business_id": "b1",
        "branch_id": BRANCH_ID,
    }
    assert PASSWORD not in told.model_dump_json()


@pytest.mark.requirement("MCP-TOOLS", "S0-16")
@BOTH_ERAS
async def test_answers_hold_what_the_connector_picks_and_nothing_else(
    phorest_url: str, mode: str
) -> None:
    async with agent(phorest_url, mode) as client:
        result = await client.call_tool("list_staff", {})

    staff = result.structured_content["staff"]
    assert json.loads(text_of(result)) == result.structured_content
    assert len(staff) == 45
    for person in staff:
        assert person["branch_id"] == BRANCH_ID
        assert {person.get("mobile"), person.get("email")} <= {"[redacted]", None}
        assert not {"birth_date", "birthDate", "notes", "_links"} & set(person)


@pytest.mark.requirement("S2-16")
@BOTH_ERAS
async def test_following_next_page_reads_the_whole_list_once(phorest_url: str, mode: str) -> None:
    page: int | None = 0
    answers: list[dict[str, Any]] = []

    async with agent(phorest_url, mode) as client:
        while page is not None:
            answers.append(await answered(client, "list_clients", page=page, size=20))
            page = answers[-1].get("next_page")

    seen = [each["client_id"] for answer in answers for each in answer["clients"]]
    assert len(seen) == len(set(seen)) == 45
    assert [(each["page"], each["total_pages"], each["total_items"]) for each in answers] == [
        (0, 3, 45),
        (1, 3, 45),
        (2, 3, 45),
    ]


UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("list_clients", {"emial": "a@b.ie"}, "emial: unknown argument, did you mean email?"),
    (
        "create_client",
        {"firstName": "Aoife", "last_name": "Marlowe"},
        "firstName: unknown argument, did you mean first_name?",
    ),
    (
        "check_availability",
        {**MOMENT, "client_service_selections": [{"service_selection": []}]},
        (
            "client_service_selections[0].service_selection: unknown argument,"
            " did you mean service_selections?"
        ),
    ),
]


@pytest.mark.requirement("MCP-UNKNOWN", "T-116")
@BOTH_ERAS
@pytest.mark.parametrize(("tool", "arguments", "told"), UNKNOWN)
async def test_an_unknown_argument_is_refused_by_name_before_anything_is_sent(
    mock_upstream: MockUpstream,
    phorest_url: str,
    mode: str,
    tool: str,
    arguments: dict[str, Any],
    told: str,
) -> None:
    async with agent(phorest_url, mode) as client:
        text = await refused(client, tool, **arguments)

    assert told in text.splitlines()
    assert "Nothing was sent." in text
    assert tool_requests(mock_upstream) == []


@pytest.mark.requirement("MCP-ADVICE", "NO-SECRETS")
@BOTH_ERAS
async def test_a_wrong_password_asks_the_person_to_connect_again(
    mock_upstream: MockUpstream, mode: str
) -> None:
    offering = phorest(mock_upstream.url, PHOREST_PASSWORD="wrong")  # noqa: S106  # the mock's word for it

    async with serving(offering) as server, agent(server.url, mode) as client:
        text = await refused(client, "list_branches")

    assert text.startswith("the upstream answered 401 Unauthorized")
    assert "the person who connected this server must connect again" in text


@BOTH_ERAS
async def test_a_client_is_created_read_and_changed_but_never_from_a_stale_record(
    phorest_url: str, mode: str
) -> None:
    async with agent(phorest_url, mode) as client:
        created = await answered(
            client, "create_client", first_name="Nuala", last_name="Byrne", mobile="353209100777"
        )
        read = await answered(client, "get_client", client_id=created["client_id"])
        change = {
            "client_id": read["client_id"],
            "version": read["version"],
            "first_name": read["first_name"],
            "last_name": "Byrne-Walsh",
            "mobile": read["mobile"],
        }
        changed = await answered(client, "update_client", **change)
        stale = await refused(client, "update_client", **(change | {"last_name": "Lost"}))
        last = await answered(client, "get_client", client_id=created["client_id"])
        found = await answered(client, "list_clients", last_name="Byrne-Walsh")

    assert read == created
    assert read["creating_branch_id"] == BRANCH_ID
    assert changed["last_name"] == "Byrne-Walsh"
    assert changed["version"] == read["version"] + 1
    assert stale.startswith("the upstream answered 409 Conflict")
    assert "Advice: The record has another version by now" in stale
    assert "Call get_client and look before you apply the change again." in stale
    assert last == changed
    assert [each["client_id"] for each in found["clients"]] == [created["client_id"]]


@BOTH_ERAS
async def test_a_free_slot_is_passed_on_as_it_is_and_becomes_an_appointment(
    phorest_url: str, mode: str
) -> None:
    async with agent(phorest_url, mode) as client:
        service = (await answered(client, "list_services"))["services"][0]
        wanted = {"service_selections": [{"service_id": service["service_id"]}]}
        free = await answered(
            client, "check_availability", client_service_selections=[wanted], **MOMENT
        )
        schedules = [
            {**each, "client_id": CLIENT}
            for each in free["slots"][0]["client_appointment_schedules"]
        ]
        booking = await answered(
            client, "create_booking", client_id=CLIENT, client_appointment_schedules=schedules
        )
        booked = booking["client_appointment_schedules"][0]["service_schedules"][0]
        appointment = await answered(
            client, "get_appointment", appointment_id=booked["appointment_id"]
        )

    assert booking["booking_status"] == "ACTIVE"
    assert appointment["service_id"] == service["service_id"]
    assert appointment["client_id"] == CLIENT
    assert appointment["branch_id"] == BRANCH_ID
