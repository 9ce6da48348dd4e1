"""Reading OpenAPI documents: what operations become, and where they stand."""

from textwrap import dedent

import pytest

from treenail_generator.diagnostics import Location
from treenail_generator.document import (
    JSON,
    Document,
    Encoding,
    Operation,
    Parameter,
    read_document,
    validate_operations,
)

JSON_CONTENT = "application/json"


def read(text: str, version: str = "3.1.0") -> Document:
    head = "" if "openapi:" in text else f"openapi: {version}\n"
    return read_document(head + dedent(text), "api.yaml")


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


def parameter(document: Document, name: str) -> Parameter:
    found = [p for o in document.operations for p in o.parameters if p.name == name]
    assert len(found) == 1
    return found[0]


PETS = """\
openapi: 3.1.0
info: {title: Pets, version: 1.10}
servers:
  - url: https://{region}.pets.test
    description: All regions
    variables:
      region: {default: eu, enum: [eu, us], description: Where}
    x-internal: true
security:
  - key: []
paths:
  /pets/{id}:
    parameters:
      - {name: id, in: path, schema: {type: string}}
      - {name: page, in: query, description: from the path, schema: {type: integer}}
    get:
      operationId: getPet
      summary: One pet
      description: Says all.
      tags: [pets]
      deprecated: true
      parameters:
        - name: page
          in: query
          description: from the operation
          schema: {type: integer}
        - {name: Accept, in: header, schema: {type: string}}
        - {name: authorization, in: header, schema: {type: string}}
        - $ref: '#/components/parameters/Trace'
      responses:
        200:
          description: Found
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pet'}
              example: {name: Rex}
        4XX: {$ref: '#/components/responses/Gone'}
        default: {description: Odd}
    post:
      security: []
      servers: [{url: https://write.pets.test}]
      requestBody:
        required: true
        description: The pet
        content:
          application/json: {schema: {$ref: '#/components/schemas/Pet'}}
          multipart/form-data:
            schema: {type: object, properties: {tags: {type: array}}}
            encoding: {tags: {style: spaceDelimited, explode: false, contentType: text/plain}}
components:
  parameters:
    Trace: {name: X-Trace, in: header, required: true, schema: {type: string}}
  responses:
    Gone: {description: Gone}
  schemas:
    Pet: {type: object, properties: {name: {type: string}, parent: {$ref: '#/components/schemas/Pet'}}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    basic: {type: http, scheme: Basic}
"""


def test_the_head_of_a_document_is_read_as_written() -> None:
    document = read(PETS)

    assert document.file == "api.yaml"
    assert document.version == "3.1"
    assert document.title == "Pets"
    assert document.api_version == "1.10"
    assert document.raw["openapi"] == "3.1.0"
    assert document.warnings == ()


def test_servers_keep_their_variables_and_extensions() -> None:
    (server,) = read(PETS).servers

    assert server.url == "https://{region}.pets.test"
    assert server.description == "All regions"
    assert server.variables["region"].default == "eu"
    assert server.variables["region"].enum == ("eu", "us")
    assert server.variables["region"].description == "Where"
    assert server.extensions == {"x-internal": True}
    assert server.location == Location("api.yaml", 4, 5)


def test_security_schemes_are_known_by_name() -> None:
    schemes = read(PETS).security_schemes

    assert list(schemes) == ["key", "basic"]
    assert (schemes["key"].kind, schemes["key"].place) == ("apiKey", "header")
    assert schemes["key"].parameter_name == "X-Key"
    assert (schemes["basic"].kind, schemes["basic"].scheme) == ("http", "basic")
    assert schemes["basic"].location == Location("api.yaml", 59, 5)


def test_operations_stand_in_file_order_and_are_found_by_id_or_endpoint() -> None:
    document = read(PETS)

    assert [found.key for found in document.operations] == ["getPet", "POST /pets/{id}"]
    assert document.keys() == ("getPet", "POST /pets/{id}")
    assert document.operation("GET /pets/{id}") is document.operation("getPet")
    assert document.operation("nope") is None


def test_an_operation_says_what_the_document_says() -> None:
    get = operation(read(PETS), "getPet")

    assert (get.id, get.method, get.path) == ("getPet", "GET", "/pets/{id}")
    assert (get.summary, get.description) == ("One pet", "Says all.")
    assert (get.deprecated, get.tags) == (True, ("pets",))
    assert get.pointer == ("paths", "/pets/{id}", "get")
    assert get.location == Location("api.yaml", 16, 5)
    assert get.security == ({"key": ()},)
    assert get.servers == ()
    assert get.body is None


def test_what_an_operation_says_about_servers_and_security_wins() -> None:
    post = operation(read(PETS), "POST /pets/{id}")

    assert post.id is None
    assert [server.url for server in post.servers] == ["https://write.pets.test"]
    assert post.security == ()


def test_parameters_of_the_path_are_overridden_by_name_and_place() -> None:
    get = operation(read(PETS), "getPet")

    assert [(p.name, p.place) for p in get.parameters] == [
        ("id", "path"),
        ("page", "query"),
        ("X-Trace", "header"),
    ]
    assert get.parameters[1].description == "from the operation"


def test_path_parameters_are_required_even_when_the_document_forgets() -> None:
    assert operation(read(PETS), "getPet").parameters[0].required


def test_parameters_know_where_they_and_their_schemas_stand() -> None:
    page, trace = operation(read(PETS), "getPet").parameters[1:]

    assert page.location == Location("api.yaml", 23, 11)
    assert page.pointer == ("paths", "/pets/{id}", "get", "parameters", 0)
    assert page.schema_pointer == (*page.pointer, "schema")
    assert trace.location == Location("api.yaml", 52, 5)
    assert trace.pointer == ("components", "parameters", "Trace")


def test_headers_that_openapi_reserves_are_dropped_whatever_their_case() -> None:
    names = {p.name for p in operation(read(PETS), "getPet").parameters}

    assert names.isdisjoint({"Accept", "authorization"})


def test_responses_keep_their_status_order_and_examples() -> None:
    found, gone, odd = operation(read(PETS), "getPet").responses

    assert [r.status for r in (found, gone, odd)] == ["200", "4XX", "default"]
    assert [r.description for r in (found, gone, odd)] == ["Found", "Gone", "Odd"]
    assert found.media[0].content_type == JSON_CONTENT
    assert found.media[0].schema == {"$ref": "#/components/schemas/Pet"}
    assert found.media[0].examples == ({"name": "Rex"},)
    assert found.media[0].location == Location("api.yaml", 34, 13)
    assert found.location == Location("api.yaml", 31, 9)
    assert gone.location == Location("api.yaml", 54, 5)


def test_bodies_keep_every_media_type_and_its_encoding() -> None:
    body = operation(read(PETS), "POST /pets/{id}").body

    assert body is not None
    assert (body.required, body.description) == (True, "The pet")
    assert body.location == Location("api.yaml", 42, 7)
    assert [media.content_type for media in body.media] == [JSON_CONTENT, "multipart/form-data"]
    assert body.media[1].encoding == {
        "tags": Encoding(
            content_type="text/plain",
            style="spaceDelimited",
            explode=False,
            allow_reserved=None,
            location=Location("api.yaml", 49, 24),
        )
    }
    assert body.media[0].schema_pointer == (
        *("paths", "/pets/{id}", "post", "requestBody", "content"),
        *(JSON_CONTENT, "schema"),
    )


@pytest.mark.parametrize(
    ("place", "style", "explode"),
    [
        ("path", "simple", False),
        ("query", "form", True),
        ("header", "simple", False),
        ("cookie", "form", True),
    ],
)
def test_style_and_explode_default_as_the_place_demands(
    place: str,
    style: str,
    explode: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    found = parameter(
        read(f"paths: {{/a: {{get: {{parameters: [{{name: q, in: {place}}}]}}}}}}"), "q"
    )

    assert (found.style, found.explode) == (style, explode)
    assert found.schema == {}


def test_explode_defaults_by_the_style_that_is_declared() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              parameters:
                - {name: deep, in: query, style: deepObject}
                - {name: pipes, in: query, style: pipeDelimited, explode: true}
                - {name: reserved, in: query, allowReserved: true, allowEmptyValue: true}
        """
    )

    assert not parameter(document, "deep").explode
    assert parameter(document, "pipes").explode
    assert parameter(document, "reserved").allow_reserved
    assert parameter(document, "reserved").allow_empty


def test_a_parameter_with_content_takes_its_schema_and_examples_from_there() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              parameters:
                - name: filter
                  in: query
                  content:
                    application/json:
                      schema: {type: object}
                      examples: {one: {value: {a: 1}}, far: {externalValue: 'http://x'}}
        """
    )
    found = parameter(document, "filter")

    assert found.content_type == JSON_CONTENT
    assert found.schema == {"type": "object"}
    assert found.examples == ({"a": 1},)
    assert found.schema_pointer == (*found.pointer, "content", JSON_CONTENT, "schema")


def test_names_and_server_values_are_taken_as_written() -> None:
    """YAML reads `1.10` as a number; on the wire it is the text that somebody wrote."""
    document = read(
        """
        servers: [{url: '/{v}', variables: {v: {default: 1.10, enum: [1.10, 2]}}}]
        paths: {/a: {get: {parameters: [{name: 1.10, in: query}, {name: true, in: query}]}}}
        """
    )

    assert [p.name for p in document.operations[0].parameters] == ["1.10", "true"]
    assert document.servers[0].variables["v"].default == "1.10"
    assert document.servers[0].variables["v"].enum == ("1.10", "2")


def test_examples_may_be_references() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              parameters:
                - {name: q, in: query, examples: {one: {$ref: '#/components/examples/E'}}}
        components: {examples: {E: {value: 5}}}
        """
    )

    assert parameter(document, "q").examples == (5,)


def test_a_description_beside_a_reference_counts_in_3_1_only() -> None:
    text = """
        paths:
          /a:
            get:
              parameters: [{$ref: '#/components/parameters/Q', description: near}]
        components: {parameters: {Q: {name: q, in: query, description: far}}}
        """

    assert parameter(read(text, "3.1.0"), "q").description == "near"
    assert parameter(read(text, "3.0.3"), "q").description == "far"


def test_path_items_bodies_and_responses_may_be_references() -> None:
    document = read(
        """
        paths:
          /a: {$ref: '#/components/pathItems/A', summary: mine}
        components:
          pathItems:
            A:
              parameters: [{name: q, in: query}]
              post:
                operationId: postA
                requestBody: {$ref: '#/components/requestBodies/B'}
                responses: {200: {$ref: '#/components/responses/R'}}
          requestBodies:
            B: {content: {application/json: {}}}
          responses:
            R: {$ref: '#/components/responses/Real'}
            Real: {description: real}
        """
    )
    found = operation(document, "postA")

    assert found.path == "/a"
    assert found.pointer == ("components", "pathItems", "A", "post")
    assert found.location == Location("api.yaml", 9, 7)
    assert [p.name for p in found.parameters] == ["q"]
    assert found.body is not None
    assert found.body.location == Location("api.yaml", 14, 5)
    assert found.body.media[0].schema == {}
    assert found.responses[0].description == "real"


def test_servers_of_a_path_hold_for_its_operations() -> None:
    document = read("paths: {/a: {servers: [{url: /v2}], get: {operationId: a}}}")

    assert [server.url for server in operation(document, "a").servers] == ["/v2"]


def test_odd_but_legal_documents_are_read() -> None:
    """Shapes that `facts/corpus.md` counts in hundreds of public documents."""
    document = read(
        """
        info: {title: Odd, version: 2}
        x-thing: text
        paths:
          x-internal: true
          /a#one: {get: {responses: {200: {description: ok}, x-extra: 1}}}
          /a?b=1: {get: {x-odd: 'text', callbacks: {'{$request.body}': {$ref: 'http://x'}}}}
          /c: {get: null, description: text, post: {operationId: 404}}
        """
    )

    assert [o.key for o in document.operations] == ["GET /a#one", "GET /a?b=1", "404"]
    assert document.api_version == "2"
    assert [r.status for r in operation(document, "GET /a#one").responses] == ["200"]
    assert [str(fault) for fault in document.broken["GET /c"]] == [
        "api.yaml:9:13: invalid-openapi: GET /c is not a mapping"
    ]


def test_json_documents_are_documents() -> None:
    document = read_document(
        '{"openapi": "3.0.3",\n "paths": {"/a": {"get": {"operationId": "a"}}}}', "api.json"
    )

    assert operation(document, "a").location == Location("api.json", 2, 19)


def test_a_pointer_into_the_document_gives_the_place_of_a_nested_keyword() -> None:
    document = read(PETS)
    pointer = document.pointer_of_ref("#/components/schemas/Pet")

    assert pointer == ("components", "schemas", "Pet")
    assert document.locate((*pointer, "properties", "name", "type")) == Location("api.yaml", 56, 51)
    assert document.locate_key((*pointer, "properties", "name")) == Location("api.yaml", 56, 38)


def test_documents_are_plain_data_that_stays_as_it_was() -> None:
    document = read(PETS)
    before: JSON = document.raw["components"]
    copy = read(PETS).raw["components"]

    for found in document.operations:
        document.closure_sha256(found)
    document.bundle({"$ref": "#/components/schemas/Pet"})
    validate_operations(document, document.operations)

    assert before == copy


@pytest.mark.requirement("DOC-TWICE")
def test_a_reference_that_stands_twice_is_told_and_counts_once() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              operationId: a
              parameters: [{$ref: '#/components/parameters/P'}, {$ref: '#/components/parameters/P'}]
        components:
          parameters:
            P: {name: p, in: query, schema: {type: string}}
        """
    )

    assert [each.name for each in operation(document, "a").parameters] == ["p"]
    (told,) = document.warnings
    assert told.message == "GET /a: query parameter 'p' stands twice, in the same words"
