"""Arguments: described, and with examples."""

from tests.generator.lint.small import NO_AUTH, build_small, custom_tool, found, told

FIVE = """
/orders:
  get:
    operationId: listOrders
    parameters:
      - {name: a, in: query, description: First of all., schema: {type: string}}
      - {name: b, in: query, description: Second to none., schema: {type: string}}
      - {name: c, in: query, description: Third on the list., schema: {type: string}}
      - {name: d, in: query, description: Fourth and last., schema: {type: string}}
      - {name: e, in: query, schema: {type: string}}
    responses: {'200': {description: Done.}}
"""

LIST = """
- operation: listOrders
  name: list_orders
  title: List orders
  description: Finds orders, newest first.
  params: {%s}
"""

BODY = """
/orders:
  post:
    operationId: createOrder
    requestBody:
      required: true
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Order'}
    responses: {'201': {description: Done.}}
"""

ORDER = """
schemas:
  Order:
    type: object
    required: [lines, kind, gift]
    properties:
      kind: {type: string, enum: [pickup, parcel], description: How it leaves the shop.}
      gift: {type: boolean, description: Wrapped.}
      lines:
        type: array
        description: What is bought.
        items:
          type: object
          required: [sku, amount]
          properties:
            sku: {type: string, description: Number on the shelf.}
            amount: {type: integer, %s}
"""

CREATE = """
- operation: createOrder
  name: create_order
  title: Create an order
  description: Puts an order into the books of the shop.
"""


def test_connector_with_described_arguments_passes() -> None:
    assert found("parameter-descriptions", build_small()) == []


def test_one_of_five_arguments_without_description_is_a_warning_but_no_error() -> None:
    findings = found("parameter-descriptions", build_small(LIST % "", paths=FIVE))

    assert told(findings) == [("warning", "list_orders", "the argument 'e' has no description")]


def test_less_than_four_in_five_described_is_an_error_for_tool_and_connector() -> None:
    paths = FIVE.replace("description: Fourth and last., ", "")
    findings = found("parameter-descriptions", build_small(LIST % "", paths=paths))

    assert told(findings) == [
        ("error", "", "3 of 5 arguments are described (60%)"),
        ("error", "list_orders", "3 of 5 arguments are described (60%)"),
        ("warning", "list_orders", "the argument 'd' has no description"),
        ("warning", "list_orders", "the argument 'e' has no description"),
    ]


def test_description_that_is_the_name_again_does_not_count() -> None:
    built = build_small(LIST % "state: {describe: The state.}")

    assert told(found("parameter-descriptions", built)) == [
        ("error", "", "0 of 1 arguments are described (0%)"),
        ("error", "list_orders", "0 of 1 arguments are described (0%)"),
        (
            "warning",
            "list_orders",
            "the description of the argument 'state' only repeats its name",
        ),
    ]


def test_undescribed_argument_inside_a_list_inside_the_body_is_found() -> None:
    built = build_small(CREATE, paths=BODY, components=ORDER % "example: 2")

    assert told(found("parameter-descriptions", built)) == [
        ("warning", "create_order", "the argument 'lines.amount' has no description")
    ]


def test_circular_argument_is_followed_once() -> None:
    components = """
        schemas:
          Order:
            type: object
            properties:
              name: {type: string, description: On the label.}
              parts: {type: array, items: {$ref: '#/components/schemas/Order'}}
    """
    built = build_small(CREATE, paths=BODY, components=components)
    warnings = [
        each for each in found("parameter-descriptions", built) if each.severity == "warning"
    ]

    assert [each.message for each in warnings] == [
        "the argument 'parts' has no description",
        "the argument 'parts.parts' has no description",
    ]


def test_required_argument_without_example_is_found_at_every_depth() -> None:
    """Booleans and enumerations tell their values in the schema."""
    built = build_small(CREATE, paths=BODY, components=ORDER % "description: How many.")

    assert told(found("missing-example", built)) == [
        ("warning", "create_order", "the required argument 'lines.sku' has no example"),
        ("warning", "create_order", "the required argument 'lines.amount' has no example"),
    ]


def test_example_of_document_or_connector_file_is_enough() -> None:
    built = build_small(
        f"{CREATE}  params: {{lines.sku: {{example: A-12}}}}\n",
        paths=BODY,
        components=ORDER % "description: How many., example: 2",
    )

    assert found("missing-example", built) == []


def test_optional_argument_needs_no_example() -> None:
    assert found("missing-example", build_small(LIST % "state: {describe: open or sent.}")) == []


def test_hand_written_tool_is_held_to_the_same_rules() -> None:
    built = build_small(top=f"{NO_AUTH}\ncustom_tools: [add_numbers]", custom=custom_tool())
    findings = [*found("parameter-descriptions", built), *found("missing-example", built)]

    assert ("warning", "add_numbers", "the argument 'left' has no description") in told(findings)
    assert ("warning", "add_numbers", "the required argument 'left' has no example") in told(
        findings
    )
    assert {str(each.location) for each in findings if each.tool} == {"connectors/shop.yaml:9:16"}
