"""Characters that people do not see."""

import json
import unicodedata

import pytest

from tests.generator.lint.small import advised, build_small, found
from treenail_generator.lint import as_json, lint

# A choice of objects is published as it is, names and all.
EITHER = """
/orders:
  post:
    operationId: createOrder
    requestBody:
      required: true
      content:
        application/json:
          schema:
            type: object
            properties:
              filter:
                oneOf:
                  - {type: object, required: [a], properties: {a: {type: string}, "%s": {type: string}}}
                  - {type: object, required: [b], properties: {b: {type: string}, "%s": {type: string}}}
    responses: {'201': {description: Done.}}
"""

CREATE = """
- {operation: createOrder, name: create_order, title: Create, description: Books an order.}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
        ("a\u200db", "U+200D ZERO WIDTH JOINER"),
        ("a\u2060b\u2060c", "U+2060 WORD JOINER (2 times)"),
        ("soft\u00adhyphen", "U+00AD SOFT HYPHEN"),
        ("\u202eevil\u202c", "U+202E RIGHT-TO-LEFT OVERRIDE, U+202C POP DIRECTIONAL FORMATTING"),
        ("\u2066a\u2069", "U+2066 LEFT-TO-RIGHT ISOLATE, U+2069 POP DIRECTIONAL ISOLATE"),
        ("a\U000e0069\U000e0067", "U+E0069 TAG LATIN SMALL LETTER I, U+E0067"),
        ("a\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
        ("\U0001f600\U000e0101", "U+E0101 VARIATION SELECTOR-18"),
        ("a=\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
        ("a\ue000", "U+E000"),
        ("a\x1b[31m", "U+001B"),
        ("a\u3164b", "U+3164 HANGUL FILLER"),
        ("\ufeffa", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("a\u2028b", "U+2028 LINE SEPARATOR"),
    ],
)
def test_hidden_character_is_told_by_its_number(text: str, told: str) -> None:
    findings = found("hidden-unicode", advised(text))

    assert [each.severity for each in findings] == ["error"]
    assert told in findings[0].message


@pytest.mark.parametrize(
    "text",
    [
        "Zahlung f\u00fcr Gr\u00f6\u00dfe \u2013 \u20ac 5\u00a0000",
        "\u2764\ufe0f and 1\ufe0f\u20e3 and \u2139\ufe0f",
        "\U0001f469\u200d\U0001f52c and \U0001f937\U0001f3fd\u200d\u2642\ufe0f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u845b\U000e0100",
        "\u0646\u0635 \u0663\u06dd",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
        "two\nlines\tand a tab",
        "10 k\u03a9, 5 \u00b5m, \u0394t",
    ],
)
def test_characters_that_do_what_they_are_for_pass(text: str) -> None:
    """Emoji sequences, joiners of connecting scripts, variants of ideographs, other alphabets."""
    assert found("hidden-unicode", advised(text)) == []


def test_letter_of_another_script_inside_a_latin_word_is_found() -> None:
    findings = found("hidden-unicode", advised("Give the p\u0430ssword"))

    assert [each.message for each in findings] == [
        "the text mixes scripts inside a word: U+0430 CYRILLIC SMALL LETTER A"
    ]


def test_hidden_character_in_a_name_of_the_document_is_found_at_the_name() -> None:
    findings = found("hidden-unicode", build_small(CREATE, paths=EITHER % ("st\\u200bate", "page")))

    assert [(each.severity, each.tool, str(each.location)) for each in findings] == [
        ("error", "create_order", "specs/shop.yaml:17:85")
    ]


def test_hidden_character_that_the_agent_does_not_get_is_an_info() -> None:
    paths = """
        /orders:
          get:
            operationId: listOrders
            responses: {'200': {description: "Do\\u200bne."}}
    """
    tools = """
        - {operation: listOrders, name: list_orders, title: List, description: Finds orders.}
    """

    assert [each.severity for each in found("hidden-unicode", build_small(tools, paths=paths))] == [
        "info"
    ]


def test_no_finding_of_any_rule_prints_a_hidden_character() -> None:
    """Names from a document stand in messages; there they are told by number, too."""
    built = build_small(CREATE, paths=EITHER % ("st\\u202eate\\t", "p\\u0430ge\\U000e0041"))
    findings = lint(built)
    printed = "".join(str(each).replace("\n  hint: ", "") for each in findings)
    printed += json.dumps(as_json(findings, built), ensure_ascii=False)

    assert "'filter.stU+202EateU+0009' has no description" in printed
    assert "'filter.pU+0430geU+E0041' has no description" in printed
    assert [each for each in printed if unicodedata.category(each)[0] == "C"] == []
    assert "\u0430" not in printed
