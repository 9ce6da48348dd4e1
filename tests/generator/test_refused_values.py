"""Arguments that no request can carry are refused by name; those that fit the schema are carried."""

from typing import Any

import pytest
from pydantic import ValidationError

from treenail_runtime.contract import (
    WHOLE,
    Endpoint,
    Input,
    InvalidArguments,
    JsonBody,
    deep_object,
    form,
)


class _Numbers(Input):
    amount: float
    amounts: tuple[float, ...] = ()
    metadata: tuple[float, ...] = ()


def _request(template: str = "/x", /, **places: Any) -> Any:
    return Endpoint("GET", template).request(**places)


def test_a_whole_number_that_a_float_would_change_is_refused() -> None:
    assert _Numbers.model_validate({"amount": 2**53}).amount == 2.0**53

    for huge in (2**53 + 1, 10**400):
        with pytest.raises(ValidationError, match="more digits"):
            _Numbers.model_validate({"amount": huge})
        for name in ("amounts", "metadata"):
            with pytest.raises(ValidationError, match="more digits"):
                _Numbers.model_validate({"amount": 1, name: (huge,)})


def test_true_is_no_integer_where_only_some_are_allowed() -> None:
    with pytest.raises(Exception, match="not a boolean"):
        WHOLE.function(True)


@pytest.mark.parametrize(
    "places",
    [
        {"query": {"q": "\ud800"}},
        {"query": {"q": form({"\ud800": "a"})}},
        {"headers": {"X-A": "\ud800"}},
    ],
)
def test_half_a_surrogate_pair_is_refused_in_parameters(places: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments, match="surrogate"):
        _request(**places)


@pytest.mark.parametrize("body", ["\ud800", {"a": ["\ud800"]}, {"\ud800": 1}])
def test_half_a_surrogate_pair_is_refused_in_a_body(body: object) -> None:
    with pytest.raises(InvalidArguments, match="no Unicode"):
        Endpoint("POST", "/x", body=JsonBody()).request(body=body)


@pytest.mark.parametrize("value", [{}, [], ()])
def test_an_empty_list_or_object_is_refused_where_nothing_would_be_sent(value: object) -> None:
    for places in ({"query": {"q": value}}, {"headers": {"X-A": value}}):
        with pytest.raises(InvalidArguments, match="empty"):
            _request(**places)
    with pytest.raises(InvalidArguments, match="empty"):
        _request("/a/{x}/b", path={"x": value})


def test_an_empty_body_given_as_a_whole_is_sent() -> None:
    endpoint = Endpoint("POST", "/x", body=JsonBody())

    assert endpoint.request(body={}).body == b"{}"


@pytest.mark.parametrize("key", ["page", "other"])
def test_a_key_that_reads_as_another_parameter_is_refused(key: str) -> None:
    with pytest.raises(InvalidArguments, match="parameter of its own"):
        _request(query={"filter": {key: "1"}, "page": 2, "other": "3"})


def test_an_empty_key_keeps_its_name() -> None:
    assert _request(query={"filter": {"": "v"}}).query == "=v"


@pytest.mark.parametrize("key", ["", "a]b", "[", "a[b]"])
def test_a_deep_object_key_with_brackets_is_refused(key: str) -> None:
    with pytest.raises(InvalidArguments, match="brackets"):
        _request(query={"filter": deep_object({key: "v"})})


@pytest.mark.parametrize("item", ["", " a", "a "])
def test_a_header_item_that_readers_would_trim_is_refused(item: str) -> None:
    with pytest.raises(InvalidArguments, match="empty, nor begin or end"):
        _request(headers={"X-A": ["x", item]})


@pytest.mark.parametrize("values", [("a.b", "c"), ("a", "b.c")])
def test_a_delimiter_of_a_shared_segment_is_refused(values: tuple[str, str]) -> None:
    with pytest.raises(InvalidArguments, match=r"must not hold '\.'"):
        _request("/files/{x}.{y}", path={"x": values[0], "y": values[1]})


@pytest.mark.requirement("T-115")
@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b", "a\x7f", "ä\r\n"])
def test_no_value_begins_another_header(value: str) -> None:
    with pytest.raises(InvalidArguments):
        _request(headers={"X-A": value})
