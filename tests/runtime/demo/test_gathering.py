"""Which ids an agent passes on: those of real records, and versions only with their own record."""

from typing import Any

from treenail_runtime.demo.gathering import Gathered


def gathered(*answers: Any) -> Gathered:
    found = Gathered()
    for answer in answers:
        found.add(answer)
    return found


def test_ids_of_an_example_are_replaced_at_every_depth() -> None:
    known = gathered({"staff": [{"staff_id": "s1"}]}, {"client_id": "c1"})
    example: dict[str, Any] = {"client_id": "x", "wanted": [{"by": {"staff_id": "x", "name": "x"}}]}

    assert known.arguments(example, ()) == {
        "client_id": "c1",
        "wanted": [{"by": {"staff_id": "s1", "name": "x"}}],
    }


def test_the_first_record_of_the_latest_answer_goes_first() -> None:
    known = gathered({"a_id": "old"}, {"all": [{"a_id": "first"}, {"a_id": "second"}]})

    assert known.arguments({"a_id": "x"}, ()) == {"a_id": "first"}


def test_a_record_goes_before_a_mention_of_it() -> None:
    """Own ids come first in a record; the others may refer to what is out of reach."""
    known = gathered({"a_id": "own"}, {"b_id": "b1", "a_id": "mentioned"})

    assert known.arguments({"a_id": "x", "b_id": "x"}, ()) == {"a_id": "own", "b_id": "b1"}


def test_a_mention_is_better_than_nothing() -> None:
    known = gathered({"b_id": "b1", "a_id": "mentioned"})

    assert known.arguments({"a_id": "x"}, ()) == {"a_id": "mentioned"}


def test_a_version_comes_with_the_id_of_its_own_record() -> None:
    known = gathered(
        {"client_id": "c1", "version": 4},
        {"client_id": "without-version"},
        {"appointment_id": "a1", "version": 9, "client_id": "c2"},
    )

    assert known.arguments({"client_id": "x", "version": 0}, ()) == {
        "client_id": "c1",
        "version": 4,
    }


def test_an_example_whose_version_is_unknown_stays_as_it_is() -> None:
    known = gathered({"client_id": "c1"})

    assert known.arguments({"client_id": "x", "version": 3}, ()) == {
        "client_id": "x",
        "version": 3,
    }


def test_wanted_ids_are_added_when_they_are_known_and_never_go_before_the_example() -> None:
    known = gathered({"branch_id": "b1"})

    assert known.arguments({}, ["branch_id", "region", "room_id"]) == {"branch_id": "b1"}


def test_only_ids_and_versions_are_replaced_and_never_by_nothing() -> None:
    known = gathered({"email": "new", "a_id": None, "b_id": "", "c_id": True, "paid": "y"})
    example = {"email": "old", "a_id": "x", "b_id": "x", "c_id": "x", "paid": "n"}

    assert known.arguments(example, ()) == example
