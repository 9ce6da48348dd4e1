"""What a `response` section says, checked by the document."""

from typing import Any

import jsonschema_rs
import pytest
from pydantic import JsonValue

from tests.generator.lint.small import build_small
from treenail_generator.build import Built
from treenail_generator.diagnostics import BuildError
from treenail_generator.plan import PagingPlan
from treenail_runtime.contract import Answer

PATHS = """
    /people:
      get:
        operationId: listPeople
        parameters:
          - {name: pageNumber, in: query, schema: {type: integer}}
          - {name: size, in: query, schema: {type: integer}}
          - {name: after, in: query, schema: {type: string}}
        responses: {'200': {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/People'}}}}}
      post:
        operationId: findPeople
        parameters: [{name: pageNumber, in: query, schema: {type: integer}}]
        responses: {'200': {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/People'}}}}}
"""
COMPONENTS = """
    schemas:
      People:
        type: object
        properties:
          data: {type: object, properties: {people: {type: array, items: {$ref: '#/components/schemas/Person'}}}}
          meta: {type: object, properties: {next-cursor: {type: string}, total: {type: integer}}}
      Person:
        type: object
        properties:
          id: {type: integer}
          name: {type: string}
          homes: {type: array, items: {type: object, properties: {city: {type: string}}}}
"""


def built(response: str, operation: str = "listPeople", defaults: str = "{}") -> Built:
    tools = f"""
        - operation: {operation}
          name: list_people
          title: List people
          description: Finds people.
          response: {response}
    """
    top = f"auth: {{kind: none}}\ndefaults: {defaults}"
    return build_small(tools, paths=PATHS, components=COMPONENTS, top=top)


def output(response: str) -> object:
    return built(response).plan.tools[0].output


def codes(response: str, operation: str = "listPeople") -> list[tuple[str, str]]:
    with pytest.raises(BuildError) as refused:
        built(response, operation)
    return [(found.code, found.hint or "") for found in refused.value.diagnostics]


def listed(item: object) -> dict[str, object]:
    return {"type": "object", "properties": {"items": {"type": "array", "items": item}}}


SAMPLE: JsonValue = {
    "data": {
        "people": [
            {"id": 4, "name": "Ann", "homes": [{"city": "Cork"}, {"city": "Bray"}]},
            {"id": 2, "name": "Bob", "homes": [{"city": "Cobh"}]},
        ]
    },
    "meta": {"total": 2},
}


def _name(schema: dict[str, Any]) -> str | None:
    return "items" if "items" in schema["properties"] else None


TEXT = {"type": "string"}
PERSON = {"type": "object", "properties": {
    "id": {"type": "integer"}, "name": TEXT,
    "homes": {"type": "array", "items": {"type": "object", "properties": {"city": TEXT}}},
}}  # fmt: skip


@pytest.mark.requirement("ANS-JMESPATH")
@pytest.mark.parametrize(
    ("expression", "schema"),
    [
        ("data.people", listed(PERSON)),
        ("data.people[].name", listed(TEXT)),
        ("data.people[*].homes[*].city", listed({"type": "array", "items": TEXT})),
        ("data.people[].homes[].city", listed(TEXT)),
        ("data.people[?id > `3`]", listed(PERSON)),
        ("data.people[:2]", listed(PERSON)),
        ("data.people[0]", PERSON),
        ("data.people[0].homes[0].city", {"type": "object", "properties": {"value": TEXT}}),
        ("data.people[].[id, name]", listed({"type": "array", "items": {"type": ["integer", "string"]}})),
        ("data.people | [0].{n: name, all: homes[].city}", {
            "type": "object", "properties": {"n": TEXT, "all": {"type": "array", "items": TEXT}}}),
        ("{n: length(data.people), first: sort_by(data.people, &id)[0].name}", {
            "type": "object", "properties": {"n": {"type": "integer"}, "first": TEXT}}),
    ],
)  # fmt: skip
def test_an_output_schema_is_derived_of_an_expression(
    expression: str, schema: dict[str, Any]
) -> None:
    assert output(f'{{jmespath: "{expression}", output: lenient}}') == schema
    told = Answer(select=expression, name=None if "value" in str(schema) else _name(schema)).of(
        SAMPLE
    )
    assert jsonschema_rs.is_valid(schema, told)
    assert set(told) <= set(schema["properties"])


@pytest.mark.requirement("ANS-JMESPATH")
def test_root_may_be_an_expression_whose_fields_are_picked() -> None:
    module = built('{root: "data.people[?id > `3`]", pick: [name], name: people}').module

    assert 'select="data.people[?id > `3`]"' in module
    assert "record=LIST_PEOPLE_ANSWER" in module


@pytest.mark.requirement("ANS-JMESPATH")
def test_an_expression_begins_at_the_root() -> None:
    module = built('{root: data.people, jmespath: "[].name"}').module

    assert 'select="data.people | [].name"' in module


@pytest.mark.requirement("ANS-JMESPATH")
@pytest.mark.parametrize(
    ("response", "code", "hint"),
    [
        ('{jmespath: "data.peopel[].name"}', "unknown-field", "did you mean 'people'?"),
        ('{jmespath: "data.people[?nam == `1`]"}', "unknown-field", "did you mean 'name'?"),
        ('{root: "data.people[].nam"}', "unknown-field", "did you mean 'name'?"),
        ('{jmespath: "data["}', "bad-expression", ""),
        ('{jmespath: "data", pick: [people]}', "conflicting-keys", "items[].{id: itemId}"),
        ('{jmespath: "merge(data, meta)", output: lenient}', "untyped-answer", "output: off"),
    ],
)
def test_an_expression_is_checked_by_the_document(response: str, code: str, hint: str) -> None:
    ((found, told),) = codes(response)

    assert found == code
    assert hint in told


@pytest.mark.requirement("ANS-JMESPATH")
def test_a_schema_may_be_told_where_none_can_be_derived() -> None:
    schema = "{type: object, properties: {total: {type: integer}, people: {$ref: '#/components/schemas/Person'}}}"

    assert output(f'{{jmespath: "merge(data, meta)", schema: {schema}, output: lenient}}') == {
        "type": "object",
        "properties": {"total": {"type": "integer"}, "people": PERSON},
    }


@pytest.mark.requirement("ANS-PAGES")
def test_pagination_becomes_a_line_of_the_answer() -> None:
    paging = "{style: page, parameter: pageNumber, size: size, total: meta.total, auto: true}"
    tool = built(f"{{root: data.people, pagination: {paging}, output: lenient, name: people}}")

    assert tool.plan.tools[0].endpoint is not None
    assert tool.plan.tools[0].endpoint.answer.paging == PagingPlan(
        style="page",
        parameter="pageNumber",
        argument="pageNumber",
        told="next_page",
        size="size",
        total="meta.total",
        most_pages=3,
    )
    assert 'total="meta.total"' in tool.module
    schema = tool.plan.tools[0].output
    assert schema is not None
    assert list(schema["properties"]) == ["people", "next_page", "next_argument"]  # pyright: ignore[reportArgumentType]  # an object


@pytest.mark.requirement("ANS-PAGES")
def test_a_cursor_is_found_under_names_that_jmespath_has_to_quote() -> None:
    paging = "{style: cursor, parameter: after, next: meta.next-cursor}"

    assert (
        "next='meta.\"next-cursor\"'"
        in built(f"{{root: data.people, pagination: {paging}}}").module
    )


@pytest.mark.requirement("ANS-PAGES")
def test_pagination_of_the_defaults_holds_for_the_lists_that_it_fits() -> None:
    fitting = "{pagination: {style: page, parameter: pageNumber}}"
    other = "{pagination: {style: page, parameter: page}}"

    assert "Paging(" in built("{root: data.people}", defaults=fitting).module
    assert "Paging(" not in built("{root: data.people, pagination: none}", defaults=fitting).module
    assert "Paging(" not in built("{root: data}", defaults=fitting).module
    assert "Paging(" not in built("{root: data.people}", defaults=other).module


@pytest.mark.requirement("ANS-PAGES")
@pytest.mark.parametrize(
    ("pagination", "code", "hint"),
    [
        ("{style: page, parameter: pageNumbr}", "unknown-parameter", "did you mean 'pageNumber'?"),
        ("{style: page, parameter: pageNumber, size: siz}", "unknown-parameter", "'size'"),
        ("{style: page, parameter: pageNumber, total: meta.totl}", "unknown-field", "'total'"),
        ("{style: page, parameter: pageNumber, total: 'meta['}", "bad-expression", ""),
        ("{style: cursor, parameter: after}", "pagination-incomplete", "where it stands"),
    ],
)
def test_pagination_is_checked_by_the_document(pagination: str, code: str, hint: str) -> None:
    ((found, told),) = codes(f"{{root: data.people, pagination: {pagination}}}")

    assert found == code
    assert hint in told


@pytest.mark.requirement("ANS-PAGES", "ANS-PAGES-AUTO")
def test_pages_of_what_is_no_list_or_may_change_something_are_refused() -> None:
    paging = "{style: page, parameter: pageNumber, auto: true}"

    assert codes(f"{{root: data, pagination: {paging}}}")[0][0] == "pagination-list"
    assert (
        codes(f"{{root: data.people, pagination: {paging}}}", "findPeople")[0][0] == "unsafe-pages"
    )


@pytest.mark.requirement("ANS-NULLS", "ANS-FILE-CAP")
def test_nulls_and_the_size_of_files_are_said_as_they_are() -> None:
    module = built("{nulls: drop, max_file_bytes: 5MB}").module

    assert 'nulls="drop"' in module
    assert "max_file_bytes=5000000" in module
