"""From the upstream's answer to the tool's."""

import json

import pytest
from pydantic import JsonValue

from treenail_runtime.contract import (
    Answer,
    Endpoint,
    JsonObject,
    Nested,
    PageNumbers,
    Record,
    Redacted,
    UpstreamAnswer,
    UpstreamMalformed,
)
from treenail_runtime.contract.answer import detail
from treenail_runtime.contract.reading import read

PERSON = Record(
    {
        "personId": "person_id",
        "phone": Redacted("phone"),
        "address": Nested("address", Record({"city": "city"})),
        "pin": None,
    }
)
PAGE = PageNumbers(number="page.number", pages="page.totalPages", total="page.totalElements")


def test_only_declared_fields_pass_under_the_agents_names() -> None:
    upstream: JsonObject = {
        "personId": "p1", "phone": "123", "pin": "0000", "address": {"city": "Cork", "zip": "T12"},
        "added": "later", "missing": None,
    }  # fmt: skip

    assert Answer(record=PERSON).of(upstream) == {
        "person_id": "p1",
        "phone": "[redacted]",
        "address": {"city": "Cork"},
    }


def test_a_record_with_rest_keeps_what_nobody_named() -> None:
    record = Record({"aB": "a_b", "secret": None}, rest=True)

    assert record.of({"aB": 1, "secret": 2, "other": {"x": None}}) == {
        "a_b": 1,
        "other": {"x": None},
    }


def test_a_list_is_answered_under_its_name_with_its_place_among_the_pages() -> None:
    answer = Answer(root="_embedded.people", name="people", many=True, record=PERSON, page=PAGE)

    assert answer.of(
        {
            "_embedded": {"people": [{"personId": "p1"}]},
            "page": {"number": 1, "size": 1, "totalPages": 3, "totalElements": 3},
        }
    ) == {
        "people": [{"person_id": "p1"}],
        "page": 1,
        "total_pages": 3,
        "total_items": 3,
        "next_page": 2,
    }


def test_the_last_page_names_no_next_one() -> None:
    answer = Answer(root="items", name="items", many=True, page=PAGE)

    told = answer.of({"items": [], "page": {"number": 2, "totalPages": 3, "totalElements": 3}})

    assert "next_page" not in told


@pytest.mark.parametrize("upstream", [{}, {"_embedded": None}, {"_embedded": {}}, [], None, 5])
def test_a_list_that_is_not_there_is_empty(upstream: JsonObject) -> None:
    assert Answer(root="_embedded.people", name="people", many=True).of(upstream) == {"people": []}


def test_a_list_over_the_limit_tells_how_much_was_left_out() -> None:
    answer = Answer(name="tags", many=True, max_items=2)

    assert answer.of(["a", "b", "c"]) == {"tags": ["a", "b"], "truncated": {"shown": 2, "of": 3}}


@pytest.mark.parametrize(("upstream", "told"), [(7, {"value": 7}), ([1], {"value": [1]}), ({}, {})])
def test_the_answer_is_always_an_object(upstream: JsonObject, told: JsonObject) -> None:
    assert Answer().of(upstream) == told


def test_a_read_that_is_no_json_is_an_error() -> None:
    with pytest.raises(UpstreamMalformed):
        read(Endpoint("GET", "/", reads=True), UpstreamAnswer(200, b"<html>"))


@pytest.mark.requirement("GEN-WRITE-DONE")
def test_a_write_that_took_place_is_never_an_error() -> None:
    told = read(Endpoint("POST", "/"), UpstreamAnswer(201, b"<html>\xff"))

    assert told == {"ok": True, "status": 201, "note": "the answer could not be read"}


@pytest.mark.parametrize("body", [b"", b" "])
def test_a_read_that_is_answered_with_nothing_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamMalformed):
        read(Endpoint("GET", "/", reads=True), UpstreamAnswer(200, body))


def test_a_read_may_be_answered_with_nothing_where_the_document_says_so() -> None:
    ping = Endpoint("GET", "/", reads=True, may_be_empty=True)

    assert read(ping, UpstreamAnswer(200, b"")) == {"ok": True, "status": 200}


@pytest.mark.parametrize(
    ("number", "pages"),
    [(7, 1), (1, 1), (0, 0)],
    ids=["far behind the last page", "behind the last page", "pages of no items"],
)
def test_a_list_left_out_behind_the_last_page_is_empty(number: int, pages: int) -> None:
    answer = Answer(root="_embedded.people", name="people", many=True, page=PAGE)
    page = {"number": number, "totalPages": pages, "totalElements": 5}
    body = json.dumps({"page": page}).encode()

    told = read(Endpoint("GET", "/", answer=answer, reads=True), UpstreamAnswer(200, body))

    assert told["people"] == []
    assert (told["page"], told["total_items"]) == (number, 5)


def test_a_list_that_is_told_of_but_not_found_is_an_error() -> None:
    answer = Answer(root="_embedded.people", name="people", many=True, page=PAGE)
    body = b'{"_embedded": {"persons": [{}]}, "page": {"number": 0, "totalPages": 1, "totalElements": 1}}'

    with pytest.raises(UpstreamMalformed, match="1 items"):
        read(Endpoint("GET", "/", answer=answer, reads=True), UpstreamAnswer(200, body))
    assert read(Endpoint("POST", "/", answer=answer), UpstreamAnswer(200, body))["people"] == []


@pytest.mark.parametrize("payload", ["secret", 5, ["secret", {"pin": "0000"}]])
def test_an_allow_list_leaves_nothing_of_what_it_does_not_know(payload: JsonValue) -> None:
    assert "secret" not in str(Answer(name="people", record=PERSON).of(payload))
    assert "0000" not in str(Answer(name="people", record=PERSON).of(payload))


def test_an_empty_answer_says_that_it_worked() -> None:
    assert read(Endpoint("DELETE", "/"), UpstreamAnswer(204, b" ")) == {"ok": True, "status": 204}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("error.code", "E1"),
        ("error.number", "7"),
        ("errors.0.code", "E2"),
        ("errors.1.code", None),
        ("error.none", None),
        ("error", None),
        ("error.flag", None),
        ("", None),
    ],
)
def test_error_details_are_found_by_path_or_not_at_all(path: str, found: str | None) -> None:
    body: JsonObject = {
        "error": {"code": "E1", "number": 7, "flag": True},
        "errors": [{"code": "E2"}],
    }

    assert detail(body, path) == found
