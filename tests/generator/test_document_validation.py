"""Strict validation of the operations in use."""

import time
from textwrap import dedent

from treenail_generator.document import (
    Document,
    Operation,
    read_document,
    validate_operations,
)


def read(text: str, version: str = "3.1.0") -> Document:
    head = "" if "openapi:" in text else f"openapi: {version}\n"
    return read_document(head + dedent(text), "api.yaml")


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


INVALID = """\
openapi: 3.0.3
info: {version: 1}
paths:
  /a/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: strin}}
    get:
      operationId: structure
      parameters:
        - name: q
          in: query
          schema:
            type: integer
            minimum: abc
      responses:
        200:
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/List'}}}
        404: {}
    put:
      operationId: wrongDefault
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {a: {type: string, default: 5}}}
      responses: {200: {description: ok}}
  /b/{id}:
    get:
      operationId: missingParameter
      responses: {200: {description: ok}}
  /c:
    get:
      operationId: unknownKey
      respones: {}
      responses: {200: {description: ok}}
    put:
      operationId: fine
      responses: {200: {description: ok}}
      callbacks: 5
components:
  schemas:
    List: {type: array, items: {$ref: '#/components/schemas/Node'}}
    Node:
      type: object
      properties:
        bad: {type: object, required: nope}
        again: {$ref: '#/components/schemas/Node'}
"""


def faults(text: str, *keys: str) -> list[str]:
    document = read(text)
    found = validate_operations(document, [operation(document, key) for key in keys])
    assert {fault.code for fault in found} <= {"invalid-openapi"}
    return [
        "; ".join(filter(None, (f"{f.location.line}:{f.location.column} {f.message}", f.hint)))
        for f in found
    ]


def test_validation_names_the_place_of_every_structural_fault() -> None:
    assert faults(INVALID, "structure") == [
        "6:61 'strin' is not one of ['array', 'boolean', 'integer', 'number', 'object', 'string']",
        "14:22 'abc' is not of type 'number'",
        "19:9 'description' is a required property",
        "47:39 'nope' is not of type 'array'",
    ]


def test_validation_places_faults_that_only_the_schema_walk_sees() -> None:
    assert faults(INVALID, "wrongDefault") == ["26:76 5 is not of type 'string'"]


def test_validation_compares_the_path_with_its_parameters() -> None:
    assert faults(INVALID, "missingParameter") == [
        (
            "29:5 Path parameter 'id' for 'get' operation in '/b/{id}' was not resolved;"
            " the path and the parameters must name the same path parameters"
        )
    ]


def test_validation_places_unknown_keys_at_the_key() -> None:
    assert faults(INVALID, "unknownKey") == [
        "35:7 'respones' is not allowed here; did you mean 'responses'?"
    ]


def test_validation_looks_at_nothing_but_the_operations_in_use() -> None:
    assert faults(INVALID, "fine") == []


def test_validation_of_3_1_checks_schemas_of_requests_too() -> None:
    text = INVALID.replace("3.0.3", "3.1.0").replace("default: 5", "type: [strin]")
    text = text.replace("type: string, type: [strin]", "type: [strin]")

    (fault,) = faults(text, "wrongDefault")

    assert fault.startswith("26:60 'strin' is not one of ")


def test_validation_follows_faults_through_references_of_any_kind() -> None:
    text = """\
openapi: 3.1.0
paths:
  /a:
    get:
      operationId: a
      responses: {200: {$ref: '#/components/responses/R'}}
components:
  responses:
    R:
      description: r
      content:
        application/json:
          schema: {$ref: '#/x-shared/Deep'}
x-shared:
  Deep:
    properties:
      a: {minLength: many}
"""

    (fault,) = faults(text, "a")

    assert fault.startswith("17:22 'many'")


def test_validation_survives_schemas_that_contain_each_other() -> None:
    text = """\
openapi: 3.0.3
paths:
  /a:
    get:
      operationId: a
      responses:
        200:
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
components:
  schemas:
    Pet:
      oneOf: [{$ref: '#/components/schemas/Cat'}]
    Cat:
      allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, required: [name]}]
      required: [undeclared]
"""

    assert faults(text, "a") == []


def test_validation_survives_what_the_validator_cannot_take() -> None:
    """Crashes of openapi-spec-validator 0.8.5 that a random search found."""
    text = """\
openapi: 3.1.0
paths:
  /a:
    get:
      operationId: a
      responses:
        200:
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Early'}}}
components:
  schemas:
    Early:
      properties: {$ref: {type: string}, late: {$ref: '#/components/schemas/Late'}}
      default: {late: {}}
    Late: {allOf: many}
"""

    assert faults(text, "a") == ["15:19 'many' is not of type 'array'"]


def test_validation_leaves_patterns_to_an_engine_that_knows_ecmascript() -> None:
    text = """\
openapi: 3.1.0
paths:
  /a:
    get:
      operationId: a
      parameters: [{name: q, in: query, schema: {type: string, pattern: '^\\p{L}+$', default: ab}}]
      responses: {200: {description: ok}}
"""

    assert faults(text, "a") == []


def test_validation_of_twenty_operations_is_fast_enough_to_run_in_every_build() -> None:
    operations = "\n".join(
        f"  /p{n}/{{id}}:\n"
        "    get:\n"
        f"      operationId: op{n}\n"
        "      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n"
        "      responses: {200: {description: ok, content: {application/json:"
        f" {{schema: {{$ref: '#/components/schemas/S{n}'}}}}}}}}}}\n"
        for n in range(20)
    )
    schemas = "\n".join(
        f"    S{n}: {{type: object, properties: {{a: {{type: string}}, b: {{$ref: '#/components/schemas/S{(n * 7) % 40}'}}}}}}"
        for n in range(40)
    )
    document = read(f"paths:\n{operations}\ncomponents:\n  schemas:\n{schemas}\n")
    validate_operations(document, document.operations[:1])
    started = time.perf_counter()

    found = validate_operations(document, document.operations)

    assert found == ()
    assert time.perf_counter() - started < 1
