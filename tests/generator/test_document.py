"""Reading OpenAPI documents: what operations become, where they stand, what breaks which."""

import hashlib
import time
from textwrap import dedent

import pytest

from treenail_generator.diagnostics import BuildError, Location
from treenail_generator.document import (
    JSON,
    Document,
    Encoding,
    Operation,
    Parameter,
    Schema,
    read_document,
    validate_operations,
)

JSON_CONTENT = "application/json"


def read(text: str, version: str = "3.1.0") -> Document:
    head = "" if "openapi:" in text else f"openapi: {version}\n"
    return read_document(head + dedent(text), "api.yaml")


def refusal(text: str) -> str:
    with pytest.raises(BuildError) as raised:
        read_document(dedent(text), "api.yaml")
    return str(raised.value)


def refusal_of(document: Document, key: str) -> str:
    with pytest.raises(BuildError) as raised:
        document.operation(key)
    return str(raised.value)


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


def parameter(document: Document, name: str) -> Parameter:
    found = [p for o in document.operations for p in o.parameters if p.name == name]
    assert len(found) == 1
    return found[0]


def schema(text: str, version: str = "3.1.0") -> Schema:
    """The schema of one query parameter, after normalisation."""
    document = read(
        f"paths: {{/a: {{get: {{parameters: [{{name: q, in: query, schema: {text}}}]}}}}}}\n"
        "components: {schemas: {X: {type: object}}}",
        version,
    )
    return parameter(document, "q").schema


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
    assert refusal_of(document, "GET /c") == (
        "api.yaml:9:13: invalid-openapi: GET /c is not a mapping"
    )


def test_json_documents_are_documents() -> None:
    document = read_document(
        '{"openapi": "3.0.3",\n "paths": {"/a": {"get": {"operationId": "a"}}}}', "api.json"
    )

    assert operation(document, "a").location == Location("api.json", 2, 19)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "swagger: '2.0'\npaths: {}\n",
            (
                "api.yaml:1:10: openapi-version: Swagger 2.0 is not supported\n"
                "  hint: OpenAPI 3.0 and 3.1 are; convert the document"
            ),
        ),
        (
            "info: {}\nopenapi: 3.2.0\n",
            (
                "api.yaml:2:10: openapi-version: OpenAPI 3.2.0 is not supported\n"
                "  hint: OpenAPI 3.0 and 3.1 are; convert the document"
            ),
        ),
        (
            "openapi:\n",
            (
                "api.yaml:1:9: openapi-version: OpenAPI ? is not supported\n"
                "  hint: OpenAPI 3.0 and 3.1 are; convert the document"
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
def test_what_is_no_openapi_3_document_is_refused(text: str, message: str) -> None:
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
    get:
      operationId: remote
      responses:
        200:
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
        - {name: c, in: query}
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
        "  hint: bundle the document into one file; nothing is fetched at build time"
    )

    assert refusal_of(document, "remote") == remote
    assert refusal_of(document, "GET /remote") == remote
    assert refusal_of(document, "POST /elsewhere").startswith(
        "api.yaml:12:22: remote-ref: './other.yaml' leads out of this file"
    )


def test_all_faults_of_an_operation_are_reported_together() -> None:
    assert refusal_of(read(BROKEN), "unnamed") == (
        "api.yaml:17:11: invalid-openapi: a parameter without a name\n"
        "api.yaml:18:25: invalid-openapi: a parameter stands in path, query, header, cookie;"
        " not in 'body'\n"
        "  hint: that is Swagger 2.0; in OpenAPI 3 it is the requestBody\n"
        "api.yaml:20:11: invalid-openapi: query parameter 'c' stands twice"
    )


def test_faults_are_warnings_as_long_as_nobody_asks() -> None:
    warnings = read(BROKEN).warnings

    assert {warning.severity for warning in warnings} == {"warning"}
    assert [(warning.location.line, warning.code) for warning in warnings] == [
        (12, "remote-ref"),
        (17, "invalid-openapi"),
        (18, "invalid-openapi"),
        (20, "invalid-openapi"),
        (28, "remote-ref"),
    ]


def test_broken_operations_are_still_known_by_name() -> None:
    assert {"remote", "GET /remote", "unnamed"} <= set(read(BROKEN).keys())


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
          /a: {{get: {{operationId: a, parameters: [{{name: q, in: query, schema: {{$ref: '{ref}'}}}}]}}}}
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


def test_references_in_data_are_data() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              operationId: a
              x-note: {$ref: nowhere}
              responses:
                200:
                  description: ok
                  links: {next: {$ref: nowhere}}
                  content:
                    application/json:
                      example: {$ref: nowhere}
                      examples: {one: {value: {$ref: nowhere}}}
                      schema:
                        default: {$ref: nowhere}
                        enum: [{$ref: nowhere}]
                        examples: [{$ref: nowhere}]
                        properties: {$ref: {type: string}, default: {type: string}}
        """
    )

    assert operation(document, "a").responses[0].media[0].examples == (
        {"$ref": "nowhere"},
        {"$ref": "nowhere"},
    )


def test_properties_named_like_keywords_are_still_followed() -> None:
    document = read(
        """
        paths:
          /a:
            get:
              operationId: a
              parameters:
                - name: q
                  in: query
                  schema: {properties: {default: {$ref: '#/nowhere'}}}
        """
    )

    assert "unknown-ref: nothing stands at '#/nowhere'" in refusal_of(document, "a")


def test_references_follow_escapes_indexes_and_references_on_the_way() -> None:
    document = read(
        """
        paths:
          /a/{id}~x:
            get:
              operationId: a
              parameters:
                - {$ref: '#/components/parameters/P'}
                - {name: r, in: query, schema: {$ref: '#/paths/~1a~1%7Bid%7D~0x/get/parameters/0/schema'}}
        components:
          parameters: {P: {name: q, in: query, schema: {$ref: '#/components/schemas/A'}}}
          schemas: {A: {type: string}}
        """
    )
    ref = "#/paths/~1a~1%7Bid%7D~0x/get/parameters/0/schema"

    assert document.resolve(parameter(document, "r").schema) == {"type": "string"}
    assert document.pointer_of_ref(ref) == ("components", "parameters", "P", "schema")
    assert document.ref_name({"$ref": "#/components/schemas/A~1B"}) == "A/B"
    assert document.ref_name({"type": "string"}) is None


def test_a_pointer_into_the_document_gives_the_place_of_a_nested_keyword() -> None:
    document = read(PETS)
    pointer = document.pointer_of_ref("#/components/schemas/Pet")

    assert pointer == ("components", "schemas", "Pet")
    assert document.locate((*pointer, "properties", "name", "type")) == Location("api.yaml", 56, 51)
    assert document.locate_key((*pointer, "properties", "name")) == Location("api.yaml", 56, 38)


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("{type: string, nullable: true}", {"type": ["string", "null"]}),
        (
            "{type: string, enum: [a], nullable: true}",
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ("{enum: [a, null], nullable: true}", {"enum": ["a", None]}),
        ("{type: string, nullable: false}", {"type": "string"}),
        (
            "{allOf: [{$ref: '#/components/schemas/X'}], nullable: true, description: d}",
            {
                "description": "d",
                "anyOf": [{"allOf": [{"$ref": "#/components/schemas/X"}]}, {"type": "null"}],
            },
        ),
        (
            "{$ref: '#/components/schemas/X', nullable: true, description: ignored}",
            {"anyOf": [{"$ref": "#/components/schemas/X"}, {"type": "null"}]},
        ),
        (
            "{$ref: '#/components/schemas/X', description: ignored, minLength: 1}",
            {"$ref": "#/components/schemas/X"},
        ),
        ("{minimum: 1, exclusiveMinimum: true}", {"exclusiveMinimum": 1}),
        ("{maximum: 9, exclusiveMaximum: false}", {"maximum": 9}),
        ("{exclusiveMaximum: true}", {}),
        (
            "{type: string, format: binary, example: a}",
            {"type": "string", "format": "binary", "examples": ["a"]},
        ),
        ("{type: string, example: null}", {"type": "string", "examples": [None]}),
        (
            "{items: {type: string, nullable: true}, additionalProperties: false}",
            {"items": {"type": ["string", "null"]}, "additionalProperties": False},
        ),
        (
            "{properties: {nullable: {nullable: true, type: string}, example: {type: string}}}",
            {
                "properties": {
                    "nullable": {"type": ["string", "null"]},
                    "example": {"type": "string"},
                }
            },
        ),
        (
            "{x-a: 1, xml: {}, externalDocs: {}, discriminator: {propertyName: a}, title: t}",
            {"title": "t"},
        ),
        ("{default: {nullable: true, x-a: 1}}", {"default": {"nullable": True, "x-a": 1}}),
    ],
)
def test_schemas_of_3_0_become_json_schema_2020_12(raw: str, normal: Schema) -> None:
    assert schema(raw, "3.0.3") == normal


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("true", {}),
        ("false", {"not": {}}),
        ("text", {}),
        ("{example: a}", {"examples": ["a"]}),
        ("{example: a, examples: [b]}", {"examples": ["b"]}),
        ("{examples: {a: {value: 1}}}", {}),
        ("{type: [string, 'null']}", {"type": ["string", "null"]}),
        ("{exclusiveMinimum: 3}", {"exclusiveMinimum": 3}),
        (
            "{prefixItems: [{example: a}], items: false}",
            {"prefixItems": [{"examples": ["a"]}], "items": False},
        ),
        (
            "{$ref: '#/components/schemas/X', description: d}",
            {"$ref": "#/components/schemas/X", "description": "d"},
        ),
        ("{$dynamicRef: '#/components/schemas/X'}", {"$ref": "#/components/schemas/X"}),
        ("{$id: 'http://x', $schema: 'http://y', $comment: c, $defs: {}, const: 1}", {"const": 1}),
    ],
)
def test_schemas_of_3_1_keep_what_2020_12_knows(raw: str, normal: Schema) -> None:
    assert schema(raw, "3.1.0") == normal


REFERRING = """
paths: {}
components:
  schemas:
    Name: {type: string, description: far, minLength: 1}
    Alias: {$ref: '#/components/schemas/Name'}
    Near: {$ref: '#/components/schemas/Alias', description: near}
    Tight: {$ref: '#/components/schemas/Near', maxLength: 9}
    Tighter: {$ref: '#/components/schemas/Tight', maxLength: 8}
    Open: {type: object, properties: {a: {$ref: '#/components/schemas/Name'}}}
    Closed: {$ref: '#/components/schemas/Open', title: t, properties: {b: true}, unevaluatedProperties: false}
    LoopA: {$ref: '#/components/schemas/LoopB'}
    LoopB: {$ref: '#/components/schemas/LoopA', description: round}
    Never: false
    Nullable: {type: string, nullable: true}
"""


def resolved(name: str, version: str = "3.1.0") -> Schema:
    return read(REFERRING, version).resolve({"$ref": f"#/components/schemas/{name}"})


def test_resolving_follows_references_to_the_schema_itself() -> None:
    assert resolved("Alias") == {"type": "string", "description": "far", "minLength": 1}
    assert resolved("Never") == {"not": {}}
    assert read(REFERRING).resolve(True) == {}
    assert read(REFERRING).resolve({"type": "string"}) == {"type": "string"}


def test_annotations_beside_a_reference_win_and_constraints_add_up() -> None:
    assert resolved("Near") == {"type": "string", "description": "near", "minLength": 1}
    assert resolved("Tight") == {
        "type": "string",
        "description": "near",
        "minLength": 1,
        "allOf": [{"maxLength": 9}],
    }
    assert resolved("Tighter")["allOf"] == [{"maxLength": 9}, {"maxLength": 8}]


def test_unevaluated_properties_beside_a_reference_still_see_its_target() -> None:
    assert resolved("Closed") == {
        "title": "t",
        "allOf": [
            {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Name"}}},
            {"properties": {"b": True}},
        ],
        "unevaluatedProperties": False,
    }


def test_in_3_0_what_stands_beside_a_reference_does_not_count() -> None:
    assert resolved("Tight", "3.0.3") == resolved("Name", "3.0.3")


def test_resolving_uses_the_dialect_of_the_document() -> None:
    assert resolved("Nullable", "3.0.3") == {"type": ["string", "null"]}


def test_references_that_only_lead_to_each_other_are_refused() -> None:
    with pytest.raises(BuildError, match="ref-loop"):
        resolved("LoopA")


BUNDLED = """
paths:
  /a:
    get:
      parameters:
        - {name: n, in: query, schema: {type: integer, nullable: true}}
components:
  schemas:
    Tree: {type: object, properties: {up: {$ref: '#/components/schemas/Tree'}, n: {$ref: '#/components/schemas/a~1Tree'}}}
    a/Tree: {$ref: '#/paths/~1a/get/parameters/0/schema'}
    Unused: {type: string}
"""


def test_a_bundle_holds_what_the_schema_reaches_and_nothing_else() -> None:
    document = read(BUNDLED, "3.0.3")

    assert document.bundle({"items": {"$ref": "#/components/schemas/Tree"}}) == {
        "items": {"$ref": "#/$defs/Tree"},
        "$defs": {
            "Tree": {
                "type": "object",
                "properties": {"up": {"$ref": "#/$defs/Tree"}, "n": {"$ref": "#/$defs/a_Tree"}},
            },
            "a_Tree": {"$ref": "#/$defs/schema"},
            "schema": {"type": ["integer", "null"]},
        },
    }


def test_a_bundle_of_a_reference_stays_one() -> None:
    bundle = read(REFERRING).bundle({"$ref": "#/components/schemas/Alias"})

    assert bundle["$ref"] == "#/$defs/Alias"


def test_a_bundle_without_references_has_no_definitions() -> None:
    document = read(REFERRING)

    assert document.bundle({"type": "string"}) == {"type": "string"}
    assert document.bundle(False) == {"not": {}}


def test_bundled_names_stay_apart_when_components_share_one() -> None:
    document = read(
        """
        paths: {}
        components: {schemas: {A: {type: string}}, parameters: {A: {type: integer}}}
        """
    )

    bundle = document.bundle(
        {
            "prefixItems": [
                {"$ref": "#/components/schemas/A"},
                {"$ref": "#/components/parameters/A"},
                {"$ref": "#/components/schemas/%41"},
            ]
        }
    )

    assert bundle == {
        "prefixItems": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A_2"}, {"$ref": "#/$defs/A"}],
        "$defs": {"A": {"type": "string"}, "A_2": {"type": "integer"}},
    }


def test_long_chains_of_schemas_do_not_exhaust_the_stack() -> None:
    schemas = "\n".join(
        f"    S{n}: {{properties: {{a: {{$ref: '#/components/schemas/S{n + 1}'}}}}}}"
        for n in range(1100)
    )
    document = read(
        "paths: {/a: {get: {operationId: a, responses: {200: {description: ok, content:"
        " {application/json: {schema: {$ref: '#/components/schemas/S0'}}}}}}}}\n"
        f"components:\n  schemas:\n{schemas}\n    S1100: {{type: string}}\n"
    )
    found = operation(document, "a")
    definitions = document.bundle(found.responses[0].media[0].schema)["$defs"]

    assert isinstance(definitions, dict)
    assert len(definitions) == 1101
    assert validate_operations(document, [found]) == ()


HASHED = """
info: {title: t, version: '1'}
servers: [{url: 'https://a.test'}]
security: [{key: []}]
paths:
  /a:
    description: path text
    parameters: [{$ref: '#/components/parameters/P'}]
    get:
      operationId: a
      responses: {200: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
      callbacks: {later: {x: {description: callback text}}}
    put: {operationId: b, description: other text}
components:
  parameters: {P: {name: p, in: query, description: parameter text}}
  schemas:
    A: {properties: {b: {$ref: '#/components/schemas/B'}, a: {$ref: '#/components/schemas/A'}}}
    B: {type: string, description: deep text}
    C: {type: string, description: unused text}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    other: {type: apiKey, in: header, name: X-Other}
"""


def closure_hash(text: str) -> str:
    document = read(text)
    return document.closure_sha256(operation(document, "a"))


def test_the_closure_hash_is_a_sha256() -> None:
    assert len(closure_hash(HASHED)) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("other text", "changed"),
        ("unused text", "changed"),
        ("path text", "changed"),
        ("callback text", "changed"),
        ("X-Other", "X-Changed"),
        ("{title: t, version: '1'}", "{title: u, version: '2'}"),
        ("type: string, description: deep text", "description: deep text, type: string"),
    ],
)
def test_unrelated_changes_leave_the_closure_hash_alone(before: str, after: str) -> None:
    assert HASHED.count(before) == 1
    assert closure_hash(HASHED.replace(before, after)) == closure_hash(HASHED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("deep text", "changed"),
        ("parameter text", "changed"),
        ("description: ok", "description: changed"),
        ("https://a.test", "https://b.test"),
        ("security: [{key: []}]", "security: [{key: []}, {}]"),
        ("X-Key", "X-Changed"),
        ("name: p,", "name: q,"),
    ],
)
def test_related_changes_change_the_closure_hash(before: str, after: str) -> None:
    assert HASHED.count(before) == 1
    assert closure_hash(HASHED.replace(before, after)) != closure_hash(HASHED)


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
        "29:5 Path parameter 'id' for 'get' operation in '/b/{id}' was not resolved;"
        " the path and the parameters must name the same path parameters"
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


def test_documents_are_plain_data_that_stays_as_it_was() -> None:
    document = read(PETS)
    before: JSON = document.raw["components"]
    copy = read(PETS).raw["components"]

    for found in document.operations:
        document.closure_sha256(found)
    document.bundle({"$ref": "#/components/schemas/Pet"})
    validate_operations(document, document.operations)

    assert before == copy
