"""A healthy small connector; each test makes it ill in one place."""

import json
from textwrap import dedent, indent

from treenail_generator.build import Built, Sources, build
from treenail_generator.lint import Finding, RuleId, lint

TOOLS = """
- operation: getOrder
  name: get_order
  title: Get an order
  description: Reads one order with its lines and its state.
  params:
    orderId: {describe: From list_orders., example: o-1}
- operation: listOrders
  name: list_orders
  title: List orders
  description: Finds orders, newest first. Use it to find an orderId.
  params:
    state: {describe: "open, paid or sent."}
"""

PATHS = """
/orders/{orderId}:
  parameters: [{name: orderId, in: path, required: true, schema: {type: string}}]
  get: {operationId: getOrder, responses: {'200': {description: Done.}}}
  put: {operationId: replaceOrder, responses: {'200': {description: Done.}}}
  delete: {operationId: deleteOrder, responses: {'204': {description: Done.}}}
/orders:
  get:
    operationId: listOrders
    parameters: [{name: state, in: query, schema: {type: string}}]
    responses: {'200': {description: Done.}}
  post:
    operationId: createOrder
    parameters: [{name: note, in: query, schema: {type: string}}]
    responses: {'201': {description: Done.}}
"""

HEAD = """
schema: 1
name: shop
title: Shop
version: 1.0.0
instructions: Call list_orders first; ids come from there.
spec: specs/shop.yaml
servers: {default: main, regions: {main: {title: Main, url: "https://api.shop.test"}}}
"""

NO_AUTH = "auth: {kind: none}"


def build_small(
    tools: str = TOOLS,
    *,
    top: str = NO_AUTH,
    paths: str = PATHS,
    components: str = "{}",
    custom: str | None = None,
) -> Built:
    """The small connector, with other tools, top-level keys, paths, or components."""
    connector = (
        f"{HEAD.strip()}\n{dedent(top).strip()}\ntools:\n{indent(dedent(tools).strip(), '  ')}\n"
    )
    spec = (
        "openapi: 3.1.1\ninfo: {title: Shop, version: '1'}\n"
        "servers: [{url: 'https://api.shop.test'}]\n"
        f"paths:\n{indent(dedent(paths).strip(), '  ')}\n"
        f"components:\n{indent(dedent(components).strip(), '  ')}\n"
    )
    return build(
        Sources(
            connector=connector,
            connector_name="connectors/shop.yaml",
            spec=spec,
            spec_name="specs/shop.yaml",
            custom=custom,
            custom_name="connectors/shop_custom.py",
        )
    )


def custom_tool(description: str = "Adds one to the number given.") -> str:
    """A module of hand-written tools with one tool, `add_numbers`."""
    return f"""
from treenail_runtime.contract import Annotations, Input, JsonObject, Tool, ToolContext


class Numbers(Input):
    left: int


async def add(arguments: Numbers, context: ToolContext) -> JsonObject:
    return {{}}


HINTS = Annotations(read_only=True, destructive=False, idempotent=True, open_world=False)
TOOLS = (
    Tool(
        name="add_numbers",
        title="Add numbers",
        description={description!r},
        arguments=Numbers,
        run=add,
        annotations=HINTS,
    ),
)
"""


def quoted(text: str) -> str:
    """`text` as a YAML value, with escapes for what an editor would not show."""
    return json.dumps(
        "".join(each if each.isascii() and each.isprintable() else _escape(each) for each in text)
    ).replace("\\\\U", "\\U")


def advised(text: str) -> Built:
    """The small connector with `text` as its advice about status 404."""
    return build_small(top=f"{NO_AUTH}\nerrors: {{advice: {{'404': {quoted(text)}}}}}")


def found(rule: RuleId, built: Built, client_prefix: str | None = None) -> list[Finding]:
    """What one rule finds."""
    return [each for each in lint(built, client_prefix=client_prefix) if each.rule == rule]


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Severity, tool and message of each finding."""
    return [(each.severity, each.tool, each.message) for each in findings]


def _escape(character: str) -> str:
    return f"\\U{ord(character):08x}"
