"""What a document says of arguments, as agents read it."""

import pytest

from treenail_generator.planning.descriptions import Descriptions


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("The <b>name</b>.<br/>\n\n Of the book.", "The name. Of the book."),
        ("See [the guide](https://x.example/a?b=1) first.", "See the guide first"),
        ("A pattern like [a-z](x|y).", "A pattern like [a-z](x|y)"),
        ("`refs/heads/<branch name>`", "`refs/heads/<branch name>`"),
        ("a < b &amp;&amp; c &gt; d, &amp;lt;", "a < b && c > d, &lt;"),
        ("**Bold** __init__ *.txt", "Bold __init__ *.txt"),
        ("<!-- for\nauthors -->Words.", "Words"),
        ("Example: `a b`", "Example: `a b`"),
        (["no text"], ""),
        ("One. And two.", "One. And two."),
        ("Words, letters, etc.", "Words, letters, etc."),
    ],
)
def test_markup_is_told_as_its_text(told: object, expected: str) -> None:
    assert Descriptions().of(told) == expected


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    "told",
    [
        "Book id",
        "book_id.",
        "BookId",
        "The ID of the book.",
        "Unique identifier of a book",
        "a book's ID",
    ],
)
def test_a_description_that_repeats_the_name_is_not_told(told: str) -> None:
    assert Descriptions().of(told, "book_id") == ""
    assert Descriptions().of(told, "bookIds") == ""
    assert Descriptions().of(told, "shelf") == told.removesuffix(".")


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Not the book id", "book_id"),
        ("Old identifier", "bookId"),
        ("Book id of the shelf", "book_id"),
        ("From the book id on", "book_id"),
        ("Test version", "latestVersion"),
        ("\u6807\u8bc6", "id"),
        ("Ids 1 to 9", "ids"),
    ],
)
def test_a_description_with_a_word_of_its_own_is_told(told: str, name: str) -> None:
    assert Descriptions().of(told, name) == told


@pytest.mark.requirement("TOKENS-DESCRIPTIONS")
@pytest.mark.parametrize(
    ("told", "required", "expected"),
    [
        ("Required. Where it lies.", True, "Where it lies"),
        ("(Optional) Where it lies.", False, "Where it lies"),
        ("Where it lies. Required.", True, "Where it lies"),
        ("Where it lies (optional)", False, "Where it lies"),
        ("Required. Where it lies.", False, "Required. Where it lies."),
        ("Optional. Where it lies.", True, "Optional. Where it lies."),
        ("Optional places of it.", False, "Optional places of it"),
        ("Where it lies, if that is required.", True, "Where it lies, if that is required"),
    ],
)
def test_words_that_say_what_the_schema_requires_are_not_told(
    told: str,
    required: bool,  # noqa: FBT001  # a fact about it
    expected: str,
) -> None:
    assert Descriptions().of(told, "shelf", required=required) == expected


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
