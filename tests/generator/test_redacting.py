"""What `redact` holds for: one field of the document, wherever the answer tells it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.generator.lint.small import build_small
from treenail_generator.build import Built
from treenail_generator.diagnostics import BuildError
from treenail_runtime.testing import answer, load

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
          notes: {type: object, additionalProperties: true}
      Account:
        type: object
        properties: {number: {type: string}, limit: {type: integer}}
"""


def built(response: str, components: str = COMPONENTS) -> Built:
    tools = f"""
        - operation: listPeople
          name: list_people
          title: List people
          description: Finds people.
          response: {response}
    """
    return build_small(tools, paths=PATHS, components=components, top="auth: {kind: none}")


def notes(response: str) -> dict[str, str]:
    """The messages about `redact`, with their codes."""
    found = built(response).plan.notes
    return {each.message: each.code for each in found if each.message.startswith("redact:")}


def faults(response: str, components: str = COMPONENTS) -> list[tuple[str, str]]:
    with pytest.raises(BuildError) as refused:
        built(response, components)
    return [(found.code, found.message) for found in refused.value.diagnostics]


ACCOUNT = {"number": "DE1", "limit": 5}
PERSON: Any = {
    "id": 1,
    "pin": "1234",
    "home": {"city": "Ulm"},
    "bank": ACCOUNT,
    "spare": ACCOUNT,
    "friends": {"ann": ACCOUNT, "bob": ACCOUNT},
    "labels": {"secret": "x", "colour": "red"},
    "notes": {"secret": "y", "other": [1]},
}
FAMILY: Any = {**PERSON, "parents": [{**PERSON, "parents": [{**PERSON, "parents": [None]}]}]}
HIDDEN = "[redacted]"


async def answered(tmp_path: Path, response: str, payload: object = FAMILY) -> Any:
    """What the agent gets of `payload`."""
    (tmp_path / "shop.py").write_text(built(response).module, encoding="utf-8")
    sent = httpx.Response(200, json=payload)
    result = await answer(load(tmp_path, "shop"), "list_people", {}, sent)
    return result.structured_content


def generations(person: Any) -> list[Any]:
    """A person and those above."""
    above = [each for each in person.get("parents", []) if each is not None]
    return [person, *(each for parent in above for each in generations(parent))]


@pytest.mark.requirement("ANS-REDACT")
async def test_a_redacted_field_is_redacted_inside_objects_of_its_own_kind(tmp_path: Path) -> None:
    redact = "[pin, home.city, labels.secret, notes.secret]"
    people = generations(await answered(tmp_path, f"{{redact: {redact}}}"))

    assert [each["pin"] for each in people] == [HIDDEN] * 3
    assert [each["home"] for each in people] == [{"city": HIDDEN}] * 3
    assert [each["labels"]["secret"] for each in people] == [HIDDEN] * 3
    assert [each["notes"]["secret"] for each in people] == [HIDDEN] * 3
    assert [each["bank"] for each in people] == [ACCOUNT] * 3


@pytest.mark.requirement("ANS-REDACT")
@pytest.mark.parametrize("named", ["bank.number", "spare.number", "parents.bank.number"])
async def test_a_redacted_field_is_redacted_wherever_its_component_is_told(
    tmp_path: Path, named: str
) -> None:
    people = generations(await answered(tmp_path, f"{{redact: [{named}]}}"))

    redacted = {"number": HIDDEN, "limit": 5}
    assert [each["bank"] for each in people] == [redacted] * 3
    assert [each["spare"] for each in people] == [redacted] * 3
    assert [each["friends"] for each in people] == [{"ann": redacted, "bob": redacted}] * 3
    assert [each["labels"] for each in people] == [PERSON["labels"]] * 3


@pytest.mark.requirement("ANS-REDACT")
async def test_what_is_omitted_or_not_picked_stays_out_where_it_is_redacted_elsewhere(
    tmp_path: Path,
) -> None:
    omitted = await answered(tmp_path, "{redact: [bank.number], omit: [parents, spare.number]}")
    picked = await answered(tmp_path, "{redact: [pin], pick: [id, pin, parents.id]}")

    assert (omitted["spare"], omitted["bank"]["number"]) == ({"limit": 5}, HIDDEN)
    assert picked == {"id": 1, "pin": HIDDEN, "parents": [{"id": 1}]}


@pytest.mark.requirement("ANS-REDACT")
async def test_a_map_keeps_what_is_not_redacted_of_it(tmp_path: Path) -> None:
    told = await answered(tmp_path, "{redact: [labels.secret, notes.secret], omit: [parents]}")

    assert told["labels"] == {"secret": HIDDEN, "colour": "red"}
    assert told["notes"] == {"secret": HIDDEN, "other": [1]}


@pytest.mark.requirement("ANS-REDACT")
def test_where_a_field_is_redacted_too_is_told() -> None:
    inside = notes("{redact: [pin], omit: [bank, spare, friends]}")
    beside = notes("{redact: [bank.number], omit: [parents]}")

    told = "redact: 'pin' is redacted as 'parents.pin', too, and inside it to any depth"
    assert inside == {told: "redacted-too"}
    # Each field of a kind once: `friends` holds accounts, too.
    assert set(beside) == {"redact: 'bank.number' is redacted as 'spare.number', too"}


@pytest.mark.requirement("ANS-REDACT")
@pytest.mark.parametrize(
    "response",
    [
        "{redact: [pin], omit: [parents]}",
        "{redact: [pin], pick: [id, pin]}",
        "{redact: [labels], omit: [parents]}",
    ],
)
def test_what_is_redacted_wherever_it_is_told_needs_no_note(response: str) -> None:
    assert not notes(response)


@pytest.mark.requirement("ANS-REDACT")
def test_a_redacted_field_where_no_record_reaches_is_refused() -> None:
    mixed = (
        "{oneOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Account'}}]}"
    )
    components = COMPONENTS.replace(
        "spare: {$ref: '#/components/schemas/Account'}", f"spare: {mixed}"
    )

    refused = faults("{redact: [bank.number], omit: [parents]}", components)
    message = "redact: a redacted field would stay in clear in 'spare', whose kind differs"
    assert refused == [("redacted-in-part", message)]


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
