"""What a document says of arguments, as agents read it."""

import pytest

from treenail_generator.planning.descriptions import Descriptions


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("The <b>name</b>.<br/>\n\n Of the book.", "The name. Of the book."),
        ("See [the guide](https://x.example/a?b=1) first.", "See the guide first."),
        ("A pattern like [a-z](x|y).", "A pattern like [a-z](x|y)."),
        ("`refs/heads/<branch name>`", "`refs/heads/<branch name>`"),
        ("a < b &amp;&amp; c &gt; d, &amp;lt;", "a < b && c > d, &lt;"),
        ("**Bold** __init__ *.txt", "Bold __init__ *.txt"),
        ("<!-- for\nauthors -->Words.", "Words."),
        ("Example: `a b`", "Example: `a b`"),
        (["no text"], ""),
    ],
)
def test_markup_is_told_as_its_text(told: object, expected: str) -> None:
    assert Descriptions().of(told) == expected


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize("told", ["Book id", "book_id.", "BookId"])
def test_a_description_that_repeats_the_name_is_not_told(told: str) -> None:
    assert Descriptions().of(told, "book_id") == ""
    assert Descriptions().of(told, "shelf") == told


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Exactly thirty characters: yes", "Exactly thirty characters: yes"),
        ("A first sentence here. And another one.", "A first sentence here. …"),
        ("Words, e.g. Some, without any end at all", "Words, e.g. Some, without …"),
        ("Short. But this one goes on and on and on", "Short. But this one goes on …"),
        ("x" * 40, "x" * 28 + " …"),
    ],
)
def test_a_long_description_ends_with_a_sentence_or_a_word(told: str, expected: str) -> None:
    made = Descriptions(30).of(told)

    assert made == expected
    assert len(made) <= 30
