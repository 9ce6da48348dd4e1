"""What the mock of Phorest refuses, and what it tells of it, over real HTTP."""

from typing import Any

import httpx
import pytest

from tests.support.mock_upstream import BRANCH, BUSINESS, MockUpstream


@pytest.mark.parametrize(
    "auth",
    [
        None,
        ("anna@example.com", "right"),  # without global/
        ("global/", "right"),
        ("global/anna@example.com", "wrong"),
        ("global/anna@example.com", ""),
    ],
)
def test_wrong_credentials_are_refused(
    mock_upstream: MockUpstream, auth: tuple[str, str] | None
) -> None:
    answer = httpx.request(
        "GET", mock_upstream.url + f"{BUSINESS}/branch", auth=auth, trust_env=False
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["statusCode"] == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer abc"])
def test_malformed_credentials_are_refused(mock_upstream: MockUpstream, header: str) -> None:
    url = mock_upstream.url + f"{BUSINESS}/branch"
    answer = httpx.request("GET", url, headers={"Authorization": header}, trust_env=False)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("size=500", "query parameter 'size': 500 is greater than the maximum of 100"),
        ("size=0", "query parameter 'size': 0 is less than the minimum of 1"),
        ("page=first", 'query parameter \'page\': "first" is not of type "integer"'),
        ("updatedAfter=soon", 'query parameter \'updatedAfter\': "soon" is not a "date-time"'),
        ("nothing=1", "query: 'nothing': not asked for"),
        (
            "includeArchived=perhaps",
            'query parameter \'includeArchived\': "perhaps" is not of type "boolean"',
        ),
    ],
)
def test_invalid_parameter_is_refused_with_the_reason(
    mock_http: httpx.Client, query: str, reason: str
) -> None:
    answer = mock_http.get(f"{BUSINESS}/client?{query}")

    assert answer.status_code == 400
    assert answer.json()["detail"] == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"firstName":"A"}', 'body: "lastName" is a required property'),
        (b'{"firstName":1,"lastName":"B"}', 'body.firstName: 1 is not of type "string"'),
        (
            b'{"firstName":"A","lastName":"B","address":{"city":2}}',
            'body.address.city: 2 is not of type "string"',
        ),
        (b"x", "body: the body is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"", "body: missing"),
    ],
)
def test_invalid_body_is_refused_with_the_reason(
    mock_http: httpx.Client, body: bytes, reason: str
) -> None:
    json = {"Content-Type": "application/json"}
    answer = mock_http.post(f"{BUSINESS}/client", content=body, headers=json)

    assert answer.status_code == 400
    assert answer.json()["detail"] == reason


def test_body_of_another_type_is_refused(mock_http: httpx.Client) -> None:
    answer = mock_http.post(f"{BUSINESS}/client", data={"firstName": "A", "lastName": "B"})

    assert answer.status_code == 400
    assert "x-www-form-urlencoded" in answer.json()["detail"]


def test_empty_text_is_left_to_the_schema(mock_http: httpx.Client) -> None:
    assert mock_http.get(f"{BRANCH}/product?searchQuery=").status_code == 200
    assert mock_http.get(f"{BRANCH}/product?lowStock=").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/business/unknown/branch", 404),
        ("GET", f"{BUSINESS}/branch/nowhere/staff", 404),
        ("GET", f"{BRANCH}/staff/nobody", 404),
        ("GET", f"{BUSINESS}/client/nobody/product-history", 404),
        ("GET", f"{BUSINESS}/nothing", 404),
        ("GET", f"{BUSINESS}/branch/", 404),
        ("GET", f"/{BUSINESS}/branch", 404),
        ("GET", "/", 404),
        ("DELETE", f"{BUSINESS}/client", 405),
        ("PROPFIND", f"{BUSINESS}/client", 405),
    ],
)
def test_what_does_not_exist(mock_http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = mock_http.request(method, mock_http.base_url.join(f"/third-party-api-server{path}"))

    assert answer.status_code == status
    assert answer.json()["statusCode"] == status


def test_other_methods_are_named(mock_http: httpx.Client) -> None:
    assert mock_http.delete(f"{BUSINESS}/client").headers["allow"] == "GET, POST"


def test_path_without_the_base_path_is_unknown(
    mock_upstream: MockUpstream, mock_http: httpx.Client
) -> None:
    assert mock_http.get(f"{mock_upstream.origin}{BUSINESS}/branch").status_code == 404


def test_log_tells_the_wire_and_no_secret(
    mock_upstream: MockUpstream, mock_http: httpx.Client
) -> None:
    mock_http.get(f"{BUSINESS}/client?firstName=A%20b&email=x%2By@example.com&size=1")
    mock_http.post(f"{BUSINESS}/client", content=b"{}", headers={"Content-Type": "text/plain"})

    read, written = mock_upstream.log()
    headers: dict[str, Any] = dict(read["headers"])

    assert read["method"] == "GET"
    assert read["path"] == f"/third-party-api-server{BUSINESS}/client"
    assert read["query"] == "firstName=A%20b&email=x%2By@example.com&size=1"
    assert headers["authorization"] == "***"
    assert headers["host"] == mock_upstream.origin.removeprefix("http://")
    assert (written["body"], written["status"]) == ("{}", 400)
    assert mock_upstream.log(1) == [written]


def test_access_log_has_one_line_without_query_body_or_credentials(
    mock_upstream: MockUpstream, mock_http: httpx.Client
) -> None:
    before = len(mock_upstream.access_log())

    mock_http.get(f"{BUSINESS}/client", params={"email": "canary@example.com"})

    [line] = mock_upstream.access_log()[before:].splitlines()
    assert line.startswith(f"GET /third-party-api-server{BUSINESS}/client 200 ")
    assert line.endswith(" ms")


def test_health(mock_upstream: MockUpstream) -> None:
    answer = httpx.request("GET", f"{mock_upstream.origin}/__mock__/health", trust_env=False)

    assert answer.json() == {"status": "ok", "name": "phorest"}
