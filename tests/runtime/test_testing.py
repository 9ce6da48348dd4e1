"""What the authors of connectors test with."""

import shutil
from pathlib import Path

import httpx
import pytest

from tests.support import sample as sample_module
from tests.support.phorest import CONNECTORS
from treenail_runtime.contract import Connector, InvalidArguments, NotConfigured
from treenail_runtime.testing import answer, capture, load

LOGIN = {
    "email": "ann@example.com",
    "password": "secret",
    "region": "us",
    "business_id": "b-1",
    "branch_id": "r-2",
}


@pytest.fixture
def sample(tmp_path: Path) -> Connector:
    """A connector in a folder of its own."""
    shutil.copy(sample_module.__file__, tmp_path / "sample.py")
    return load(tmp_path, "sample")


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_a_captured_request_is_the_one_that_would_be_sent(sample: Connector) -> None:
    request = await capture(sample, "create_item", {"name": "Ann", "amount": None}, login=LOGIN)

    assert request.method == "POST"
    assert str(request.url) == "http://us.sample.invalid/v1/items"
    assert request.content == b'{"name":"Ann","amount":null}'
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == "28"
    assert request.headers["Authorization"].startswith("Basic ")


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_without_a_login_there_are_no_credentials(sample: Connector) -> None:
    request = await capture(sample, "get_item", {"item_id": "a b", "page": 2})

    assert request.url.raw_path == b"/v1/items/a%20b?page=2"
    assert request.url.host == "eu.sample.invalid"
    assert "Authorization" not in request.headers


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_nothing_is_captured_of_wrong_arguments(sample: Connector) -> None:
    with pytest.raises(InvalidArguments, match=r"nam: unknown argument, did you mean name\?"):
        await capture(sample, "create_item", {"nam": "Ann"})
    with pytest.raises(LookupError, match="no tool 'create'"):
        await capture(sample, "create", {})
    with pytest.raises(LookupError, match="sends nothing"):
        await capture(sample, "get_connection_info", {})


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_an_answer_becomes_the_result_that_an_agent_gets(sample: Connector) -> None:
    response = httpx.Response(200, json={"items": [{"id": 1}], "more": 2})

    result = await answer(sample, "list_items", {}, response)

    assert result.is_error is False
    assert result.structured_content == {"items": [{"id": 1}]}


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_a_refusal_becomes_a_result_with_advice(sample: Connector) -> None:
    response = httpx.Response(404, json={"error": {"code": "NONE", "message": "No such item"}})

    result = await answer(sample, "get_item", {"item_id": "7"}, response, login=LOGIN)

    assert result.is_error is True
    (content,) = result.content
    assert content.type == "text"
    assert "No such item" in content.text
    assert "List the items first." in content.text


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_an_answer_to_wrong_arguments_is_a_result_too(sample: Connector) -> None:
    result = await answer(sample, "get_item", {}, httpx.Response(200))

    assert result.is_error is True
    with pytest.raises(LookupError, match="no tool 'get'"):
        await answer(sample, "get", {}, httpx.Response(200))


@pytest.mark.requirement("WIRE-CAPTURE")
async def test_phorest_is_tested_like_any_other() -> None:
    connector = load(CONNECTORS, "phorest")
    request = await capture(
        connector, "create_client", {"first_name": "Ann", "last_name": "O'Neill"}, login=LOGIN
    )

    assert request.method == "POST"
    assert request.url.path.endswith("/api/business/b-1/client")
    assert request.content == (
        b'{"firstName":"Ann","lastName":"O\'Neill","creatingBranchId":"r-2"}'
    )
    with pytest.raises(NotConfigured, match="business_id"):
        await capture(connector, "create_client", {"first_name": "Ann", "last_name": "O'Neill"})
