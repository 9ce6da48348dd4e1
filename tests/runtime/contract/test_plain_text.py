"""HTML in answers, as the text that a person would read."""

import time

import pytest

from treenail_runtime.contract import Answer, AsText, Record
from treenail_runtime.contract.plain_text import plain_text


@pytest.mark.requirement("ANS-PLAIN")
@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ('<span class="searchmatch">Tide</span> tables &amp; more', "Tide tables & more"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a</li> <li>b</li></ul>", "a\nb"),
        ("a\n  b\t c", "a b c"),
        ("<b>bo</b>ld", "bold"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
        ("&lt;b&gt; is told", "<b> is told"),
        ("a<!-- <b>hidden</b> -->b", "ab"),
        ("a<script>if (1 < 2) alert('</b>')</script>b", "ab"),
        ("<STYLE>p {color: red}</STYLE>x", "x"),
        ('<a title="a > b" href=x>link</a>', "link"),
        ("<a title='it\"s'>link</a>", "link"),
        ("<a title=it's>link</a>", "link"),
        ("<!DOCTYPE html><title>t</title>x", "x"),
        ("cut <b", "cut"),
        ("cut <!-- off", "cut"),
        ("cut <script>off", "cut"),
    ],
)
def test_html_is_told_as_its_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.requirement("ANS-PLAIN")
@pytest.mark.parametrize(
    "piece", ["<", "<a", "<a '", '<a x="', "<!--", "<script>", "</", "&#", "\n"]
)
def test_hostile_html_takes_no_longer_than_it_is_long(piece: str) -> None:
    start = time.process_time()

    plain_text(piece * (1_000_000 // len(piece)))

    assert time.process_time() - start < 5


@pytest.mark.requirement("ANS-PLAIN")
def test_a_field_that_is_no_text_passes_as_it_is() -> None:
    answer = Answer(record=Record({"excerpt": AsText("excerpt"), "note": AsText("note")}))

    assert answer.of({"excerpt": "<b>x</b>", "note": 5}) == {"excerpt": "x", "note": 5}
