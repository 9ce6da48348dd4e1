"""The mock reads every place, style and kind of body by the rules of OpenAPI, over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.mock_upstream import MockUpstream

HERE = Path(__file__).parent / "styles"
pytestmark = pytest.mark.requirement("MOCK-READS")


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    upstream = MockUpstream(HERE / "connector.yaml", HERE / "spec.yaml")
    with upstream as running, httpx.Client(base_url=running.url, trust_env=False) as client:
        yield client


def reason(answer: httpx.Response) -> str:
    """Why it was refused; empty when it was not."""
    return answer.json()["detail"] if answer.status_code == 400 else ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/label/.1.2/matrix/;m=from,1,to,2/simple/from=1,to=2", ""),
        ("/label/.1.x/matrix/;m=to,2/simple/to=2", "path parameter 'l'.1: \"x\" is not of type"),
        ("/label/1/matrix/;m=to,2/simple/to=2", "path: '1' begins with no dot"),
        ("/label/.1/matrix/;m=to,10/simple/to=2", "path parameter 'm'.to: 10 is greater"),
        ("/label/.1/matrix/;m=to,2/simple/to=2,at=3", "path parameter 's'"),
    ],
)
def test_paths_are_read_in_every_style(http: httpx.Client, path: str, expected: str) -> None:
    answer = http.get(f"{path}?key=right")

    assert answer.status_code == (400 if expected else 200)
    assert reason(answer).startswith(expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("pipes=1%7C2&spaces=1%202&commas=1,2", ""),
        ("from=1&to=2", ""),
        ("where[size][to]=3&filter=%7B%22to%22:3%7D", ""),
        ("flag=&flagged", "query: 'flagged': not asked for"),
        ("flag=", ""),
        ("pipes=1%7Cb", "query parameter 'pipes'.1"),
        ("spaces=1+2", ""),
        ("commas=1,2,3,4", "query parameter 'commas': [1,2,3,4] has more than 3 items"),
        ("where[size][to]=10", "query parameter 'where'.size.to: 10 is greater"),
        ("filter=%7B", "query: filter has no form"),
        ("to=%FF", "query: '%FF' is no UTF-8"),
    ],
)
def test_queries_are_read_in_every_style(http: httpx.Client, query: str, expected: str) -> None:
    answer = http.get(f"/query?key=right&{query}")

    assert answer.status_code == (400 if expected else 200), answer.text
    assert reason(answer).startswith(expected)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Ids": "1,2", "Cookie": "other=x; theme=dark"}, ""),
        ({"X-Ids": "1,b"}, "header parameter 'X-Ids'.1"),
        ({"Cookie": "theme=grey"}, "cookie parameter 'theme'"),
    ],
)
def test_headers_and_cookies_are_read(
    http: httpx.Client, headers: dict[str, str], expected: str
) -> None:
    answer = http.get("/query?key=right", headers=headers)

    assert reason(answer).startswith(expected)
    assert answer.status_code == (400 if expected else 200)


def test_whole_query_strings_are_read(http: httpx.Client) -> None:
    right = http.request("QUERY", "/search?key=right&from=1&to=2")
    wrong = http.request("QUERY", "/search?key=right&from=a")

    assert right.status_code == 200
    assert reason(wrong) == 'querystring parameter \'q\'.from: "a" is not of type "integer"'
    assert reason(http.request("QUERY", "/search?key=right")) == (
        "querystring parameter 'q': missing"
    )


def test_forms_are_read_by_their_encoding(http: httpx.Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    right = http.post("/form?key=right", content="amount=3&note=a+b&tags=x,y", headers=form)
    wrong = http.post("/form?key=right", content="amount=x", headers=form)

    assert (right.json()["amount"], right.json()["note"]) == (3, "a b")
    assert reason(wrong) == 'body.amount: "x" is not of type "integer"'


def test_parts_are_read_by_their_types(http: httpx.Client) -> None:
    parts = {"amount": (None, "7"), "data": (None, b'{"to":3}', "application/json")}
    image = ("a.png", b"\x89PNG\xff", "image/png")

    right = http.post("/upload?key=right", files={"file": image, **parts})
    of_wrong_type = http.post("/upload?key=right", files={"file": ("a", b"x", "text/csv")})
    without_file = http.post("/upload?key=right", files=parts)

    assert right.json()["amount"] == 7
    assert reason(of_wrong_type) == "body: part file is text/csv, not image/png"
    assert reason(without_file) == 'body: "file" is a required property'


def test_texts_are_compared_and_xml_is_taken_as_it_is(http: httpx.Client) -> None:
    def sent(text: str, kind: str) -> str:
        headers = {"Content-Type": kind}
        return reason(http.post("/text?key=right", content=text, headers=headers))

    assert sent("short", "text/plain; charset=utf-8") == ""
    assert sent("longer", "text/plain") == 'body: "longer" is longer than 5 characters'
    assert sent("<a/>", "application/xml") == ""
    assert sent("{}", "application/json") == "body: the operation takes no application/json"
