"""What OpenAPI 3.2 added, as far as a tool can use it."""

from textwrap import dedent

import pytest

from treenail_generator.document import (
    Document,
    Operation,
    read_document,
    validate_operations,
)

SPEC = """\
    $self: https://pets.test/openapi.yaml
    info: {title: Pets, version: "1"}
    webhooks:
      told: {post: {responses: {200: {description: Fine}}}}
    tags:
      - {name: pets, kind: nav}
      - {name: cats, parent: pets, summary: Cats}
    servers: [{url: https://pets.test, name: main}]
    paths:
      /pets:
        query:
          operationId: askPets
          tags: [cats]
          requestBody:
            content: {application/json: {$ref: '#/components/mediaTypes/Question'}}
          responses: {200: {description: Fine, content: {application/jsonl: {itemSchema: {type: object}}}}}
        additionalOperations:
          LINK:
            operationId: linkPets
            parameters:
              - name: whole
                in: querystring
                content:
                  application/x-www-form-urlencoded:
                    schema: {type: object, properties: {a: {type: array, items: {type: string}}}}
                    encoding: {a: {style: pipeDelimited, explode: false}}
              - {name: session, in: cookie, style: cookie, schema: {type: array, items: {type: string}}}
            responses: {204: {description: Linked}}
          "BAD METHOD":
            responses: {204: {description: Never}}
          POST:
            responses: {204: {description: Never}}
      /files:
        post:
          operationId: sendFiles
          requestBody:
            content:
              multipart/mixed:
                schema: {type: array, prefixItems: [{type: object}]}
                prefixEncoding: [{contentType: application/json}]
              multipart/form-data:
                schema: {type: object, properties: {a: {type: object}}}
                encoding:
                  a:
                    contentType: multipart/mixed
                    headers:
                      X-Part: {required: true, schema: {type: integer}}
                      Content-Type: {schema: {type: string}}
                    encoding: {b: {contentType: text/plain}}
          responses: {200: {description: Fine}}
    components:
      mediaTypes:
        Question:
          schema: {type: object, properties: {name: {type: string}}}
          examples:
            one: {dataValue: {name: Rex}, serializedValue: '{"name":"Rex"}'}
            two: {serializedValue: '{}'}
      securitySchemes:
        old: {type: http, scheme: basic, deprecated: true}
    """


def read(version: str = "3.2.0") -> Document:
    return read_document(f"openapi: {version}\n{dedent(SPEC)}", "api.yaml")


def operation(document: Document, key: str) -> Operation:
    found = document.operation(key)
    assert found is not None
    return found


@pytest.mark.requirement("DOC-32")
def test_query_and_additional_methods_are_operations() -> None:
    document = read()

    assert [found.endpoint for found in document.operations] == [
        "QUERY /pets",
        "LINK /pets",
        "POST /files",
    ]
    assert document.version == "3.2"
    assert [str(each.location) for each in document.warnings] == ["api.yaml:30:7", "api.yaml:32:7"]


@pytest.mark.requirement("DOC-32")
def test_earlier_versions_have_neither() -> None:
    assert [found.endpoint for found in read("3.1.0").operations] == ["POST /files"]


@pytest.mark.requirement("DOC-32")
def test_a_media_type_may_be_a_reference_and_examples_have_data() -> None:
    body = operation(read(), "askPets").body

    assert body is not None
    assert body.media[0].content_type == "application/json"
    assert body.media[0].schema["properties"] == {"name": {"type": "string"}}
    assert body.media[0].examples == ({"name": "Rex"},)


@pytest.mark.requirement("DOC-32")
def test_the_items_of_a_stream_have_a_schema() -> None:
    media = operation(read(), "askPets").responses[0].media[0]

    assert (media.content_type, media.schema, media.item_schema) == (
        "application/jsonl",
        {},
        {"type": "object"},
    )


@pytest.mark.requirement("DOC-32")
def test_a_query_string_has_content_with_encodings_and_cookies_have_a_style() -> None:
    whole, session = operation(read(), "linkPets").parameters

    assert (whole.place, whole.content_type) == ("querystring", "application/x-www-form-urlencoded")
    assert (whole.encoding["a"].style, whole.encoding["a"].explode) == ("pipeDelimited", False)
    assert (session.place, session.style, session.explode) == ("cookie", "cookie", True)


@pytest.mark.requirement("DOC-32")
def test_parts_have_headers_and_parts_of_their_own() -> None:
    body = operation(read(), "sendFiles").body
    assert body is not None
    mixed, form = body.media

    assert mixed.positional
    assert not form.positional
    part = form.encoding["a"]
    assert [(each.name, each.required, each.schema) for each in part.headers.values()] == [
        ("X-Part", True, {"type": "integer"})
    ]
    assert part.encoding["b"].content_type == "text/plain"


@pytest.mark.requirement("DOC-32")
def test_a_32_document_is_validated_by_its_own_rules() -> None:
    document = read()

    assert validate_operations(document, document.operations) == ()


@pytest.mark.requirement("DOC-NOTES")
def test_webhooks_are_left_aside_with_a_note() -> None:
    assert [str(note) for note in read().notes] == [
        "api.yaml:4:1: left-aside: webhooks are left aside (1)"
    ]
