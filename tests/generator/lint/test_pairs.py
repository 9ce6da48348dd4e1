"""Tools that an agent may take for each other."""

import pytest

from tests.generator.lint.small import build_small, found, told
from treenail_generator.build import Built


def pair(left: str, right: str, about_left: str, about_right: str) -> Built:
    return build_small(f"""
        - {{operation: getOrder, name: {left}, title: L, description: "{about_left}"}}
        - {{operation: listOrders, name: {right}, title: R, description: "{about_right}"}}
    """)


ONE = "Reads one order with its lines and its state."
MANY = "Finds what was bought, newest first."


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("get_order", "list_orders"),
        ("create_order", "update_order"),
        ("get_order", "set_order"),
        ("list_orders", "list_order_lines"),
        ("lock_order", "unlock_order"),
    ],
)
def test_names_of_one_family_pass(left: str, right: str) -> None:
    assert found("shadowed-pairs", pair(left, right, ONE, MANY)) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("get_order", "get_orders"),
        ("list_orders", "search_orders"),
        ("order_list", "list_orders"),
        ("list_charges", "list_changes"),
        ("getOrder", "get_orders"),
    ],
)
def test_names_that_say_the_same_are_found(left: str, right: str) -> None:
    findings = found("shadowed-pairs", pair(left, right, ONE, MANY))

    assert told(findings) == [
        ("warning", right, f"an agent may take it for {left}: their names say the same")
    ]


def test_description_that_names_the_other_tool_tells_them_apart() -> None:
    built = pair("list_orders", "search_orders", ONE, "Finds by words; list_orders has all.")

    assert found("shadowed-pairs", built) == []


def test_two_tools_over_one_operation_are_found() -> None:
    built = build_small(f"""
        - {{operation: getOrder, name: get_order, title: L, description: "{ONE}"}}
        - {{operation: getOrder, name: show_history, title: R, description: "{MANY}"}}
    """)

    assert told(found("shadowed-pairs", built)) == [
        (
            "warning",
            "show_history",
            "an agent may take it for get_order: both call GET /orders/{}",
        )
    ]


def test_descriptions_that_say_the_same_are_found() -> None:
    built = pair("show", "print", ONE, "Reads the one order, with lines and state")

    assert told(found("shadowed-pairs", built)) == [
        ("warning", "print", "an agent may take it for show: their descriptions say the same")
    ]


def test_one_word_of_its_own_in_each_description_tells_them_apart() -> None:
    left = "Reads the order with lines, state, price, date, sender and note."
    right = "Reads the offer with lines, state, price, date, sender and note."

    assert found("shadowed-pairs", pair("show", "print", left, right)) == []
