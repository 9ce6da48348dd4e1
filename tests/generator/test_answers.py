"""Which of the documented answers a tool is made for, and what is kept of it."""

import re

import pytest

from tests.generator.lint.small import build_small
from treenail_generator.plan import AnswerPlan

TOOLS = "- {operation: lookUp, name: look_up, title: Look up, description: Looks it up.}"
COMPONENTS = """
schemas:
  Person:
      type: object
      properties:
        name: {type: string}
        pin: {type: string, writeOnly: true}
        boss: {$ref: '#/components/schemas/Person'}
        home: {$ref: '#/components/schemas/Address'}
  Address:
      type: object
      properties: {zip: {type: string}, code: {type: string, writeOnly: true}}
  Thing: {type: object, properties: {size: {type: integer}}}
  Pet:
      oneOf: [{$ref: '#/components/schemas/Thing'}, {type: object, properties: {woof: {type: string}}}]
      discriminator: {propertyName: kind}
"""


def paths(responses: str, *, more: str = "") -> str:
    return f"""
        /things:
          get:
            operationId: lookUp
            responses: {responses}
        {more}
    """


def answer(responses: str, tools: str = TOOLS) -> AnswerPlan:
    plan = build_small(tools, paths=paths(responses), components=COMPONENTS).plan
    endpoint = plan.tools[0].endpoint
    assert endpoint is not None
    return endpoint.answer


def media(media_type: str, schema: str = "{}") -> str:
    return f"{{description: Done., content: {{{media_type}: {{schema: {schema}}}}}}}"


def told(schema: str, status: str = "200") -> str:
    """One status that answers JSON; a name stands for the component."""
    schema = f"{{$ref: '#/components/schemas/{schema}'}}" if schema.isidentifier() else schema
    return f"'{status}': {media('application/json', schema)}"


@pytest.mark.requirement("ANS-SUCCESS")
@pytest.mark.parametrize(
    ("responses", "kind", "media_type"),
    [
        (f"{{'200': {media('application/json')}}}", "json", "application/json"),
        (f"{{'200': {media('application/vnd.x+json')}}}", "json", "application/json"),
        (f"{{'200': {media('application/problem+json')}}}", "json", "application/json"),
        (f"{{'200': {media('application/x-ndjson')}}}", "json", "application/x-ndjson"),
        (f"{{'200': {media('application/xml')}}}", "text", "application/xml"),
        (f"{{'200': {media('text/csv; header=present')}}}", "text", "text/csv"),
        (f"{{'200': {media('image/png')}}}", "file", "image/png"),
        (f"{{2XX: {media('image/png')}}}", "file", "image/png"),
        (f"{{default: {media('image/png')}}}", "file", "image/png"),
        (f"{{'404': {media('image/png')}, default: {media('text/plain')}}}", "text", "text/plain"),
        (f"{{'200': {media('text/plain')}, default: {media('application/json')}}}", "text", "text/plain"),
        (f"{{2XX: {media('text/plain')}, '204': {{description: x}}}}", "text", "text/plain"),
        ("{'200': {description: Done.}}", "nothing", "application/json"),
        ("{'302': {description: Elsewhere.}}", "nothing", "application/json"),
        ("{'404': {description: None.}}", "json", "application/json"),
    ],
)  # fmt: skip
def test_the_promise_is_that_of_the_documented_success(
    responses: str, kind: str, media_type: str
) -> None:
    planned = answer(responses)

    assert (planned.kind, planned.media_type) == (kind, media_type)
    assert planned.redirects == ("302" in responses)


@pytest.mark.requirement("ANS-SUCCESS")
def test_a_request_accepts_what_the_document_promises() -> None:
    built = build_small(TOOLS, paths=paths(f"{{'200': {media('image/png')}}}"))

    assert 'accept="image/png, */*;q=0.1"' in built.module
    assert 'answer=Answer(media_type="image/png")' in built.module


@pytest.mark.requirement("ANS-WHOLE")
def test_an_answer_that_passes_whole_is_not_mentioned() -> None:
    built = build_small(
        TOOLS,
        paths=paths(f"{{{told('Thing')}}}"),
        components=COMPONENTS,
    )

    assert "Record" not in built.module
    assert "Answer(" not in built.module


@pytest.mark.requirement("ANS-WHOLE")
def test_what_is_only_written_is_left_out_also_where_an_object_holds_itself() -> None:
    built = build_small(TOOLS, paths=paths(f"{{{told('Person')}}}"), components=COMPONENTS)

    assert re.search(r'PERSON_RECORD: Final = Record\(\s*{[^}]*"pin": None', built.module)
    assert 'Nested("boss", lambda: PERSON_RECORD)' in built.module
    assert 'Nested("home", ADDRESS_RECORD)' in built.module


@pytest.mark.requirement("ANS-STABLE")
def test_what_a_module_says_of_one_answer_depends_on_no_other_tool() -> None:
    home = f"{{{told('Address')}}}"
    person = f"{{{told('Person')}}}"
    more = f"""
        /homes:
          get: {{operationId: readHome, responses: {home}}}
    """
    other = "- {operation: readHome, name: read_home, title: Read, description: Reads it.}"

    alone = build_small(TOOLS, paths=paths(person), components=COMPONENTS).module
    for tools in (f"{other}\n{TOOLS}", f"{TOOLS}\n{other}"):
        both = build_small(tools, paths=paths(person, more=more), components=COMPONENTS).module

        assert _records(alone) <= _records(both)


def _records(module: str) -> set[str]:
    return set(re.findall(r"(?m)^[A-Z_]+: Final = (?:Record|Endpoint)\((?:\n.*)+?\n\)$", module))


@pytest.mark.requirement("ANS-OUTPUT")
@pytest.mark.parametrize(
    ("responses", "schema"),
    [
        (
            f"{{{told('Pet')}}}",
            {"type": "object", "properties": {"size": {"type": "integer"}, "woof": {"type": "string"}}},
        ),
        (
            f"{{{told('Thing')}, {told('{type: object, properties: {job: {type: string}}}', '202')}}}",
            {"type": "object", "properties": {"size": {"type": "integer"}, "job": {"type": "string"}}},
        ),
        (
            f"{{'200': {media('application/json', '{type: array, items: {type: string}}')}}}",
            {
                "type": "object",
                "properties": {"items": {"type": "array", "items": {"type": "string"}}},
            },
        ),
        (
            f"{{{told('{type: [integer, null]}').replace('null', chr(34) + 'null' + chr(34))}}}",
            {"type": "object", "properties": {"value": {"type": ["integer", "null"]}}},
        ),
        (
            f"{{'200': {media('text/csv')}}}",
            {"type": "object", "properties": {"text": {"type": "string"}}},
        ),
        (
            "{'204': {description: Done.}}",
            {
                "type": "object",
                "properties": {"ok": {"type": "boolean"}, "status": {"type": "integer"}},
            },
        ),
        (
            f"{{{told('Person')}}}",
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "boss": {"$ref": "#/$defs/Person"},
                    "home": {"type": "object", "properties": {"zip": {"type": "string"}}},
                },
                "$defs": {
                    "Person": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "boss": {"$ref": "#/$defs/Person"},
                            "home": {"type": "object", "properties": {"zip": {"type": "string"}}},
                        },
                    }
                },
            },
        ),
    ],
    ids=["oneOf", "two statuses", "list", "plain value", "text", "nothing", "circle"],
)  # fmt: skip
def test_an_output_schema_names_the_fields_that_may_come(
    responses: str, schema: dict[str, object]
) -> None:
    tools = TOOLS.replace("}", ", response: {output: lenient}}")
    plan = build_small(tools, paths=paths(responses), components=COMPONENTS).plan

    assert plan.tools[0].output == schema


@pytest.mark.requirement("ANS-OUTPUT")
def test_a_lenient_output_schema_ends_somewhere() -> None:
    fields = ", ".join(f"f{number}: {{$ref: '#/components/schemas/Big'}}" for number in range(90))
    schemas = f"schemas:\n  Big: {{type: object, properties: {{{fields}, deep: {{type: object, properties: {{{fields}}}}}}}}}"
    tools = TOOLS.replace("}", ", response: {output: lenient}}")
    responses = f"{{{told('Big')}}}"

    output = build_small(tools, paths=paths(responses), components=schemas).plan.tools[0].output

    assert len(str(output)) < 5_000
    assert "'f15'" in str(output)
    assert "'f16'" not in str(output)
