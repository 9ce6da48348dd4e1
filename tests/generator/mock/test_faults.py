"""Answers that nobody hopes for, over real HTTP."""

import time

import httpx
import pytest

from tests.support.mock_upstream import CREDENTIALS, MockUpstream

BRANCHES = "/api/business/b1/branch"


def faulty(mock_http: httpx.Client, name: str, **headers: str) -> httpx.Response:
    return mock_http.get(BRANCHES, headers={"X-Mock-Fault": name, **headers})


@pytest.mark.parametrize("status", [401, 403, 404, 409, 412, 429, 500, 503])
def test_status_on_demand_has_the_shape_of_the_document(
    mock_http: httpx.Client, status: int
) -> None:
    answer = faulty(mock_http, str(status))

    assert answer.status_code == status
    assert answer.json()["statusCode"] == status
    assert set(answer.json()) == {"statusCode", "id", "detail", "errorCode"}


def test_too_many_requests_tells_when_to_come_back(mock_http: httpx.Client) -> None:
    assert faulty(mock_http, "429").headers["retry-after"] == "1"


def test_unauthorized_has_a_challenge(mock_http: httpx.Client) -> None:
    assert "www-authenticate" in faulty(mock_http, "401").headers


def test_detail_can_be_chosen(mock_http: httpx.Client) -> None:
    answer = faulty(mock_http, "409", **{"X-Mock-Detail": "SLOT_UNAVAILABLE"})

    assert answer.json()["detail"] == "SLOT_UNAVAILABLE"


def test_slow_takes_as_long_as_asked(mock_http: httpx.Client) -> None:
    begun = time.perf_counter()

    answer = faulty(mock_http, "slow", **{"X-Mock-Delay": "0.3"})

    assert answer.status_code == 200
    assert time.perf_counter() - begun > 0.29


def test_slow_outlasts_an_impatient_client(mock_http: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        mock_http.get(BRANCHES, headers={"X-Mock-Fault": "slow"}, timeout=0.2)


def test_reset_ends_the_connection_without_an_answer(
    mock_upstream: MockUpstream, mock_http: httpx.Client
) -> None:
    with pytest.raises(httpx.ReadError, match="reset"):
        faulty(mock_http, "reset")

    assert mock_upstream.log(1)[0]["status"] is None
    assert mock_http.get(BRANCHES).status_code == 200


def test_oversized_is_valid_json_of_twenty_megabytes(mock_http: httpx.Client) -> None:
    answer = faulty(mock_http, "oversized")

    assert len(answer.content) > 20_000_000
    assert "content-length" not in answer.headers
    assert len(answer.json()["padding"]) == 20_000_000


def test_oversized_can_be_left_early(mock_http: httpx.Client) -> None:
    with mock_http.stream("GET", BRANCHES, headers={"X-Mock-Fault": "oversized"}) as answer:
        assert next(answer.iter_bytes(1000))

    assert mock_http.get(BRANCHES).status_code == 200


def test_malformed_is_no_json(mock_http: httpx.Client) -> None:
    answer = faulty(mock_http, "malformed")

    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def test_empty_and_html_say_200(mock_http: httpx.Client) -> None:
    empty, html = faulty(mock_http, "empty"), faulty(mock_http, "html")

    assert (empty.status_code, empty.content) == (200, b"")
    assert html.headers["content-type"].startswith("text/html")
    assert b"<html>" in html.content


def test_unknown_fault_is_refused(mock_http: httpx.Client) -> None:
    answer = faulty(mock_http, "teapot")

    assert answer.status_code == 400
    assert "'teapot' is none of 401, 403" in answer.json()["detail"]


def test_fault_for_every_second_request() -> None:
    with (
        MockUpstream(fault="503", fault_every=2) as upstream,
        httpx.Client(base_url=upstream.url, auth=CREDENTIALS, trust_env=False) as http,
    ):
        found = [http.get(BRANCHES).status_code for _ in range(4)]
        asked = http.get(BRANCHES, headers={"X-Mock-Fault": "404"}).status_code

    assert found == [200, 503, 200, 503]
    assert asked == 404


def test_latency_delays_every_answer() -> None:
    with MockUpstream(latency_ms=150) as upstream:
        begun = time.perf_counter()
        httpx.request("GET", upstream.url + BRANCHES, auth=CREDENTIALS, trust_env=False)

        assert time.perf_counter() - begun > 0.149
