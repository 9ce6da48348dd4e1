import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.dispatch.strict_json import read_json, write_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_survives_reading_and_writing(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert json.loads(write_json(value)) == value


@pytest.mark.requirement("T-100")
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{} {}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"-1e999",
        b"9" * 5000,
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":1,"\\u0061":2}',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        '"a"'.encode("utf-16"),
        b'\xef\xbb\xbf"a"',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"\n"',
        b"'a'",
        b"[1,]",
        b"01",
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's and jiter's own texts
        read_json(text)


def test_nesting_is_counted_and_not_guessed() -> None:
    flat = b"[" + b",".join([b'{"a":[1]}'] * 500) + b"]"
    brackets_in_text = b'"' + b"[{" * 500 + b'"'

    assert len(read_json(flat)) == 500
    assert read_json(brackets_in_text) == "[{" * 500
    assert read_json(b"[" * 64 + b"]" * 64)


def test_surrogate_pairs_are_characters() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("value", [{"a": object()}, ["\ud800"], ...])
def test_what_is_no_json_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        write_json(value)


def test_long_integers_are_written_exactly() -> None:
    assert write_json({"a": 10**30}) == b'{"a":1000000000000000000000000000000}'
