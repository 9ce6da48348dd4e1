"""Swagger 2.0 documents, read as if they had been written in OpenAPI 3.0."""

from textwrap import dedent

import pytest

from treenail_generator.diagnostics import BuildError, Location
from treenail_generator.document import (
    Document,
    Media,
    Operation,
    Parameter,
    read_document,
    validate_operations,
)


def read(text: str) -> Document:
    return read_document('swagger: "2.0"\n' + dedent(text), "api.yaml")


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


def parameter(document: Document, name: str) -> Parameter:
    found = [p for o in document.operations for p in o.parameters if p.name == name]
    assert len(found) == 1
    return found[0]


def media(found: Operation, content_type: str) -> Media:
    assert found.body is not None
    return next(each for each in found.body.media if each.content_type == content_type)


def texts_of(document: Document) -> list[str]:
    return [f"{note.location.line}: {note.message}" for note in document.notes]


def find(schema: str, place: str = "query") -> Document:
    return read(f"""\
        info: {{title: Finder, version: "1"}}
        paths:
          /find/{{ids}}:
            parameters:
              - {{name: ids, in: path, required: true, type: string}}
            get:
              parameters: [{{name: wanted, in: {place}, {schema}}}]
              responses: {{200: {{description: Fine}}}}
        """)


@pytest.mark.requirement("DOC-SWAGGER-FORMATS")
@pytest.mark.parametrize(
    ("declared", "place", "style", "explode"),
    [
        ("", "query", "form", False),
        ("csv", "query", "form", False),
        ("multi", "query", "form", True),
        ("ssv", "query", "spaceDelimited", False),
        ("tsv", "query", "tabDelimited", False),
        ("pipes", "query", "pipeDelimited", False),
        ("", "header", "simple", False),
        ("csv", "header", "simple", False),
        ("ssv", "header", "spaceDelimited", False),
        ("tsv", "header", "tabDelimited", False),
        ("pipes", "header", "pipeDelimited", False),
        ("multi", "header", "simple", False),
        ("odd", "query", "form", False),
    ],
)
def test_collection_format_becomes_style_and_explode(
    *, declared: str, place: str, style: str, explode: bool
) -> None:
    collection = f"collectionFormat: {declared}, " if declared else ""
    document = find(f"{collection}type: array, items: {{type: integer}}", place)

    wanted = parameter(document, "wanted")

    assert (wanted.style, wanted.explode, wanted.of_2) == (
        style,
        explode,
        (place == "header" and "Delimited" in style) or style == "tabDelimited",
    )
    assert wanted.schema == {"type": "array", "items": {"type": "integer"}}
    assert validate_operations(document, document.operations) == ()


@pytest.mark.requirement("DOC-SWAGGER-FORMATS")
def test_arrays_inside_arrays_keep_no_collection_format_in_the_schema() -> None:
    document = find(
        "type: array, collectionFormat: multi, items: {type: array, collectionFormat: pipes,"
        " items: {type: array, items: {type: integer}}}"
    )

    wanted = parameter(document, "wanted")

    assert (wanted.style, wanted.explode) == ("form", True)
    inner = {"type": "array", "items": {"type": "integer"}}
    assert wanted.schema == {"type": "array", "items": {"type": "array", "items": inner}}
    assert validate_operations(document, document.operations) == ()


@pytest.mark.requirement("DOC-SWAGGER")
def test_keywords_beside_in_become_the_schema() -> None:
    document = find(
        "type: integer, format: int32, minimum: 1, exclusiveMinimum: true, maximum: 9, default: 2,"
        " enum: [2, 4], multipleOf: 2, description: How many, allowEmptyValue: true,"
        " x-nullable: true, x-internal: 1"
    )

    wanted = parameter(document, "wanted")

    assert wanted.schema == {
        "type": "integer",
        "format": "int32",
        "exclusiveMinimum": 1,
        "maximum": 9,
        "default": 2,
        "enum": [2, 4],
        "multipleOf": 2,
    }
    assert (wanted.description, wanted.allow_empty) == ("How many", True)


PETS = """\
info: {title: Pets, version: 1.10}
host: pets.test
basePath: /v1/
schemes: [https, http, wss]
consumes: [application/json, application/xml]
produces: [application/json]
security: [{basic: []}]
securityDefinitions:
  basic: {type: basic}
  key: {type: apiKey, in: header, name: X-Key}
  login: {type: oauth2, flow: accessCode, authorizationUrl: 'https://a.test', tokenUrl: 'https://t.test', scopes: {read: Reads}}
parameters:
  Trace: {name: X-Trace, in: header, type: string}
  Pet: {name: pet, in: body, required: true, description: The pet, schema: {$ref: '#/definitions/Pet'}}
  Photo: {name: photo, in: formData, type: file, required: true, description: A picture}
responses:
  Gone: {description: Gone, schema: {$ref: '#/definitions/Fault'}}
paths:
  /pets:
    parameters:
      - $ref: '#/parameters/Trace'
      - $ref: '#/parameters/Pet'
    put:
      operationId: putPet
      responses:
        200:
          description: Kept
          schema: {$ref: '#/definitions/Pet'}
          headers: {X-Left: {type: integer, description: How many}}
          examples: {application/json: {name: Rex}}
        410: {$ref: '#/responses/Gone'}
        204: {description: Nothing}
    post:
      operationId: addPet
      consumes: [text/plain]
      parameters:
        - {name: text, in: body, schema: {type: string}}
      responses:
        default: {description: Odd}
  /photos:
    parameters:
      - $ref: '#/parameters/Photo'
      - {name: tags, in: formData, type: array, collectionFormat: multi, items: {type: string}}
    post:
      operationId: addPhoto
      schemes: [http]
      produces: [image/png]
      parameters:
        - {name: tags, in: formData, type: array, collectionFormat: tsv, items: {type: string}}
        - {name: more, in: formData, type: array, items: {type: file}}
      responses:
        200: {description: The same, schema: {type: file}}
  /names:
    post:
      operationId: addName
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      parameters:
        - {name: name, in: formData, type: string, x-nullable: true}
      responses: {200: {description: Fine}}
definitions:
  Pet:
    type: object
    discriminator: kind
    properties:
      kind: {type: string}
      name: {type: string, x-nullable: true}
      age: {type: integer, maximum: 30, exclusiveMaximum: true}
  Fault: {type: object}
"""


@pytest.mark.requirement("DOC-SWAGGER", "DOC-SWAGGER-BODIES")
def test_a_shared_body_parameter_becomes_a_request_body_with_its_media_types() -> None:
    document = read(PETS)

    body = operation(document, "putPet").body

    assert body is not None
    assert (body.name, body.required, body.description) == ("pet", True, "The pet")
    assert [each.content_type for each in body.media] == ["application/json", "application/xml"]
    assert document.resolve(body.media[0].schema) == {
        "type": "object",
        "properties": {
            "kind": {"type": "string"},
            "name": {"type": ["string", "null"]},
            "age": {"type": "integer", "exclusiveMaximum": 30},
        },
        # Its discriminator leads to schemas that have further fields.
        "additionalProperties": True,
    }
    assert body.location == Location("api.yaml", 15, 3)
    assert [each.name for each in operation(document, "putPet").parameters] == ["X-Trace"]


@pytest.mark.requirement("DOC-SWAGGER-BODIES")
def test_an_operation_replaces_the_body_parameter_of_its_path() -> None:
    found = operation(read(PETS), "addPet")

    assert found.body is not None
    assert found.body.name == "text"
    assert media(found, "text/plain").schema == {"type": "string"}


@pytest.mark.requirement("DOC-SWAGGER-BODIES")
def test_a_form_with_files_becomes_multipart() -> None:
    found = operation(read(PETS), "addPhoto")

    form = media(found, "multipart/form-data")

    binary = {"type": "string", "format": "binary"}
    assert form.schema == {
        "type": "object",
        "properties": {
            "photo": {"description": "A picture", **binary},
            "tags": {"type": "array", "items": {"type": "string"}},
            "more": {"type": "array", "items": binary},
        },
        "required": ["photo"],
    }
    assert form.encoding["tags"].style == "tabDelimited"
    assert found.body is not None
    assert found.body.required
    assert len(found.body.media) == 1


@pytest.mark.requirement("DOC-SWAGGER-BODIES")
def test_a_form_without_files_has_the_types_of_forms_that_consumes_names() -> None:
    found = operation(read(PETS), "addName")

    types = ["application/x-www-form-urlencoded", "multipart/form-data"]
    assert found.body is not None
    assert [each.content_type for each in found.body.media] == types
    assert media(found, types[0]).schema == {
        "type": "object",
        "properties": {"name": {"type": ["string", "null"]}},
    }
    assert not found.body.required


@pytest.mark.requirement("DOC-SWAGGER")
def test_answers_have_the_media_types_of_produces() -> None:
    document = read(PETS)
    answers = {each.status: each for each in operation(document, "putPet").responses}
    photo = operation(document, "addPhoto").responses[0]

    assert [each.content_type for each in answers["200"].media] == ["application/json"]
    assert answers["200"].media[0].examples == ({"name": "Rex"},)
    assert answers["410"].media[0].schema == {"$ref": "#/definitions/Fault"}
    assert answers["410"].location == Location("api.yaml", 18, 3)
    assert answers["204"].media == ()
    assert photo.media[0].content_type == "image/png"
    assert photo.media[0].schema == {"type": "string", "format": "binary"}


@pytest.mark.requirement("DOC-SWAGGER")
def test_host_base_path_and_schemes_become_servers() -> None:
    document = read(PETS)

    assert [each.url for each in document.servers] == [
        "https://pets.test/v1",
        "http://pets.test/v1",
    ]
    only = [each.url for each in operation(document, "addPhoto").servers]
    assert only == ["http://pets.test/v1"]
    assert document.servers[0].location == Location("api.yaml", 3, 7)
    assert (document.version, document.api_version) == ("2.0", "1.10")


@pytest.mark.requirement("DOC-SWAGGER")
@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("host: a.test", ["https://a.test"]),
        ("basePath: /v2", ["/v2"]),
        ("basePath: /", []),
        ("{host: 'a.test:8080', schemes: [http], basePath: v2}", ["http://a.test:8080/v2"]),
    ],
)
def test_a_missing_scheme_is_https_and_a_missing_host_makes_a_relative_server(
    text: str, urls: list[str]
) -> None:
    fields = text.strip("{}")
    document = read_document(
        f"{{swagger: '2.0', info: {{title: A, version: '1'}}, {fields}, paths: {{}}}}", "api.yaml"
    )

    assert [each.url for each in document.servers] == urls


@pytest.mark.requirement("DOC-SWAGGER")
def test_a_host_with_parameters_becomes_a_server_with_variables() -> None:
    document = read("""\
        info: {title: Vault, version: "1"}
        x-ms-parameterized-host:
          hostTemplate: "{account}.{suffix}"
          parameters:
            - {name: account, in: path, type: string}
            - {name: suffix, in: path, type: string, enum: [vault.test, vault.example]}
        paths: {}
        """)

    server = document.servers[0]

    assert server.url == "https://{account}.{suffix}"
    assert server.variables["suffix"].default == "vault.test"
    assert server.variables["suffix"].enum == ("vault.test", "vault.example")


@pytest.mark.requirement("DOC-SWAGGER")
def test_security_definitions_become_security_schemes() -> None:
    schemes = read(PETS).security_schemes

    assert (schemes["basic"].kind, schemes["basic"].scheme) == ("http", "basic")
    assert (schemes["key"].kind, schemes["key"].parameter_name) == ("apiKey", "X-Key")
    assert schemes["login"].kind == "oauth2"
    assert schemes["login"].location == Location("api.yaml", 12, 3)
    assert operation(read(PETS), "addName").security == ({"basic": ()},)


@pytest.mark.requirement("DOC-NOTES")
def test_each_kind_of_change_is_one_note_with_its_count_and_first_place() -> None:
    assert texts_of(read(PETS)) == [
        "15: body parameters became request bodies (2)",
        "28: answers got the media types of 'produces' (3)",
        "16: forms of formData parameters became request bodies (2)",
        "16: values of type 'file' became binary texts (3)",
        "50: values of collectionFormat became style and explode (1)",
        "16: forms are sent as forms, though 'consumes' names no type of a form (1)",
        "3: host, basePath and schemes became servers (1)",
        "10: security definitions became security schemes (2)",
    ]


@pytest.mark.requirement("DOC-SWAGGER")
def test_an_upgraded_document_is_valid() -> None:
    document = read(PETS)

    assert validate_operations(document, document.operations) == ()


@pytest.mark.requirement("DOC-SWAGGER-BODIES")
def test_what_no_body_can_hold_is_refused_with_its_place() -> None:
    document = read("""\
        info: {title: Odd, version: "1"}
        paths:
          /odd:
            post:
              operationId: odd
              parameters:
                - {name: a, in: body, schema: {type: object}}
                - {name: b, in: formData, type: string}
              responses: {200: {description: Fine}}
        """)

    with pytest.raises(BuildError) as refused:
        document.operation("odd")

    assert str(refused.value) == (
        "api.yaml:9:25: invalid-openapi: a parameter stands in path, query, header, cookie;"
        " not in 'formData'\n"
        "  hint: an operation has one body parameter, or formData parameters, not both"
    )


@pytest.mark.requirement("DOC-SWAGGER")
def test_a_broken_reference_costs_only_its_operation() -> None:
    document = read("""\
        info: {title: Odd, version: "1"}
        paths:
          /odd:
            get:
              operationId: odd
              parameters: [{$ref: '#/parameters/Gone'}]
              responses: {200: {description: Fine}}
            post:
              operationId: fine
              responses: {200: {description: Fine}}
        """)

    with pytest.raises(BuildError) as refused:
        document.operation("odd")

    assert str(refused.value).startswith("api.yaml:7:27: unknown-ref: nothing stands at")
    assert operation(document, "fine").body is None
