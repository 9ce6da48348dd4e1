"""JMESPath over answers."""

import json
from typing import Literal

import pytest
from pydantic import JsonValue

from treenail_runtime.contract import (
    Answer,
    Endpoint,
    Nested,
    Record,
    UpstreamAnswer,
    UpstreamMalformed,
)
from treenail_runtime.contract.reading import read

PEOPLE: JsonValue = {
    "data": {"people": [{"id": 1, "name": "Ann", "tags": ["a", None]}, {"id": 2, "name": None}]}
}


@pytest.mark.requirement("ANS-JMESPATH")
@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("data.people", {"people": [{"id": 1, "name": "Ann", "tags": ["a", None]}, {"id": 2, "name": None}]}),
        ("data.people[].name", {"people": ["Ann"]}),
        ("data.people[?id > `1`].{number: id}", {"people": [{"number": 2}]}),
        ("data.people[-1].id", {"people": 2}),
        ("data.nobody[].id", {"people": []}),
        ("sort_by(data.people, &id)[0].{id: id, many: length(tags)}", {"people": {"id": 1, "many": 2}}),
    ],
)  # fmt: skip
def test_an_expression_makes_the_payload(expression: str, told: object) -> None:
    answer = Answer(select=expression, name="people", many="[]" in expression)

    assert answer.of(PEOPLE) == told


@pytest.mark.requirement("ANS-JMESPATH")
def test_a_record_holds_for_what_an_expression_finds() -> None:
    answer = Answer(
        select="data.people[?id == `1`]", name="people", many=True, record=Record({"id": "number"})
    )

    assert answer.of(PEOPLE) == {"people": [{"number": 1}]}


@pytest.mark.requirement("ANS-JMESPATH", "GEN-WRITE-DONE")
def test_an_answer_that_an_expression_does_not_fit_fails_a_read_and_never_a_write() -> None:
    answer = Answer(select="length(data)", name="count")
    sent = UpstreamAnswer(200, b'{"data": 7}', "application/json")

    with pytest.raises(UpstreamMalformed, match="expression"):
        read(Endpoint("GET", "/", answer=answer, reads=True), sent)
    assert read(Endpoint("POST", "/", answer=answer), sent)["ok"] is True


@pytest.mark.requirement("ANS-JMESPATH")
def test_an_expression_that_makes_more_and_more_of_little_is_stopped() -> None:
    answer = Answer(select=" | ".join(["[@,@,@,@,@,@,@,@,@,@]"] * 12))

    with pytest.raises(UpstreamMalformed, match="200000 values"):
        read(
            Endpoint("GET", "/", answer=answer, reads=True),
            UpstreamAnswer(200, b"{}", "application/json"),
        )


def test_what_is_no_expression_is_refused_when_the_module_is_loaded() -> None:
    with pytest.raises(ValueError, match="jmespath"):
        Answer(select="a[")


@pytest.mark.requirement("ANS-NULLS")
@pytest.mark.parametrize(
    ("record", "nulls", "told"),
    [
        (None, None, '{"a":null,"b":[{"c":null}]}'),
        (None, "drop", '{"b":[{}]}'),
        (None, "keep", '{"a":null,"b":[{"c":null}]}'),
        (Record({}, rest=True), None, '{"b":[{"c":null}]}'),
        (Record({}, rest=True), "drop", '{"b":[{}]}'),
        (Record({"b": Nested("b", Record({"c": "d"}))}, rest=True), "keep", '{"a":null,"b":[{"d":null}]}'),
    ],
)  # fmt: skip
def test_null_fields_are_left_out_where_it_is_said(
    record: Record | None, nulls: Literal["drop", "keep"] | None, told: str
) -> None:
    answer = Answer(record=record, nulls=nulls)

    assert answer.of({"a": None, "b": [{"c": None}]}) == json.loads(told)
