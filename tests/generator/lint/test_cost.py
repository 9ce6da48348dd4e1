"""What tools and calls cost."""

from tests.generator.lint.small import NO_AUTH, build_small, found, told

LONG = "Reads one order. " + "Each line of it has a number, a price and a state. " * 15

DEAR = f"""
- operation: getOrder
  name: get_order
  title: Get an order
  description: {LONG}
- {{operation: listOrders, name: list_orders, title: List, description: Finds orders.}}
- {{operation: createOrder, name: create_order, title: Create, description: Books an order.}}
"""


def test_totals_are_always_told() -> None:
    assert told(found("invocation-cost", build_small())) == [
        (
            "info",
            "",
            "2 tools cost 151 tokens and the instructions 12; a call costs about 12, the dearest 13",
        )
    ]


def test_tool_far_above_the_median_is_a_warning() -> None:
    findings = found("invocation-cost", build_small(DEAR))

    assert told(findings)[0] == (
        "warning",
        "get_order",
        "costs 251 tokens, over 2 times the median of all tools (54); a call costs about 13",
    )


def test_declared_budget_replaces_the_median() -> None:
    """Who declared a budget has decided what tools may cost."""
    wide = build_small(DEAR, top=f"{NO_AUTH}\nbudget: {{tokens: 600}}")
    tight = build_small(DEAR.replace(LONG, LONG * 2), top=f"{NO_AUTH}\nbudget: {{tokens: 660}}")

    assert [each.severity for each in found("invocation-cost", wide)] == ["info"]
    assert told(found("invocation-cost", tight))[0] == (
        "warning",
        "get_order",
        "costs 447 tokens, over 2 times its share of the budget (220); a call costs about 13",
    )


def test_small_tool_is_cheap_whatever_the_others_cost() -> None:
    tools = DEAR.replace(LONG, LONG[:300])

    assert [each.severity for each in found("invocation-cost", build_small(tools))] == ["info"]
