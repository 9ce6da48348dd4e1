"""A document unlike Phorest's: OpenAPI 3.0, a key, enveloped records, whole-number ids, removal."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.support.mock_upstream import MockUpstream
from treenail_generator.document import read_document

HERE = Path(__file__).parent / "workshop"
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[MockUpstream]:
    with MockUpstream(HERE / "connector.yaml", HERE / "spec.yaml") as running:
        yield running


@pytest.fixture
def http(upstream: MockUpstream) -> Iterator[httpx.Client]:
    upstream.reset()
    headers = {"X-Api-Key": "key-right"}
    with httpx.Client(base_url=upstream.url, headers=headers, trust_env=False) as client:
        yield client


def patch(http: httpx.Client, path: str, body: bytes) -> httpx.Response:
    return http.patch(path, content=body, headers=MERGE_PATCH)


def test_base_path_has_the_variables_of_the_server(upstream: MockUpstream) -> None:
    assert upstream.url == f"{upstream.origin}/v2"


def test_every_server_is_served(upstream: MockUpstream, http: httpx.Client) -> None:
    assert http.get(f"{upstream.origin}/elsewhere/jobs").status_code == 200
    assert http.get(f"{upstream.origin}/v1/jobs").status_code == 404


@pytest.mark.parametrize("key", ["", "key-", "key-wrong", "wrong", "right"])
def test_wrong_key_is_refused_in_the_shape_of_the_document(
    upstream: MockUpstream, key: str
) -> None:
    url = f"{upstream.url}/jobs"
    answer = httpx.request("GET", url, headers={"X-Api-Key": key}, trust_env=False)

    error = answer.json()["error"]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "ApiKey"
    assert (error["code"], error["http_status"]) == ("UNAUTHORIZED", 401)


def test_operation_open_to_all_needs_no_key(upstream: MockUpstream) -> None:
    answer = httpx.request("GET", f"{upstream.url}/status", trust_env=False)

    assert (answer.status_code, answer.text) == (200, "fine")
    assert answer.headers["content-type"] == "text/plain"


def test_log_hides_the_key(upstream: MockUpstream, http: httpx.Client) -> None:
    http.get("/jobs")

    assert dict(upstream.log(1)[0]["headers"])["x-api-key"] == "***"


def test_pages_counted_from_one(http: httpx.Client) -> None:
    pages = [http.get("/jobs", params={"page": number}).json() for number in range(1, 7)]
    ids = [job["id"] for page in pages for job in page["data"]]

    assert [len(page["data"]) for page in pages] == [10, 10, 10, 10, 5, 0]
    assert len(set(ids)) == len(ids) == 45
    assert pages[4]["paging"] == {
        "page": 5,
        "pageSize": 10,
        "total": 45,
        "pageCount": 5,
        "hasMore": False,
    }
    assert pages[0]["paging"]["hasMore"] is True
    assert http.get("/jobs?page=0").status_code == 400


def test_pages_by_offset(http: httpx.Client) -> None:
    def ids(**params: int) -> list[int]:
        return [note["id"] for note in http.get("/jobs/5012/notes", params=params).json()]

    whole = ids(limit=50)

    assert len(whole) == 45
    assert [*ids(limit=20), *ids(offset=20, limit=20), *ids(offset=40, limit=20)] == whole


def test_records_name_the_record_they_stand_under(http: httpx.Client) -> None:
    notes = http.get("/jobs/5012/notes").json()

    assert {note["job_id"] for note in notes} == {5012}
    assert len({note["id"] for note in notes}) == len(notes)


def test_life_of_a_record(http: httpx.Client) -> None:
    created = http.post("/jobs", json={"title": "Fence", "secret": "s", "note": None})
    job = created.json()["data"]
    path = f"/jobs/{job['id']}"

    changed = patch(http, path, b'{"title":"Gate","version":0}')
    stale = patch(http, path, b'{"title":"Door","version":0}')
    unsaid = patch(http, path, b'{"title":"Door"}')
    gone = http.delete(path)

    assert created.status_code == 201
    assert job == {
        "title": "Fence",
        "note": None,
        "version": 0,
        "id": job["id"],
        "number": 925,  # 45 jobs have 880 to 924
        "created": "2026-11-20T12:00:01.000Z",
    }
    assert changed.json()["data"] == {**job, "title": "Gate", "version": 1}
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "PRECONDITION_FAILED")
    assert unsaid.status_code == 412
    assert (gone.status_code, gone.content) == (204, b"")
    assert http.get(path).status_code == 404
    assert http.delete(path).status_code == 404
    assert http.get("/jobs").json()["paging"]["total"] == 45


def test_seeded_record_can_be_removed(http: httpx.Client) -> None:
    http.delete("/jobs/5012")

    assert http.get("/jobs/5012").status_code == 404
    assert http.get("/jobs").json()["paging"]["total"] == 44


def test_only_a_declared_json_type_is_taken(http: httpx.Client) -> None:
    assert http.patch("/jobs/5012", json={"title": "Gate", "version": 1}).status_code == 400


def test_form_is_read_and_said_again(http: httpx.Client) -> None:
    right = http.post("/jobs/5012/quote", data={"hours": "3", "remark": "soon"})
    wrong = http.post("/jobs/5012/quote", data={"hours": "0"})

    assert right.json()["remark"] == "soon"
    assert right.json()["price"] > 0
    assert right.json()["price"] % 0.25 == 0
    assert wrong.status_code == 400


def test_path_that_names_no_record_is_said_again(http: httpx.Client) -> None:
    assert http.get("/files/a%2Fb%20%C3%A9").json()["name"] == "a/b é"
    assert http.get("/files/unknown").status_code == 404


def test_concrete_path_goes_first_and_other_types_are_answered(http: httpx.Client) -> None:
    answer = http.get("/files/latest")

    assert answer.headers["content-type"] == "text/csv"
    assert answer.text == "a,b\n1,2\n"


def test_deprecated_and_nested_parameters_are_read(http: httpx.Client) -> None:
    assert http.get("/shapes?at[x]=1&at[y]=2").status_code == 200
    assert http.get("/shapes?at[x]=one").status_code == 400
    assert http.get("/shapes?old=1").status_code == 200


def test_made_up_data_respects_every_keyword(http: httpx.Client) -> None:
    document = read_document((HERE / "spec.yaml").read_text(encoding="utf-8"), "spec.yaml")
    operation = document.operation("GET /shapes")
    assert operation is not None
    schema = document.bundle(operation.responses[0].media[0].schema)

    made: dict[str, Any] = http.get("/shapes").json()

    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(made)
    assert re.fullmatch(r"[A-Z]{3}-\d{2,4}(x|y)?", made["code"])
    assert made["bounded"] == 10
    assert made["either"]["kind"] == "box"
    assert set(made["tree"]) == {"label", "children", "parent"}


def test_what_cannot_be_made_up_is_said_so(http: httpx.Client) -> None:
    answer = http.get("/impossible")

    assert answer.status_code == 501
    assert "add an example" in answer.json()["error"]["message"]
