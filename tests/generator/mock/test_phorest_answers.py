"""What the mock of Phorest makes up, over real HTTP."""

from typing import Any

import httpx
import pytest
from jsonschema_path import SchemaPath
from openapi_core import V31ResponseValidator
from openapi_core.testing import MockRequest, MockResponse

from tests.support.mock_upstream import BRANCH, BUSINESS, CLIENT, ROOT
from treenail_generator.document import Document, Operation, read_document

SPEC = ROOT / "specs" / "phorest.yaml"
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
BODIES: dict[str, dict[str, Any]] = {
    "createClient": {"firstName": "Zoe", "lastName": "Quill"},
    "updateClient": {"firstName": "Zoe", "lastName": "Quill", "version": 4},
    "cancelAppointments": {},
    "confirmAppointments": {},
    "updateAppointment": {
        "appointmentId": "yvdh7cllPdRoFie516qQHA",
        "version": 2,
        "staffId": "1O6R4CTtpDxkgtZxRlAvoQ",
        "startTime": "11:00:00",
    },
    "checkInAppointment": {},
    "checkAppointmentAvailability": {
        "startTime": "2026-11-24T08:00:00.000Z",
        "endTime": "2026-11-24T18:00:00.000Z",
        "clientServiceSelections": [{"serviceSelections": [{"serviceId": "s1"}]}],
    },
    "createBooking": BOOKING,
    "activateBooking": {"depositAmount": 20.0},
    "appendBookingNote": {"note": "Running late."},
    "cancelBooking": {},
    "createVoucher": {
        "creatingBranchId": "OH6ngN-VsK7sXsnCIBKJtA",
        "originalBalance": 50.0,
        "issueDate": "2026-11-20T00:00:00.000Z",
        "expiryDate": "2031-11-20T00:00:00.000Z",
    },
    "updateVoucherBalance": {"remainingBalance": 20.0},
    "createPurchase": {"clientId": CLIENT, "items": [{"price": 18.5, "quantity": 1}]},
    "adjustStock": {"stocks": [{"barcode": "2000000004105", "quantity": 2}]},
}


@pytest.fixture(scope="module")
def document() -> Document:
    return read_document(SPEC.read_text(encoding="utf-8"), "phorest.yaml")


def path_of(operation: Operation) -> str:
    """The path with the document's own examples."""
    path = operation.path
    for parameter in operation.parameters:
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", str(parameter.examples[0]))
    return path


def faults(
    validator: V31ResponseValidator, operation: Operation, answer: httpx.Response
) -> list[str]:
    """What openapi-core, which did not make the answer, finds wrong with it."""
    path = path_of(operation)
    server = "https://api-gateway-eu.phorest.com/third-party-api-server"
    request = MockRequest(server, operation.method.lower(), path, path_pattern=None)
    request.path = "/third-party-api-server" + path
    content_type = answer.headers.get("content-type", "")
    response = MockResponse(answer.content, answer.status_code, content_type=content_type)
    return [str(error.__cause__ or error) for error in validator.iter_errors(request, response)]


def test_every_get_answers_its_schema(mock_http: httpx.Client, document: Document) -> None:
    validator = V31ResponseValidator(SchemaPath.from_dict(dict(document.raw)))
    reads = [each for each in document.operations if each.method == "GET"]

    found = {each.key: mock_http.get(path_of(each)) for each in reads}

    assert len(reads) > 15
    assert {key: answer.status_code for key, answer in found.items()} == dict.fromkeys(found, 200)
    assert {each.key: faults(validator, each, found[each.key]) for each in reads} == {
        each.key: [] for each in reads
    }


def test_every_write_answers_its_schema(mock_http: httpx.Client, document: Document) -> None:
    validator = V31ResponseValidator(SchemaPath.from_dict(dict(document.raw)))
    writes = [each for each in document.operations if each.method != "GET"]

    found: dict[str, httpx.Response] = {}
    for each in writes:
        is_listed = any(parameter.name == "appointment_id" for parameter in each.parameters)
        found[each.key] = mock_http.request(
            each.method,
            path_of(each),
            params={"appointment_id": "yvdh7cllPdRoFie516qQHA"} if is_listed else None,
            json=BODIES[each.key] or None,
        )

    assert set(found) == set(BODIES)
    assert {key: answer.text for key, answer in found.items() if answer.is_error} == {}
    assert {
        each.key: faults(validator, each, found[each.key])
        for each in writes
        if found[each.key].content
    } == {each.key: [] for each in writes if each.responses[0].media}
    assert found["updateVoucherBalance"].json()["remainingBalance"] == 20.0
    assert found["updateAppointment"].json()["startTime"] == "11:00:00"
    assert found["createPurchase"].json()["transactionNumber"] > 40127 + 44


def test_examples_of_the_document_can_be_read(mock_http: httpx.Client) -> None:
    client = mock_http.get(f"{BUSINESS}/client/{CLIENT}").json()
    staff = mock_http.get(f"{BRANCH}/staff/{client['preferredStaffId']}").json()

    assert client["firstName"] == "Aoife"
    assert client["version"] == 4
    assert staff["staffId"] == client["preferredStaffId"]


def test_references_between_records_lead_somewhere(mock_http: httpx.Client) -> None:
    listed = mock_http.get(f"{BRANCH}/appointment", params={"size": 100}).json()
    appointments = listed["_embedded"]["appointments"]

    for appointment in appointments[:5]:
        assert mock_http.get(f"{BUSINESS}/client/{appointment['clientId']}").status_code == 200
        assert mock_http.get(f"{BRANCH}/service/{appointment['serviceId']}").status_code == 200
    assert len({each["clientId"] for each in appointments}) > 10


def test_records_differ_from_each_other(mock_http: httpx.Client) -> None:
    clients = mock_http.get(f"{BUSINESS}/client", params={"size": 100}).json()["_embedded"][
        "clients"
    ]

    assert len({each["clientId"] for each in clients}) == 45
    assert len({each["email"] for each in clients}) == 45
    assert len({each["birthDate"] for each in clients}) == 45
    assert {each["gender"] for each in clients} > {"MALE", "FEMALE"}
    assert {each["archived"] for each in clients} == {True, False}


def test_availability_answers_what_was_asked_for(mock_http: httpx.Client) -> None:
    wanted = [{"serviceId": "s1", "staffId": "p1"}, {"serviceId": "s2"}]
    body = {
        "startTime": "2026-12-01T08:00:00.000Z",
        "endTime": "2026-12-01T09:00:00.000Z",
        "clientServiceSelections": [{"clientId": CLIENT, "serviceSelections": wanted}],
    }

    slots = mock_http.post(f"{BRANCH}/appointments/availability", json=body).json()["data"]

    for slot in slots:
        assert body["startTime"] <= slot["startTime"] < body["endTime"]
        [schedule] = slot["clientSchedules"]
        assert schedule["clientId"] == CLIENT
        assert [each["serviceId"] for each in schedule["serviceSchedules"]] == ["s1", "s2"]
        assert schedule["serviceSchedules"][0]["staffId"] == "p1"
    assert len({slot["startTime"] for slot in slots}) > 1


def test_answers_without_a_body(mock_http: httpx.Client) -> None:
    adjusted = mock_http.post(f"{BRANCH}/stock/adjustment", json={"stocks": [{"barcode": "1"}]})
    canceled = mock_http.post(f"{BRANCH}/appointment/cancel", params={"appointment_id": ["a", "b"]})

    assert (adjusted.status_code, adjusted.content) == (204, b"")
    assert (canceled.status_code, canceled.content) == (200, b"")
