"""Search in the Wikipedia of a language."""

import json

import pytest

from tests.support.connectors import ENVIRONMENT, Mocks, offering
from tests.support.loopback import loopback, reply
from tests.support.phorest import CONNECTORS, agent, answered, refused
from tests.support.serving import serving
from treenail_runtime.loading import connection_from_environment, load_connector

WIKIPEDIA = load_connector(CONNECTORS, "wikipedia")
pytestmark = pytest.mark.requirement("CONN-SEARCH")


@pytest.mark.parametrize(
    ("environment", "host"),
    [({}, "en"), ({"WIKIPEDIA_REGION": "de"}, "de"), ({"WIKIPEDIA_REGION": "ja"}, "ja")],
)
def test_the_region_is_the_language(environment: dict[str, str], host: str) -> None:
    connection = connection_from_environment(WIKIPEDIA, environment)

    assert connection.server_url == f"https://{host}.wikipedia.org/w/rest.php/v1"


async def test_excerpts_are_text_and_no_html(mocks: Mocks) -> None:
    async with (
        serving(offering("wikipedia", mocks.of("wikipedia"))) as server,
        agent(server.url) as client,
    ):
        told = await answered(client, "search_web", query="tide", limit=3)
        where = await answered(client, "get_connection_info")

    assert where == {"connector": "wikipedia", "region": ENVIRONMENT["WIKIPEDIA_REGION"]}
    assert len(told["pages"]) == 3
    for page in told["pages"]:
        assert set(page) == {"key", "title", "description", "excerpt"}
        assert page["excerpt"].startswith("Tide tables are used for tidal prediction & show")


async def test_wikipedia_hears_who_asks_and_its_own_words_are_told() -> None:
    told = {
        "errorKey": "rest-bad-limit",
        "messageTranslations": {"en": "limit must be between 1 and 100"},
        "httpCode": 400,
        "httpReason": "Bad Request",
    }
    body = json.dumps(told).encode()
    async with (
        loopback(reply(400, body, "Content-Type: application/json")) as upstream,
        serving(offering("wikipedia", upstream)) as server,
        agent(server.url) as client,
    ):
        message = await refused(client, "search_web", query="tide")

    assert "limit must be between 1 and 100" in message
    (request,) = upstream.requests
    assert request.value("user-agent").startswith("treenail-wikipedia/")
