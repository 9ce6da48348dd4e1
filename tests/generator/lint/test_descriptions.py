"""What tools say of themselves."""

import pytest

from tests.generator.lint.small import build_small, found, told
from treenail_generator.build import Built


def described(text: str, title: str = "Get an order") -> Built:
    return build_small(f"""
        - operation: getOrder
          name: get_order
          title: {title}
          description: "{text}"
          params: {{orderId: {{describe: From list_orders., example: o-1}}}}
    """)


def test_description_that_says_more_than_the_name_passes_all_rules() -> None:
    built = described("Reads one order with its lines and its state.")

    assert found("description-missing", built) == []
    assert found("description-repeats-name", built) == []
    assert found("description-too-short", built) == []
    assert found("description-too-long", built) == []


def test_missing_description_is_an_error_at_the_tool() -> None:
    findings = found("description-missing", described(""))

    assert told(findings) == [("error", "get_order", "has no description")]
    assert str(findings[0].location) == "connectors/shop.yaml:10:5"


def test_missing_title_is_a_warning() -> None:
    findings = found("description-missing", described("Reads one order.", title="''"))

    assert told(findings) == [("warning", "get_order", "has no title")]


@pytest.mark.parametrize("text", ["Get an order.", "get_order", "Gets orders", "Get the order!"])
def test_description_that_is_the_name_again_is_an_error(text: str) -> None:
    findings = found("description-repeats-name", described(text))

    assert told(findings) == [("error", "get_order", "the description is the name again")]


@pytest.mark.parametrize("text", ["The order.", "An order", "Gets it."])
def test_description_that_only_restates_the_name_is_a_warning(text: str) -> None:
    findings = found("description-repeats-name", described(text))

    assert told(findings) == [("warning", "get_order", "the description only restates the name")]


def test_description_of_a_few_letters_is_too_short() -> None:
    findings = found("description-too-short", described("Reads one."))

    assert told(findings) == [("warning", "get_order", "the description has 10 characters")]


def test_short_description_in_wide_characters_says_enough() -> None:
    """A Japanese sentence needs half the characters of an English one."""
    assert found("description-too-short", described("注文を一件読み、明細も返す。")) == []


def test_description_that_model_apis_refuse_is_too_long() -> None:
    findings = found("description-too-long", described("Reads an order. " * 65))

    assert told(findings) == [
        ("warning", "get_order", "the description has 1039 characters, over 1024")
    ]


def test_description_of_exactly_the_limit_passes() -> None:
    assert found("description-too-long", described("x" * 1024)) == []
