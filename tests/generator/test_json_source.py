"""Reading JSON: the same data and the same places as YAML gives, at the speed of JSON."""

import json
import time
from itertools import product

import pytest

from treenail_generator.diagnostics import BuildError, Location
from treenail_generator.yaml_source import JSON, Pointer, read_source


def read(text: str) -> JSON:
    return read_source(text, "a.json").value


def refusal(text: str) -> str:
    with pytest.raises(BuildError) as raised:
        read_source(text, "a.json")
    return str(raised.value)


WIDE = """\
{ "a" : [ 1 , {"b":"x"} , [] ] ,\r
  "" : { "c\\/d" : -1.50 , "a" : null },\n
\t"é😀":true, "last" : {}, "text": "a, [ {\\" \\\\"
}
"""


@pytest.mark.requirement("DOC-JSON-PLACES")
@pytest.mark.parametrize(
    ("pointer", "value_place", "key_place"),
    [
        ((), (1, 1), (1, 1)),
        (("a",), (1, 9), (1, 3)),
        (("a", 0), (1, 11), (1, 11)),
        (("a", 1, "b"), (1, 20), (1, 16)),
        (("a", 2), (1, 27), (1, 27)),
        (("",), (2, 8), (2, 3)),
        (("", "c/d"), (2, 19), (2, 10)),
        (("é😀",), (4, 7), (4, 2)),
        (("last", "absent", 3), (4, 22), (4, 13)),
        (("a", "0"), (1, 9), (1, 3)),
    ],
)
def test_every_value_and_key_of_json_has_its_place(
    pointer: Pointer, value_place: tuple[int, int], key_place: tuple[int, int]
) -> None:
    source = read_source(WIDE, "a.json")

    assert source.at(pointer) == Location("a.json", *value_place)
    assert source.key_at(pointer) == Location("a.json", *key_place)


@pytest.mark.requirement("DOC-JSON-PLACES")
def test_json_read_as_json_and_as_yaml_has_the_same_places() -> None:
    """A comment makes YAML of it."""
    value: JSON = {"a": [1, {"b": [{}, [], "x"]}], "c d": {"e": -1.5, "f": {"g": True}}}
    steps: list[str | int] = ["a", "b", "c d", "e", "f", "g", 0, 1, 2]
    for indent in (None, 1, "\t"):
        text = json.dumps(value, indent=indent)
        fast, slow = read_source(text, "a"), read_source(text + "\n# a comment\n", "a")
        assert fast.value == slow.value
        for pointer in (*product(steps, repeat=1), *product(steps, repeat=3)):
            assert fast.at(pointer) == slow.at(pointer)
            assert fast.key_at(pointer) == slow.key_at(pointer)
            assert fast.text_at(pointer) == slow.text_at(pointer)


def test_scalars_of_json_can_be_had_as_they_were_written() -> None:
    source = read_source('{"v": 1.10, "n": -0, "b": true, "s": "\\u00e9", "o": {}, "z": null}', "a")

    assert [source.text_at((key,)) for key in "vnbsoz"] == ["1.10", "-0", "true", "é", None, None]
    assert source.text_at(("absent",)) is None
    assert source.text_at(("s", "deeper")) is None


@pytest.mark.requirement("DOC-JSON-FALLBACK")
@pytest.mark.parametrize(
    "text",
    [
        "{a: 1}",
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": 1} # comment',
        '{"a":\n # comment\n 1}',
        '{"a": 0x1}',
        '{"a": &x 1}',
    ],
)
def test_what_only_looks_like_json_is_yaml(text: str) -> None:
    assert read(text) == {"a": 1}


@pytest.mark.requirement("DOC-JSON-FALLBACK")
@pytest.mark.parametrize("character", ["\x7f", "\x80", "\x9f", "\u2028", "\ufeff", "\uffff"])
def test_every_character_that_json_allows_is_read(character: str) -> None:
    """RFC 8259, section 7: everything but the controls below U+0020, as it is."""
    text = json.dumps({"a": character, character: 1}, ensure_ascii=False)

    assert read(text) == {"a": character, character: 1}


def test_a_byte_order_mark_and_foreign_line_ends_are_no_part_of_json() -> None:
    for end in ("\n", "\r\n", "\r"):
        source = read_source(f'\ufeff{{{end}"a":{end}  1}}', "a.json")
        assert source.value == {"a": 1}
        assert source.at(("a",)) == Location("a.json", 3, 3)


def test_numbers_that_nothing_can_carry_stay_texts() -> None:
    digits = "9" * 5000

    assert read(f'{{"a": {digits}, "b": 1e999, "c": 12345678901234567890}}') == {
        "a": digits,
        "b": "1e999",
        "c": 12345678901234567890,
    }


@pytest.mark.requirement("DOC-DUPLICATES")
def test_duplicate_keys_of_json_are_all_reported_with_both_places() -> None:
    text = '{"a": 1,\n "b": [0, {"x": 1,\n "x": {"y": 1, "y": 2, "y": 3}}],\n "a": 2}'

    assert refusal(text) == (
        "a.json:3:2: duplicate-key: the key 'x' stands twice, first in line 2\n"
        "a.json:3:16: duplicate-key: the key 'y' stands twice, first in line 3\n"
        "a.json:3:24: duplicate-key: the key 'y' stands twice, first in line 3\n"
        "a.json:4:2: duplicate-key: the key 'a' stands twice, first in line 1"
    )


@pytest.mark.requirement("DOC-JSON-FALLBACK")
def test_no_numbers_are_refused() -> None:
    assert refusal('{"a": [1, NaN],\n "b": {"c": -Infinity}}') == (
        "a.json:1:11: yaml-syntax: NaN is no number of JSON\n"
        "a.json:2:13: yaml-syntax: -Infinity is no number of JSON"
    )


@pytest.mark.requirement("DOC-JSON-FALLBACK")
def test_half_a_surrogate_pair_is_refused() -> None:
    text = '{"a": "\\ud83d\\ude00 \\\\ud83d",\n "b": "\\ud83d x", "c": "\\uDE00"}'

    assert refusal(text) == (
        "a.json:2:8: yaml-syntax: \\ud83d is half a surrogate pair\n"
        "a.json:2:25: yaml-syntax: \\uDE00 is half a surrogate pair"
    )
    assert "a.json:1:8: yaml-syntax:" in refusal('{"a": "\ud800"}')


@pytest.mark.requirement("DOC-BOUNDS")
@pytest.mark.parametrize("depth", [201, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"]":', "}]")])
def test_json_nested_too_deep_is_refused_at_the_first_bracket_that_is(
    depth: int, opening: str, closing: str
) -> None:
    started = time.perf_counter()

    message = refusal('{"text": "[[[", "deep":\n' + opening * depth + "1" + closing * depth + "}")

    line, column, _ = message.removeprefix("a.json:").split(":", 2)
    levels = opening.count("[") + opening.count("{")
    place = (199 // levels) * len(opening) + (199 % levels) + 1
    assert (line, column) == ("2", str(place))
    assert message.endswith("too-large: nested more than 200 levels deep")
    assert time.perf_counter() - started < 2


@pytest.mark.requirement("DOC-BOUNDS")
def test_two_hundred_levels_of_json_are_fine() -> None:
    source = read_source('{"a":' * 199 + "[]" + "}" * 199, "a.json")

    assert source.at(("a",) * 199) == Location("a.json", 1, 5 * 199 + 1)


@pytest.mark.requirement("DOC-BOUNDS")
def test_a_million_values_of_json_are_read_and_placed_quickly() -> None:
    text = json.dumps({"items": [{"a": number} for number in range(500_000)], "last": [1]})
    started = time.process_time()

    source = read_source(text, "a.json")
    places = [source.at(("items", index, "a")).column for index in range(0, 500_000, 100)]

    assert places == sorted(places)
    assert source.at(("last", 0)).column == len(text) - 2
    assert time.process_time() - started < 8


@pytest.mark.requirement("DOC-BOUNDS")
def test_more_values_than_any_document_has_are_refused_unread() -> None:
    started = time.process_time()

    assert refusal("[" + "0," * 3_000_000 + "0]") == (
        "a.json:1:1: too-large: more than 3,000,000 values"
    )
    assert time.process_time() - started < 2


@pytest.mark.requirement("DOC-BOUNDS")
def test_a_text_longer_than_any_document_is_refused_unread() -> None:
    assert refusal("x" * 100_000_001) == "a.json:1:1: too-large: more than 100,000,000 characters"


@pytest.mark.requirement("DOC-BOUNDS")
def test_a_long_text_that_is_nearly_json_is_refused_at_the_place() -> None:
    members = ",\n".join(f'"p{number}": "{"x" * 200}"' for number in range(10_000))
    started = time.process_time()

    assert refusal(f"{{{members},\n'last': 1}}") == (
        "a.json:10001:1: yaml-syntax: no JSON: expecting property name enclosed in double quotes"
    )
    assert time.process_time() - started < 2
