"""Parameters and methods of OpenAPI 3.2: what may stand beside each other, and what is sent."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.proposed import DONE, connector, proposed, written
from treenail_runtime.testing import capture

FORM = "application/x-www-form-urlencoded"
FIELDS = {"type": "object", "properties": {"a": {"type": "string"}}}
WHOLE = {"name": "all", "in": "querystring", "content": {FORM: {"schema": FIELDS}}}
OTHER: dict[str, Any] = {
    "name": "rest",
    "in": "querystring",
    "content": {"text/plain": {"schema": {}}},
}
QUERY = {"name": "z", "in": "query", "schema": {"type": "string"}}


def paths(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"/x": {"get": {"operationId": "x", "parameters": [*parameters], "responses": DONE}}}


@pytest.mark.requirement("WIRE-QUERYSTRING")
@pytest.mark.parametrize("beside", [QUERY, OTHER], ids=["query", "querystring"])
async def test_an_optional_parameter_beside_a_whole_query_is_left_out_by_name(
    tmp_path: Path, beside: dict[str, Any]
) -> None:
    told = proposed(tmp_path, written(tmp_path, paths(WHOLE, beside), "3.2.0"))

    (hidden,) = told["hidden"]
    assert hidden["reason"].endswith("'all' is the whole query")
    request = await capture(connector(tmp_path), "x", {"all": {"a": "1 2"}})
    assert str(request.url) == "https://api.example.com/x?a=1+2"


@pytest.mark.requirement("WIRE-QUERYSTRING")
def test_a_required_parameter_beside_a_whole_query_costs_the_operation(tmp_path: Path) -> None:
    needed = {**QUERY, "required": True}
    told = proposed(
        tmp_path, written(tmp_path, paths({**WHOLE, "required": True}, needed), "3.2.0")
    )

    (refused,) = told["refused"]
    assert refused["diagnostics"][0]["code"] == "unsupported-parameter"
    assert "'all' is the whole query" in refused["diagnostics"][0]["message"]


@pytest.mark.requirement("WIRE-QUERYSTRING")
async def test_a_whole_query_without_fields_is_no_query(tmp_path: Path) -> None:
    told = proposed(tmp_path, written(tmp_path, paths(WHOLE), "3.2.0"))

    assert told["refused"] == []
    request = await capture(connector(tmp_path), "x", {"all": {}})
    assert str(request.url) == "https://api.example.com/x"


@pytest.mark.requirement("WIRE-COOKIE")
async def test_reserved_characters_mean_nothing_to_the_style_cookie(tmp_path: Path) -> None:
    told = {"style": "cookie", "allowReserved": True, "schema": {"type": "string"}}
    proposed(tmp_path, written(tmp_path, paths({"name": "c", "in": "cookie", **told}), "3.2.0"))

    request = await capture(connector(tmp_path), "x", {"c": "a/b%20"})
    assert request.headers["Cookie"] == "c=a/b%20"


@pytest.mark.requirement("DOC-32")
def test_a_method_that_is_not_in_capitals_is_refused_by_name(tmp_path: Path) -> None:
    further = {
        "copy": {"operationId": "low", "responses": DONE},
        "MOVE": {"operationId": "up", "responses": DONE},
    }
    told = proposed(tmp_path, written(tmp_path, {"/x": {"additionalOperations": further}}, "3.2.0"))

    assert [tool.name for tool in connector(tmp_path).tools] == ["up"]
    (refused,) = told["refused"]
    assert refused["diagnostics"][0]["message"] == "'copy' cannot be sent as it is spelt"


@pytest.mark.requirement("WIRE-QUERYSTRING")
@pytest.mark.parametrize(("media", "is_hidden"), [(FORM, False), ("application/json", True)])
async def test_credentials_go_into_a_whole_query_only_where_it_is_a_form(
    tmp_path: Path, media: str, *, is_hidden: bool
) -> None:
    schemes = {"securitySchemes": {"k": {"type": "apiKey", "in": "query", "name": "key"}}}
    more: dict[str, Any] = {"components": schemes, "security": [{"k": []}]}
    asked = paths({**WHOLE, "content": {media: {"schema": FIELDS}}})
    told = proposed(tmp_path, written(tmp_path, asked, "3.2.0", **more))

    assert bool(told["hidden"]) == is_hidden
    login = {"api_key": "secret-1"}
    given: dict[str, Any] = {} if is_hidden else {"all": {"a": "1"}}
    request = await capture(connector(tmp_path), "x", given, login=login)
    assert request.url.query == (b"key=secret-1" if is_hidden else b"a=1&key=secret-1")
