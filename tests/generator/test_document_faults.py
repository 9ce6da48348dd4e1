"""Documents with faults: which are refused, which cost one operation, and what is said."""

import json
import time
from collections.abc import Callable
from textwrap import dedent
from typing import TypeAlias, cast

import pytest

from treenail_generator.diagnostics import BuildError
from treenail_generator.document import (
    JSON,
    Document,
    Operation,
    read_document,
)


def read(text: str, version: str = "3.1.0") -> Document:
    head = "" if "openapi:" in text else f"openapi: {version}\n"
    return read_document(head + dedent(text), "api.yaml")


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


def refusal(text: str) -> str:
    with pytest.raises(BuildError) as raised:
        read_document(dedent(text), "api.yaml")
    return str(raised.value)


def refusal_of(document: Document, key: str) -> str:
    with pytest.raises(BuildError) as raised:
        document.operation(key)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "swagger: '1.2'\npaths: {}\n",
            (
                "api.yaml:1:10: openapi-version: Swagger 1.2 is not supported\n"
                "  hint: OpenAPI 2.0, 3.0, 3.1 and 3.2 are; convert the document"
            ),
        ),
        (
            "info: {}\nopenapi: 4.0.0\n",
            (
                "api.yaml:2:10: openapi-version: OpenAPI 4.0.0 is not supported\n"
                "  hint: OpenAPI 2.0, 3.0, 3.1 and 3.2 are; convert the document"
            ),
        ),
        (
            "openapi:\n",
            (
                "api.yaml:1:9: openapi-version: OpenAPI ? is not supported\n"
                "  hint: OpenAPI 2.0, 3.0, 3.1 and 3.2 are; convert the document"
            ),
        ),
        (
            "paths: {}\n",
            (
                "api.yaml:1:1: openapi-version: the document names no OpenAPI version\n"
                "  hint: begin it with 'openapi: 3.1.0'"
            ),
        ),
        ("a: b\n", "api.yaml:1:1: not-openapi: this is not an OpenAPI document"),
        ("- a\n", "api.yaml:1:1: not-openapi: this is not an OpenAPI document"),
        ("", "api.yaml:1:1: not-openapi: this is not an OpenAPI document"),
        (
            "openapi: 3.1.0\npaths: [a]\n",
            "api.yaml:2:8: invalid-openapi: 'paths' must be a mapping of paths",
        ),
    ],
)
def test_what_is_no_openapi_document_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize("version", ["3.0", "3.0.4", "'3.1'", "3.1.1", "3.1.0-rc1"])
def test_every_patch_version_of_3_0_and_3_1_is_accepted(version: str) -> None:
    assert read_document(f"openapi: {version}\n", "api.yaml").operations == ()


BROKEN = """\
openapi: 3.0.3
paths:
  /good:
    get: {operationId: good, responses: {200: {$ref: '#/components/responses/R'}}}
  /remote:
    post:
      operationId: remote
      responses: {}
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Outer'}}
  /elsewhere: {$ref: './other.yaml'}
  /unnamed:
    get:
      operationId: unnamed
      parameters:
        - in: query
        - {name: b, in: body}
        - {name: c, in: query}
        - {name: c, in: query, required: true}
components:
  responses:
    R: {description: fine}
  schemas:
    Outer: {type: object, properties: {inner: {$ref: '#/components/schemas/Inner'}}}
    Inner:
      type: array
      items: {$ref: 'https://x.test/a.yaml#/A'}
    Unused: {$ref: '#/nowhere'}
"""


def test_a_fault_costs_only_the_operations_that_reach_it() -> None:
    document = read(BROKEN)

    assert [found.key for found in document.operations] == ["good"]
    assert operation(document, "good").responses[0].description == "fine"


def test_asking_for_a_broken_operation_says_what_breaks_it_and_where() -> None:
    document = read(BROKEN)
    remote = (
        "api.yaml:28:21: remote-ref: 'https://x.test/a.yaml#/A' leads out of this file\n"
        "  hint: bundle the document into one file, or say `spec: {path, refs: file}`; nothing is fetched"
    )

    assert refusal_of(document, "remote") == remote
    assert refusal_of(document, "POST /remote") == remote
    assert refusal_of(document, "POST /elsewhere").startswith(
        "api.yaml:12:22: remote-ref: './other.yaml' leads out of this file"
    )


def test_all_faults_of_an_operation_are_reported_together() -> None:
    assert refusal_of(read(BROKEN), "unnamed") == (
        "api.yaml:17:11: invalid-openapi: a parameter without a name\n"
        "api.yaml:18:25: invalid-openapi: a parameter stands in path, query, header, cookie;"
        " not in 'body'\n"
        "  hint: that is Swagger 2.0; in OpenAPI 3 it is the requestBody\n"
        "api.yaml:20:11: invalid-openapi: query parameter 'c' stands twice, with different words"
    )


def test_faults_are_warnings_as_long_as_nobody_asks() -> None:
    document = read(BROKEN)
    assert [warning.location.line for warning in document.warnings] == [12] * len(document.warnings)

    warnings = document.all_warnings()

    assert document.warnings == warnings
    assert {warning.severity for warning in warnings} == {"warning"}
    assert [(warning.location.line, warning.code) for warning in warnings] == [
        (12, "remote-ref"),
        (17, "invalid-openapi"),
        (18, "invalid-openapi"),
        (20, "invalid-openapi"),
        (28, "remote-ref"),
    ]


def test_broken_operations_are_still_known_by_name() -> None:
    assert {"remote", "unnamed", "/elsewhere"} <= set(read(BROKEN).keys())


def test_an_operation_id_used_twice_names_neither_operation() -> None:
    document = read(
        """
        paths:
          /a:
            get: {operationId: same}
            put: {operationId: same}
        """
    )

    assert [found.key for found in document.operations] == ["GET /a", "PUT /a"]
    assert operation(document, "PUT /a").id == "same"
    assert refusal_of(document, "same") == (
        "api.yaml:5:24: duplicate-operation-id:"
        " the operationId 'same' names more than one operation\n"
        "  hint: say 'GET /a' for this one\n"
        "api.yaml:6:24: duplicate-operation-id:"
        " the operationId 'same' names more than one operation\n"
        "  hint: say 'PUT /a' for this one"
    )


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        (
            "#/components/schemas/pett",
            (
                "unknown-ref: nothing stands at '#/components/schemas/pett'\n"
                "  hint: did you mean '#/components/schemas/Pet'?"
            ),
        ),
        (
            "#/$defs/Pet",
            (
                "unknown-ref: nothing stands at '#/$defs/Pet'\n"
                "  hint: '#/' is the root of the document, not of the schema"
            ),
        ),
        (
            "#pet",
            (
                "unknown-ref: '#pet' names no place in the document\n"
                "  hint: name the place from the root of the document: '#/components/schemas/…'"
            ),
        ),
        (
            "#/components/schemas/Loop",
            "ref-loop: '#/components/schemas/Pool' leads only back to itself",
        ),
        (
            "#/components/schemas/Self/x",
            "ref-loop: '#/components/schemas/Self/x' leads only back to itself",
        ),
    ],
)
def test_references_that_lead_nowhere_are_named(ref: str, message: str) -> None:
    document = read(
        f"""
        paths:
          /a: {{get: {{operationId: a, parameters: [{{name: q, in: query, required: true, schema: {{$ref: '{ref}'}}}}]}}}}
        components:
          schemas:
            Pet: {{type: object}}
            Loop: {{$ref: '#/components/schemas/Pool'}}
            Pool: {{$ref: '#/components/schemas/Loop'}}
            Self: {{$ref: '#/components/schemas/Self/x'}}
        """
    )
    code, _, rest = message.partition(": ")

    assert f": {code}: {rest}" in refusal_of(document, "a")


def test_a_reference_that_is_no_text_is_a_fault() -> None:
    document = read("paths: {/a: {get: {operationId: a, parameters: [{$ref: 5}]}}}\n")

    assert "remote-ref: '5' leads out" in refusal_of(document, "a")


def test_an_unknown_schema_dialect_is_a_warning() -> None:
    document = read("jsonSchemaDialect: http://json-schema.org/draft-07/schema#\npaths: {}\n")

    assert [str(warning) for warning in document.warnings] == [
        (
            "api.yaml:2:20: unknown-dialect: schemas are read as JSON Schema 2020-12,"
            " not as 'http://json-schema.org/draft-07/schema#'"
        )
    ]


def test_a_security_scheme_of_an_unknown_type_is_a_warning() -> None:
    document = read("paths: {}\ncomponents: {securitySchemes: {s: {type: basic}}}\n")

    assert document.security_schemes == {}
    assert [str(warning) for warning in document.warnings] == [
        "api.yaml:3:42: invalid-openapi: security scheme 's' has the unknown type 'basic'"
    ]


ODD: dict[str, JSON] = {
    "type": ["words", 5, [], ["string", "words"]],
    "enum": [[], "a", {}],
    "required": [True, "a"],
    "dependentRequired": [[], "a"],
    "multipleOf": [0, -1],
    "minimum": ["low", True, None],
    "maxLength": [-1, 1.5, "many"],
    "uniqueItems": ["yes", 1],
    "format": [5, {}],
    "allOf": [[], "a"],
    "properties": [[], "a"],
    "items": ["string", None],
    "additionalProperties": ["no", []],
}


@pytest.mark.requirement("DOC-ODD-PARTS")
@pytest.mark.parametrize(
    ("keyword", "value"), [(key, value) for key in ODD for value in cast("list[JSON]", ODD[key])]
)
def test_a_keyword_that_means_nothing_is_left_out_with_a_warning(keyword: str, value: JSON) -> None:
    odd = {"title": "T", keyword: value}
    schema: JSON = {"properties": {"a": {"items": odd}}, "description": "kept"}
    media: JSON = {"content": {"application/json": {"schema": schema}}}
    paths: JSON = {"/a": {"post": {"operationId": "a", "requestBody": media}}}
    document = read_document(json.dumps({"openapi": "3.1.0", "paths": paths}), "api.json")

    body = operation(document, "a").body

    assert body is not None
    assert body.media[0].schema == {
        "properties": {"a": {"items": {"title": "T"}}},
        "description": "kept",
    }
    (warning,) = document.warnings
    assert (warning.code, warning.severity) == ("invalid-openapi", "warning")
    assert warning.message.startswith(f"JSON Schema does not allow this value of {keyword!r}")
    assert warning.location == document.locate(
        (*body.media[0].schema_pointer, "properties", "a", "items", keyword)
    )


@pytest.mark.requirement("DOC-ODD-PARTS")
def test_what_a_schema_says_twice_counts_once() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              operationId: a
              parameters:
                - {name: q, in: query, schema: {type: [object, object], required: [a, b, a]}}
                - {name: r, in: query, schema: {items: [{type: integer}, true]}}
        """
    )

    first, second = (each.schema for each in operation(document, "a").parameters)

    assert first == {"type": "object", "required": ["a", "b"]}
    assert second == {"prefixItems": [{"type": "integer"}, True]}
    assert document.warnings == ()


@pytest.mark.requirement("DOC-BOUNDS")
def test_a_chain_of_references_costs_its_length_once() -> None:
    chain: JSON = {f"{number}": {"$ref": f"#/x/{number + 1}"} for number in range(20_000)}
    get: JSON = {"operationId": "a", "parameters": [{"$ref": "#/x/0"}]}
    end: JSON = {"name": "q", "in": "query", "schema": {"type": "string"}}
    text = {"openapi": "3.1.0", "paths": {"/a": {"get": get}}, "x": {**chain, "20000": end}}
    started = time.process_time()

    document = read_document(json.dumps(text), "api.json")

    (told,) = operation(document, "a").left_out
    assert "without the query parameter 'q': more than 200 schemas in a row" in told.message
    assert time.process_time() - started < 5


PARTS = """
paths:
  /a:
    get:
      operationId: a
      parameters:
        - {name: kept, in: query, schema: {type: string}}
        - {name: lost, in: query, schema: {$ref: '#/nowhere'}}
        - {name: kept, in: query, schema: {type: string}}
      responses:
        200: {description: Fine, content: {text/plain: {schema: {type: string}}}}
        400: {description: Bad, content: {application/json: {schema: {$ref: '#/lost'}}}}
        404: {$ref: '#/components/responses/Lost'}
"""


@pytest.mark.requirement("DOC-PARTS", "DOC-TWICE")
def test_a_fault_in_a_part_that_an_operation_can_do_without_costs_that_part_by_name() -> None:
    document = read(PARTS)
    found = operation(document, "a")

    assert [each.name for each in found.parameters] == ["kept"]
    assert [(each.status, [media.schema for media in each.media]) for each in found.responses] == [
        ("200", [{"type": "string"}]),
        ("400", [{}]),
        ("404", []),
    ]
    assert [warning.message for warning in document.warnings] == [
        "GET /a: without the query parameter 'lost': nothing stands at '#/nowhere'",
        "GET /a: query parameter 'kept' stands twice, in the same words",
        "GET /a: nothing is known of the answer 400: nothing stands at '#/lost'",
        "GET /a: nothing is known of the answer 404: nothing stands at '#/components/responses/Lost'",
    ]
    assert {fault.location.line for fault in found.left_out} == {9, 10, 13, 14}


@pytest.mark.requirement("DOC-PARTS")
@pytest.mark.parametrize(
    "part",
    [
        "parameters: [{name: q, in: query, required: true, schema: {$ref: '#/nowhere'}}]",
        "parameters: [{name: q, in: path, schema: {$ref: '#/nowhere'}}]",
        "parameters: [{$ref: '#/nowhere'}]",
        "requestBody: {content: {application/json: {schema: {$ref: '#/nowhere'}}}}",
        "requestBody: {$ref: '#/nowhere'}",
    ],
)
def test_a_fault_in_what_a_request_needs_costs_the_operation(part: str) -> None:
    document = read(f"paths: {{/a: {{post: {{operationId: a, {part}}}}}}}\n")

    assert "unknown-ref: nothing stands at '#/nowhere'" in refusal_of(document, "a")


Level: TypeAlias = Callable[[JSON], JSON]


def body_of(schemas: dict[str, JSON]) -> Document:
    schema: JSON = {"$ref": "#/components/schemas/S0"}
    body: JSON = {"content": {"application/json": {"schema": schema}}}
    text: JSON = {
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {"operationId": "a", "requestBody": body}}},
        "components": {"schemas": schemas},
    }
    return read_document(json.dumps(text), "api.json")


def levels(count: int, level: Level) -> dict[str, JSON]:
    refs: list[JSON] = [{"$ref": f"#/components/schemas/S{n + 1}"} for n in range(count)]
    last: JSON = {"type": "string"}
    return {**{f"S{n}": level(ref) for n, ref in enumerate(refs)}, f"S{count}": last}


DOUBLING: list[Level] = [
    lambda ref: {"allOf": [ref, ref]},
    lambda ref: {"oneOf": [{"type": "null"}, ref, {"not": ref}]},
    lambda ref: {"allOf": [{"properties": {"a": ref}}, {"properties": {"a": ref}}]},
    lambda ref: {"anyOf": [{"items": ref}, {"prefixItems": [ref, ref]}]},
    lambda ref: {"if": ref, "then": {"additionalProperties": ref}, "else": ref},
]
NESTING: list[Level] = [
    lambda ref: {"properties": {"a": ref, "b": ref}},
    lambda ref: {"type": "array", "items": ref},
]


@pytest.mark.requirement("DOC-WORK")
@pytest.mark.parametrize("level", DOUBLING, ids=range(len(DOUBLING)))
def test_schemas_that_double_the_work_with_each_level_are_refused(
    level: Level,
) -> None:
    assert operation(body_of(levels(6, level)), "a").body is not None
    assert "too-large: more than 20,000 schemas look at one value" in refusal_of(
        body_of(levels(40, level)), "a"
    )


@pytest.mark.requirement("DOC-WORK")
@pytest.mark.parametrize("level", NESTING, ids=range(len(NESTING)))
def test_schemas_that_only_nest_may_nest_deep(
    level: Level,
) -> None:
    assert operation(body_of(levels(5_000, level)), "a").body is not None


@pytest.mark.requirement("DOC-WORK")
def test_schemas_that_contain_each_other_are_no_more_work_than_they_say() -> None:
    refs: list[JSON] = [{"$ref": f"#/components/schemas/S{n}"} for n in range(60)]
    circle: dict[str, JSON] = {f"S{n}": {"anyOf": refs} for n in range(60)}

    assert operation(body_of(circle), "a").body is not None


@pytest.mark.requirement("DOC-BOUNDS")
def test_operations_that_share_a_fault_look_at_it_once() -> None:
    chain: dict[str, JSON] = levels(5_000, lambda ref: {"properties": {"a": ref}})
    chain["S5000"] = {"$ref": "#/nowhere"}
    content: JSON = {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}
    paths: JSON = {f"/{n}": {"post": {"requestBody": {"content": content}}} for n in range(1_000)}
    text = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": chain}}
    started = time.process_time()

    document = read_document(json.dumps(text), "api.json")

    assert document.operations == ()
    assert time.process_time() - started < 5
