"""Schemas of documents: references, one dialect, bundles and the hash of what is reached."""

import hashlib
import json
import time
from textwrap import dedent

import pytest

from treenail_generator.diagnostics import BuildError
from treenail_generator.document import (
    JSON,
    Document,
    Operation,
    Parameter,
    Schema,
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


def parameter(document: Document, name: str) -> Parameter:
    found = [p for o in document.operations for p in o.parameters if p.name == name]
    assert len(found) == 1
    return found[0]


def refusal_of(document: Document, key: str) -> str:
    with pytest.raises(BuildError) as raised:
        document.operation(key)
    return str(raised.value)


def schema(text: str, version: str = "3.1.0") -> Schema:
    """The schema of one query parameter, after normalisation."""
    document = read(
        f"paths: {{/a: {{get: {{parameters: [{{name: q, in: query, schema: {text}}}]}}}}}}\n"
        "components: {schemas: {X: {type: object}}}",
        version,
    )
    return parameter(document, "q").schema


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
                  required: true
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


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("{type: string, nullable: true}", {"type": ["string", "null"]}),
        (
            "{type: string, enum: [a], nullable: true}",
            {"type": "string", "enum": ["a"]},
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


@pytest.mark.requirement("DOC-HASHES")
def test_the_hashes_of_operations_that_share_everything_are_quick() -> None:
    """A circle, and a chain longer than Python's stack, that every operation reaches."""

    def text(last: str) -> str:
        schemas: dict[str, JSON] = {
            f"S{number}": {
                "description": "x" * 1000,
                "properties": {
                    "next": {"$ref": f"#/components/schemas/S{number + 1}"},
                    "first": {"$ref": "#/components/schemas/S0"} if number == 500 else {},
                },
            }
            for number in range(3000)
        }
        schemas["S3000"] = {"description": last}
        paths: dict[str, JSON] = {
            f"/{number}": {
                "get": {
                    "operationId": f"a{number}",
                    "parameters": [
                        {
                            "name": "q",
                            "in": "query",
                            "schema": {"$ref": f"#/components/schemas/S{number}"},
                        }
                    ],
                }
            }
            for number in range(1000)
        }
        return json.dumps({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}})

    started = time.process_time()
    one, other = (read_document(text(last), "api.json") for last in ("one", "other"))
    hashes = [
        {document.closure_sha256(found) for found in document.operations}
        for document in (one, other, one)
    ]

    assert len(hashes[0]) == 1000
    assert not hashes[0] & hashes[1]
    assert hashes[0] == hashes[2]
    assert time.process_time() - started < 10
