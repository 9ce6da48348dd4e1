"""Answers fitted to the schema that a tool publishes for them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.contract.outputs import OutputFit

SCHEMA = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "age": {"type": "integer"}},
            },
        },
        "page": {"type": "integer"},
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["people", "id", "age", "page", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_an_answer_that_fits_passes_as_it_is() -> None:
    answer: dict[str, Any] = {"people": [{"id": "a", "age": 3, "new": None}], "page": 0}

    fitted, taken = OutputFit(SCHEMA).fitted(answer)

    assert fitted is answer
    assert taken == []


def test_only_what_does_not_fit_is_taken_out() -> None:
    answer: dict[str, Any] = {"people": [{"id": 7, "age": 3}, "odd", {"id": "b"}], "page": "0"}

    fitted, taken = OutputFit(SCHEMA).fitted(answer)

    assert fitted == {"people": [{"age": 3}, {"id": "b"}]}
    assert sorted(taken) == ["/page", "/people/0/id", "/people/1"]
    assert answer["page"] == "0"


def test_any_number_of_places_is_taken_out() -> None:
    people: list[Any] = [{"id": index, "age": "x"} for index in range(1000)]
    answer: dict[str, Any] = {"people": [*people, *[7] * 1000, {"id": "b"}], "page": 0}

    fitted, taken = OutputFit(SCHEMA).fitted(answer)

    assert fitted == {"people": [*[{}] * 1000, {"id": "b"}], "page": 0}
    assert len(taken) == 3000


def test_what_surrounds_a_wrong_place_stays_when_it_fits_without_it() -> None:
    items = {"type": "array", "maxItems": 2, "items": {"type": "string"}}
    fit = OutputFit({"type": "object", "properties": {"a": items}})

    assert fit.fitted({"a": ["x", 1, "y"]}) == ({"a": ["x", "y"]}, ["/a/1"])


@given(st.dictionaries(st.sampled_from(["people", "page", "x"]), JSON, max_size=3))
def test_whatever_the_upstream_answers_fits_afterwards(answer: dict[str, Any]) -> None:
    fitted, _ = OutputFit(SCHEMA).fitted(answer)

    assert OutputFit(SCHEMA).fitted(fitted) == (fitted, [])
