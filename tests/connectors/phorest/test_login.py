"""What a person who connects Phorest is offered."""

import json
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import BRANCH_ID, CONNECTORS, ENVIRONMENT, PASSWORD
from tests.support.upstreams import connected, mocked
from treenail_runtime.contract import (
    JsonObject,
    LoginField,
    ToolContext,
    Upstream,
    UpstreamRefused,
    read_choices,
)
from treenail_runtime.loading import connection_from_environment, load_connector
from treenail_runtime.upstream import credentials_for

PHOREST = load_connector(CONNECTORS, "phorest")
VALUES = {"region": "eu", "business_id": "b1", "email": "anna@example.test"}


def branch_field() -> LoginField:
    (field,) = (each for each in PHOREST.login if each.choices is not None)
    return field


async def branches(upstream: Upstream) -> JsonObject:
    choices = branch_field().choices
    assert choices is not None
    return await choices.run(ToolContext("phorest", VALUES, upstream))


@pytest.mark.requirement("S0-46")
async def test_the_default_branch_is_chosen_by_name_among_those_of_the_business(
    mock_upstream: MockUpstream,
) -> None:
    credentials = credentials_for(PHOREST.auth, VALUES, {"password": SecretStr(PASSWORD)})

    async with connected(mock_upstream.url, credentials=credentials) as upstream:
        offered = read_choices(branch_field(), await branches(upstream))

    assert BRANCH_ID in dict(offered)
    assert all(label and label != value for value, label in offered)


async def test_a_wrong_password_is_told_as_such(mock_upstream: MockUpstream) -> None:
    credentials = credentials_for(PHOREST.auth, VALUES, {"password": SecretStr("wrong")})

    async with connected(mock_upstream.url, credentials=credentials) as upstream:
        with pytest.raises(UpstreamRefused) as refused:
            await branches(upstream)

    assert PHOREST.check is not None
    assert refused.value.status in PHOREST.check.denied


async def test_a_business_with_more_branches_than_a_page_has_shows_them_all() -> None:
    def upstream(request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        number = int(query.get("page", ["0"])[0])
        assert query["size"] == ["100"]
        found = [{"branchId": f"b{number}{n}", "name": f"Salon {number}{n}"} for n in range(2)]
        page = {"number": number, "totalPages": 2, "totalElements": 4, "size": 2}
        told = {"_embedded": {"branches": found}, "page": page}
        return httpx.Response(200, content=json.dumps(told))

    offered = read_choices(branch_field(), await branches(mocked(upstream)))

    assert [value for value, _ in offered] == ["b00", "b01", "b10", "b11"]


def test_the_branch_is_optional_and_may_come_from_the_environment() -> None:
    without = {name: text for name, text in ENVIRONMENT.items() if name != "PHOREST_BRANCH_ID"}

    assert "branch_id" not in connection_from_environment(PHOREST, without).values
    assert connection_from_environment(PHOREST, ENVIRONMENT).values["branch_id"] == BRANCH_ID


@pytest.mark.requirement("S0-28")
def test_tokens_of_phorest_say_whose_they_are() -> None:
    assert PHOREST.token_prefix == "phmcp"  # noqa: S105  # the beginning of every token, no secret
