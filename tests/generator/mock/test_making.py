"""What made-up data is made of: patterns, moments, names."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from treenail_generator.mock.letters import letters, singular
from treenail_generator.mock.moments import moved, spelled_like
from treenail_generator.patterns import matching


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Za-z0-9_-]+$",
        r"^\d{4}-\d{2}$",
        "^(?:red|green|blue)$",
        "^#[0-9a-fA-F]{6}$",
        r"^\+?[1-9]\d{1,14}$",
        "^[^/]{3}$",
        r"^\w+@\w+\.(com|org)$",
        "^a?b*c+.$",
        "^[a-c-]{2}$",
        "plain",
        "",
        r"^[\w.]{1,8}\s?$",
    ],
)
def test_pattern_gets_texts_that_match(pattern: str) -> None:
    texts = [matching(pattern, number**40) for number in range(1, 30)]

    assert all(text is not None and re.search(pattern, text) for text in texts)


@pytest.mark.parametrize("pattern", ["(?i)a", "^(?=a)b$", "(", "[", "a{9000}", r"(a)\1", "[z-a]"])
def test_pattern_that_is_not_understood_gets_none(pattern: str) -> None:
    assert matching(pattern, 7) is None


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("2026-11-24", timedelta(days=-1), "2026-11-23"),
        ("10:30:00", timedelta(minutes=15), "10:45:00"),
        ("23:50", timedelta(minutes=15), "00:05"),
        ("2026-11-24T10:30:00.000Z", timedelta(days=1), "2026-11-25T10:30:00.000Z"),
        ("2026-11-24T10:30:00+01:00", timedelta(hours=1), "2026-11-24T11:30:00+01:00"),
        ("0001-01-01", timedelta(days=-1), None),
        ("2026-13-01", timedelta(days=1), None),
        ("soon", timedelta(days=1), None),
    ],
)
def test_moments_move_and_keep_their_spelling(
    text: str, by: timedelta, expected: str | None
) -> None:
    assert moved(text, by) == expected


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("10:30:00", "09:05:07"),
        ("10:30", "09:05"),
        ("2026-01-01", "2026-11-20"),
        ("2026-01-01T00:00:00.000Z", "2026-11-20T09:05:07.000Z"),
        ("2026-01-01T00:00:00+02:00", "2026-11-20T11:05:07+02:00"),
        ("soon", None),
    ],
)
def test_moments_are_spelled_like_a_sample(sample: str, expected: str | None) -> None:
    assert spelled_like(sample, datetime(2026, 11, 20, 9, 5, 7, tzinfo=UTC)) == expected


def test_names_are_compared_by_their_letters() -> None:
    assert letters("updated_after") == letters("updatedAfter") == letters("Updated-After")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("branches", "branch"), ("categories", "category"), ("staff", "staff"), ("class", "class")],
)
def test_singular(word: str, expected: str) -> None:
    assert singular(word) == expected
