"""`gen lint --client`: the limits of certain clients."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.generator.lint.small import build_small, told
from tests.support.project import run
from treenail_generator.build import Built
from treenail_generator.cli import gen
from treenail_generator.lint import PROFILES, ClientId, Finding, lint
from treenail_generator.lint.shapes import shape_of


def found(built: Built, *clients: ClientId) -> list[Finding]:
    return [each for each in lint(built, clients=clients) if each.rule.startswith("client-")]


def test_a_healthy_connector_suits_every_client() -> None:
    assert found(build_small(), *PROFILES) == []


def test_without_a_client_none_of_its_limits_counts() -> None:
    assert found(build_small(_named("g" * 64))) == []


@pytest.mark.requirement("LINT-CLIENT")
@pytest.mark.parametrize(
    ("client", "longest"), [("claude", 53), ("chatgpt", 64), ("cursor", 55), ("strict", 48)]
)
def test_a_name_is_counted_with_what_the_client_puts_before_it(
    client: ClientId, longest: int
) -> None:
    assert found(build_small(_named("g" * longest)), client) == []
    if longest < 64:
        (finding,) = found(build_small(_named("g" * (longest + 1))), client)
        assert (finding.rule, finding.severity) == ("client-names", "error")
        assert finding.hint == "shorten the name by 1"


@pytest.mark.requirement("LINT-CLIENT")
def test_an_argument_that_only_the_strictest_refuse_is_named() -> None:
    tools = """
    - operation: listOrders
      name: list_orders
      title: List orders
      description: Finds orders, newest first.
      params: {state: {rename: order.state, describe: "open or paid."}}
    """

    built = build_small(tools)

    assert found(built, "claude", "chatgpt", "cursor") == []
    assert told(found(built, "strict")) == [
        (
            "error",
            "list_orders",
            (
                "Any client (strict): the argument 'order.state' is not of the form "
                "[A-Za-z_][A-Za-z0-9_]{0,63}"
            ),
        )
    ]


@pytest.mark.requirement("LINT-CLIENT")
def test_depth_circles_and_keywords_are_told() -> None:
    paths = """
    /trees:
      post:
        operationId: plantTree
        requestBody:
          required: true
          content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}
        responses: {'201': {description: Done.}}
    """
    components = """
    schemas:
      Tree:
        type: object
        required: [kind]
        properties:
          kind: {type: string}
          children: {type: array, items: {$ref: '#/components/schemas/Tree'}}
          notes: {type: object, patternProperties: {'^x': {type: string}}}
          deep: {type: array, items: {type: array, items: {type: array, items: {type: array,
            items: {type: string}}}}}
    """
    tools = "- {operation: plantTree, name: plant_tree, title: Plant, description: Plants a tree.}"

    built = build_small(tools, paths=paths, components=components)

    assert found(built, "claude", "chatgpt", "cursor") == []
    problems = [
        each.message.removeprefix("Any client (strict): ") for each in found(built, "strict")
    ]
    assert "the arguments hold 'patternProperties'" in problems
    assert "the arguments hold a type that holds itself" in problems


@pytest.mark.requirement("LINT-CLIENT")
def test_more_tools_than_a_client_takes_are_told_once() -> None:
    tools = "".join(
        f"- {{operation: getOrder, name: get_order_{number}, title: T{number},"
        f" description: Reads order number {number}.}}\n"
        for number in range(41)
    )

    findings = found(build_small(tools), "strict", "cursor")

    assert told(findings) == [("error", "", "Any client (strict): 41 tools, of 40")]


def test_a_schema_is_measured_once_however_often_a_definition_is_used() -> None:
    leaf = {"type": "object", "properties": {"a": {"enum": [1, 2]}}}
    pair = {"type": "array", "items": {"$ref": "#/$defs/Leaf"}}
    schema = {
        "type": "object",
        "properties": {"one": pair, "two": pair},
        "$defs": {"Leaf": leaf},
    }

    shape = shape_of(schema)

    assert (shape.depth, shape.properties, shape.values, shape.is_recursive) == (3, 3, 2, False)


def test_wide_circles_are_measured_in_no_time() -> None:
    names = [f"T{number}" for number in range(60)]
    everything = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    definitions = {name: {"type": "object", "properties": everything} for name in names}

    shape = shape_of({"type": "object", "properties": everything, "$defs": definitions})

    assert shape.is_recursive
    assert shape.properties == 60 * 61


def test_the_committed_connector_suits_every_client(root: Path) -> None:
    options = [part for client in PROFILES for part in ("--client", client)]

    result = run(root, "lint", "phorest", *options)

    assert result.exit_code == 0, result.output


def test_an_unknown_client_is_wrong_usage() -> None:
    result = CliRunner().invoke(gen, ["lint", "phorest", "--client", "eliza"])

    assert result.exit_code == 2
    assert "'claude', 'chatgpt', 'cursor', 'strict'" in result.stderr


def _named(name: str) -> str:
    return f"- {{operation: getOrder, name: {name}, title: T, description: Reads one order.}}\n"
