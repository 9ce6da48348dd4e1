"""Texts and numbers within the bounds of a schema."""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, Final

import jsonschema_rs

from treenail_generator.patterns import is_found, matching

from .merging import NoSampleError

FORMATS: Final = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "uuid": "3f2b8c1e-5a77-4d0e-9b1a-6f1c2d3e4f50",
    "uri": "https://example.com/a",
    "uri-reference": "https://example.com/a",
    "uri-template": "https://example.com/{a}",
    "iri": "https://example.com/a",
    "iri-reference": "https://example.com/a",
    "url": "https://example.com/a",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "YQ==",
    "json-pointer": "/a",
    "relative-json-pointer": "0/a",
    "regex": "^a$",
}
_WORDS: Final = (
    *("text", "a", "A", "1", "0", "12", "123", "1234", "2026", "abc", "ABC", "a1", "A1", "AB"),
    *("ABCD", "example-id", "a_b", "a.b", "a@b.c", "#a1b2c3", "+353123456789", "2026-11-20"),
    *("09:30", "09:30:00", "EUR", "en", "en-IE", "1.0.0", "00000000", "true", "/a"),
    *("https://example.com/a", "192.0.2.1", "192.0.2.0/24", "aaaaaaaaaaaaaaaa", "1.5", "-1"),
)
_SPELLINGS: Final = 8
_STRETCHES: Final = 4
_MOST: Final = 100_000


def text_of(schema: Mapping[str, Any], number: int = 0) -> str:
    """A text of that number.

    Raises:
        NoSampleError: None was found.
    """
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", _MOST))
    pattern = schema.get("pattern")
    for text in _texts(schema, number, least, most):
        if not least <= len(text) <= most:
            continue
        if pattern is None or (is_found(pattern, text) and _has(schema.get("format"), text)):
            return text
    raise NoSampleError


def _has(name: object, text: str) -> bool:
    """Whether `text` has that format, as far as anybody knows of it."""
    return name not in FORMATS or _validator(str(name)).is_valid(text)


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)


def _texts(schema: Mapping[str, Any], number: int, least: int, most: int) -> Iterator[str]:
    if schema.get("format") in FORMATS:
        yield FORMATS[schema["format"]]
        yield FORMATS[schema["format"]].upper()
        if "pattern" not in schema:
            return
    pattern = schema.get("pattern")
    if pattern is None:
        word = f"text{number}" if number else "text"
        yield word.ljust(min(least, _MOST), "t")[:most]
        return
    for turn in range(_SPELLINGS):
        if (spelt := matching(pattern, number + turn)) is not None:
            yield spelt
    for stretch in (1, 2, 4, 8, 12, 20, 28, 40, 80, 160, 320, 1000):
        for turn in range(_STRETCHES):
            if (spelt := matching(pattern, number + turn, stretch=stretch)) is not None:
                yield spelt
    for word in _WORDS:
        yield word
        yield word.ljust(min(least, _MOST), word[-1])[:most]


def number_of(schema: Mapping[str, Any], number: int = 0, *, whole: bool) -> int | float:
    """A number of that number.

    Raises:
        NoSampleError: There is none between the bounds.
    """
    low, high = _bounds(schema)
    step = Fraction(str(schema["multipleOf"])) if schema.get("multipleOf") else None
    if step is None and whole:
        step = Fraction(1)
    start = _within(Fraction(1 + number), low, high)
    if step is not None:
        start = math.ceil(start / step) * step
        if high is not None and start > high:
            start = math.floor(high / step) * step
    if whole and start.denominator != 1:
        raise NoSampleError
    for value in (start, start + (step or Fraction(1, 2)), start - (step or Fraction(1, 2))):
        if _fits(schema, value):
            return int(value) if value.denominator == 1 else float(value)
    if low is not None and high is not None and low < high and step is None:
        return float((low + high) / 2)
    raise NoSampleError


def _bounds(schema: Mapping[str, Any]) -> tuple[Fraction | None, Fraction | None]:
    lows = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    low = max((Fraction(str(each)) for each in lows), default=None)
    return low, min((Fraction(str(each)) for each in highs), default=None)


def _within(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def _fits(schema: Mapping[str, Any], value: Fraction) -> bool:
    return (
        ("minimum" not in schema or value >= Fraction(str(schema["minimum"])))
        and ("maximum" not in schema or value <= Fraction(str(schema["maximum"])))
        and ("exclusiveMinimum" not in schema or value > Fraction(str(schema["exclusiveMinimum"])))
        and ("exclusiveMaximum" not in schema or value < Fraction(str(schema["exclusiveMaximum"])))
    )
