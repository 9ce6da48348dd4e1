"""One line of an account."""

import pytest

from treenail_runtime.contract import JsonObject
from treenail_runtime.demo.summaries import answer_summary, arguments_summary, one_line

PAGE: JsonObject = {
    "purchase_items": [{"name": "Salt"}],
    "page": 0,
    "total_pages": 3,
    "total_items": 45,
}


ANSWERS: list[tuple[JsonObject, str]] = [
    (PAGE, "purchase items: 45, page 0 of 3"),
    ({"slots": [{"start_time": "08:00"}, {"start_time": "09:00"}]}, "slots: 2"),
    ({"slots": [{}, {}], "truncated": {"shown": 2, "of": 7}}, "slots: 2 of 7"),
    ({"room_id": "r1", "name": "Blue", "tags": ["x"]}, "room_id=r1, name=Blue"),
    ({"jobs": [{"id": 1}], "next_offset": 20}, "jobs: 1, and more"),
    ({"now": {"temperature": 9}, "days": [{}, {}], "source": "Open-Meteo.com"}, "days: 2"),
    ({"connector": "fergus", "region": None}, "connector=fergus, region=null"),
    ({}, ""),
]


@pytest.mark.parametrize(("answer", "told"), ANSWERS)
def test_an_answer_in_a_few_words(answer: JsonObject, told: str) -> None:
    assert answer_summary(answer) == told


def test_arguments_are_short() -> None:
    arguments: JsonObject = {"client_id": "ttv4HUsbHAtBl96E-kFe_A", "on": True, "at": [{"a": 1}]}

    assert arguments_summary(arguments) == 'client_id=ttv4HUsb…, on=true, at=[{"a": 1}]'


def test_a_line_neither_wraps_nor_steers_the_terminal() -> None:
    assert one_line("a\x1b[31mb\nc\u202ed") == "a [31mb c d"
    assert one_line("abcdef", 4) == "abc…"
