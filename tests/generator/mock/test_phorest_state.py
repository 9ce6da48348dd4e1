"""Pages, filters, and what the mock of Phorest remembers, over real HTTP."""

from typing import Any

import httpx
import pytest

from tests.support.mock_upstream import BRANCH, BUSINESS, CLIENT, MockUpstream

SERVICE = {
    "serviceId": "qZepIh3T5rewMUebHiH9PA",
    "staffId": "1O6R4CTtpDxkgtZxRlAvoQ",
    "startTime": "2026-11-24T10:30:00.000Z",
    "price": 62.0,
}
BOOKING = {
    "clientId": CLIENT,
    "clientAppointmentSchedules": [{"clientId": CLIENT, "serviceSchedules": [SERVICE]}],
}
PERSON = {"firstName": "Zoe", "lastName": "Quill", "email": "zoe@example.com"}


@pytest.mark.parametrize("size", [1, 7, 20, 45, 100])
def test_pages_have_no_gaps_and_no_repeats(mock_http: httpx.Client, size: int) -> None:
    seen: list[str] = []
    number, pages = 0, 1
    while number < pages:
        answer = mock_http.get(f"{BUSINESS}/client", params={"size": size, "page": number}).json()
        here = [each["clientId"] for each in answer["_embedded"]["clients"]]
        pages = answer["page"]["totalPages"]
        assert answer["page"] == {
            "size": size,
            "totalElements": 45,
            "totalPages": -(-45 // size),
            "number": number,
        }
        assert len(here) == min(size, 45 - size * number)
        seen.extend(here)
        number += 1

    assert len(seen) == len(set(seen)) == 45


def test_page_beyond_the_last_is_empty(mock_http: httpx.Client) -> None:
    answer = mock_http.get(f"{BRANCH}/room", params={"page": 3}).json()

    assert answer["_embedded"]["rooms"] == []
    assert answer["page"] == {"size": 20, "totalElements": 45, "totalPages": 3, "number": 3}


def test_parameters_named_like_a_property_filter(mock_http: httpx.Client) -> None:
    def found(path: str, **params: str) -> list[dict[str, Any]]:
        answer = mock_http.get(path, params={"size": "100", **params}).json()
        return next(iter(answer["_embedded"].values()))

    by_mail = found(f"{BUSINESS}/client", email="aoife.marlowe@example.com")
    by_first_name = found(f"{BUSINESS}/client", firstName="Nuala")
    by_both = found(f"{BUSINESS}/client", firstName="Nuala", lastName="Finch")
    by_client = found(f"{BRANCH}/appointment", client_id=CLIENT)

    assert [each["clientId"] for each in by_mail] == [CLIENT]
    assert {each["firstName"] for each in by_first_name} == {"Nuala"}
    assert 0 < len(by_both) < len(by_first_name)
    assert {each["clientId"] for each in by_client} == {CLIENT}


def test_created_client_can_be_read_and_listed(mock_http: httpx.Client) -> None:
    created = mock_http.post(f"{BUSINESS}/client", json={**PERSON, "address": {"city": "Cork"}})
    client = created.json()
    listed = mock_http.get(f"{BUSINESS}/client", params={"email": PERSON["email"]}).json()

    assert created.status_code == 201
    assert client == {
        "clientId": client["clientId"],
        "version": 0,
        **PERSON,
        "address": {"city": "Cork"},
        "deleted": False,
        "createdAt": "2026-11-20T12:00:01.000Z",
        "updatedAt": "2026-11-20T12:00:01.000Z",
    }
    assert mock_http.get(f"{BUSINESS}/client/{client['clientId']}").json() == client
    assert listed["_embedded"]["clients"] == [client]
    assert mock_http.get(f"{BUSINESS}/client").json()["page"]["totalElements"] == 46


def test_stale_version_is_refused(mock_http: httpx.Client) -> None:
    path = (
        f"{BUSINESS}/client/{mock_http.post(f'{BUSINESS}/client', json=PERSON).json()['clientId']}"
    )
    renamed = {**PERSON, "lastName": "Quint"}

    first = mock_http.put(path, json={**renamed, "version": 0})
    second = mock_http.put(path, json={**renamed, "version": 0})
    third = mock_http.put(path, json={**renamed, "version": 1})
    without = mock_http.put(path, json=renamed)

    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert first.json()["updatedAt"] > first.json()["createdAt"]
    assert (second.status_code, second.json()["statusCode"]) == (409, 409)
    assert "version 1" in second.json()["detail"]
    assert (third.status_code, third.json()["version"]) == (200, 2)
    assert (without.status_code, without.json()["errorCode"]) == (400, "BAD_REQUEST")
    assert mock_http.get(path).json() == third.json()


def test_update_keeps_what_it_leaves_out_and_what_only_the_server_writes(
    mock_http: httpx.Client,
) -> None:
    path = f"{BUSINESS}/client/{CLIENT}"
    before = mock_http.get(path).json()

    change = {"version": 4, "firstName": "Aoife", "lastName": "Finch", "clientId": "other"}
    after = mock_http.put(path, json={**change, "createdAt": "1999-01-01T00:00:00Z"}).json()

    changed = {"lastName": "Finch", "version": 5, "updatedAt": "2026-11-20T12:00:01.000Z"}
    assert after == {**before, **changed}


def test_reset_forgets_what_was_written(
    mock_upstream: MockUpstream, mock_http: httpx.Client
) -> None:
    before = mock_http.get(f"{BUSINESS}/client").content
    path = (
        f"{BUSINESS}/client/{mock_http.post(f'{BUSINESS}/client', json=PERSON).json()['clientId']}"
    )

    mock_upstream.reset()

    assert mock_http.get(path).status_code == 404
    assert mock_http.get(f"{BUSINESS}/client").content == before


def test_booking_answers_its_appointments_and_they_can_be_read(mock_http: httpx.Client) -> None:
    schedule = {"clientId": CLIENT, "serviceSchedules": [SERVICE, SERVICE]}
    body = {**BOOKING, "note": "secret", "clientAppointmentSchedules": [schedule]}

    booked = mock_http.post(f"{BRANCH}/booking", json=body)
    [answered] = booked.json()["clientAppointmentSchedules"]
    ids = [each.pop("appointmentId") for each in answered["serviceSchedules"]]
    appointment = mock_http.get(f"{BRANCH}/appointment/{ids[0]}").json()

    assert booked.status_code == 201
    assert booked.json()["bookingStatus"] == "ACTIVE"  # the default of the request
    assert "note" not in booked.json()  # writeOnly
    assert answered == schedule
    assert len(set(ids)) == 2
    assert appointment["bookingId"] == booked.json()["bookingId"]
    assert appointment["clientId"] == CLIENT
    assert appointment["appointmentDate"] == "2026-11-24"
    assert appointment["startTime"] == "10:30:00"
    assert (
        mock_http.post(f"{BRANCH}/booking/{appointment['bookingId']}/activate").status_code == 200
    )
