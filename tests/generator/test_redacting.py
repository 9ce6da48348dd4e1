"""What `redact` and its like cannot be taken for: fields that are told elsewhere, or in a map."""

import pytest

from tests.generator.lint.small import build_small
from treenail_generator.build import Built
from treenail_generator.diagnostics import BuildError

PATHS = """
    /people:
      get:
        operationId: listPeople
        responses: {'200': {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/Person'}}}}}
"""
COMPONENTS = """
    schemas:
      Person:
        type: object
        properties:
          id: {type: integer}
          pin: {type: string}
          home: {type: object, properties: {city: {type: string}}}
          parents: {type: array, items: {anyOf: [{$ref: '#/components/schemas/Person'}, {type: 'null'}]}}
          bank: {$ref: '#/components/schemas/Account'}
          spare: {$ref: '#/components/schemas/Account'}
          friends: {type: object, additionalProperties: {$ref: '#/components/schemas/Account'}}
          labels: {type: object, additionalProperties: {type: string}}
      Account:
        type: object
        properties: {number: {type: string}, limit: {type: integer}}
"""


def built(response: str) -> Built:
    tools = f"""
        - operation: listPeople
          name: list_people
          title: List people
          description: Finds people.
          response: {response}
    """
    return build_small(tools, paths=PATHS, components=COMPONENTS, top="auth: {kind: none}")


def notes(response: str) -> dict[str, str]:
    """The messages of warnings, with their codes."""
    found = built(response).plan.notes
    return {each.message: each.code for each in found if each.severity == "warning"}


def faults(response: str) -> list[tuple[str, str]]:
    with pytest.raises(BuildError) as refused:
        built(response)
    return [(found.code, found.message) for found in refused.value.diagnostics]


@pytest.mark.requirement("ANS-REDACT")
@pytest.mark.parametrize("name", ["pin", "home.city"])
def test_what_stays_clear_inside_an_object_of_its_own_kind_is_told(name: str) -> None:
    once = notes(f"{{redact: [{name}], omit: [bank, spare, friends]}}")
    twice = notes(f"{{redact: [{name}, parents.{name}], omit: [bank, spare, friends]}}")

    told = f"redact: {name!r} is redacted, and 'parents.{name}' is told in clear, to any depth"
    assert once[told] == "redacted-in-part"
    assert any(f"'parents.parents.{name}' is told in clear" in message for message in twice)


@pytest.mark.requirement("ANS-REDACT")
@pytest.mark.parametrize(
    "response",
    [
        "{redact: [pin], omit: [parents]}",
        "{redact: [pin], pick: [id, pin]}",
        "{redact: [labels], omit: [parents]}",
    ],
)
def test_what_is_redacted_wherever_it_is_told_is_fine(response: str) -> None:
    found = notes(response)

    assert "redacted-in-part" not in found.values()


@pytest.mark.requirement("ANS-REDACT")
def test_what_stays_clear_beside_it_is_told() -> None:
    found = notes("{redact: [bank.number], omit: [parents]}")
    found |= notes("{redact: [bank.number, spare.number], omit: [parents]}")

    told = [message for message, code in found.items() if code == "redacted-in-part"]
    assert sorted(told) == [
        "redact: 'bank.number' is redacted, and 'spare.number' is told in clear",
        "redact: 'spare.number' is redacted, and 'friends.*.number' is told in clear",
    ]


@pytest.mark.requirement("ANS-REDACT")
@pytest.mark.parametrize("verb", ["pick", "omit", "redact"])
def test_a_field_of_the_values_of_a_map_cannot_be_named(verb: str) -> None:
    found = faults(f"{{{verb}: [friends.number]}}")

    message = (
        f"{verb}: 'friends.number' names the key 'number' of a map, not the field of its values"
    )
    assert ("map-field", message) in found


@pytest.mark.requirement("ANS-REDACT")
def test_a_key_of_a_map_can_be_named() -> None:
    assert '"colour": None' in built("{omit: [labels.colour]}").module
