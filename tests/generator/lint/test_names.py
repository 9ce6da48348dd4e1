"""Tool names: length with the client's prefix, characters, style."""

from tests.generator.lint.small import build_small, found, told
from treenail_generator.build import Built


def named(*names: str) -> Built:
    return build_small(
        "".join(
            f"- {{operation: getOrder, name: {name}, title: T, description: Reads order {name}.}}\n"
            for name in names
        )
    )


def test_ordinary_names_pass() -> None:
    built = named("get_order", "list_orders", "ping")

    assert found("name-length", built) == []
    assert found("name-characters", built) == []
    assert found("name-style", built) == []


def test_name_counts_with_the_prefix_that_clients_put_before_it() -> None:
    """`mcp__shop__` takes 11 of 64 characters."""
    built = named("g" * 53, "g" * 54)

    assert told(found("name-length", built)) == [
        ("error", "g" * 54, f"mcp__shop__{'g' * 54} has 65 characters; clients take 64")
    ]


def test_length_is_counted_with_the_prefix_given() -> None:
    built = named("g" * 60)

    assert [each.hint for each in found("name-length", built)] == ["shorten the name by 7"]
    assert found("name-length", built, client_prefix="") == []


def test_dot_that_several_clients_refuse_is_a_warning() -> None:
    assert told(found("name-characters", named("orders.get"))) == [
        ("warning", "orders.get", "the name holds '.', which some clients refuse")
    ]


def test_name_in_another_style_than_most_is_a_warning() -> None:
    built = named("get_order", "find_order", "ping", "readOrder", "Odd_Order")

    assert told(found("name-style", built)) == [
        ("warning", "readOrder", "the name is in camelCase, most others are in snake_case"),
        ("warning", "Odd_Order", "the name is in a mixed style, most others are in snake_case"),
    ]


def test_connector_in_one_other_style_throughout_passes() -> None:
    assert found("name-style", named("getOrder", "findOrders", "ping")) == []
