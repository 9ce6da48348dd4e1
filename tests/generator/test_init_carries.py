"""What real documents say that misleads readers of requests: `gen init` carries it all the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run

DONE: dict[str, Any] = {"responses": {"200": {"description": "Done."}}}
TEXT = {"type": "string"}
FORM = "application/x-www-form-urlencoded"
IDS = {
    "id": {
        "type": "string",
        "format": "uuid",
        "pattern": "^[{(]?[0-9A-F]{8}[-]?([0-9A-F]{4}[-]?){3}[0-9A-F]{12}[)}]?$",
    }
}
FILE = {"type": "string", "format": "binary"}


def taking(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def body(content_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {content_type: {"schema": {"type": "object", **schema}}}}


NAMED = [taking("name", "path", {"type": "string"})]
ODD: dict[str, dict[str, Any]] = {
    "a parameter whose schema is readOnly": {
        "/alerts/{number}": {
            "get": {
                **DONE,
                "parameters": [taking("number", "path", {"type": "integer", "readOnly": True})],
            }
        }
    },
    "a verb behind a parameter": {
        "/{name}": {"get": {**DONE, "parameters": NAMED}},
        "/{name}:verb": {"get": {**DONE, "parameters": NAMED}},
        "/{name}.txt": {"get": {**DONE, "parameters": NAMED}},
    },
    "a default of another type": {
        "/a": {
            "get": {
                **DONE,
                "parameters": [
                    taking("limit", "query", {"type": "integer", "default": "10"}),
                    taking("only", "header", {"type": "number", "default": False}),
                ],
            }
        }
    },
    "an object under a type that is not JSON": {
        "/captions": {
            "post": {
                **DONE,
                "requestBody": body("application/octet-stream", {"properties": {"language": TEXT}}),
            }
        }
    },
    "fields of a form in the style of other languages": {
        "/people": {
            "post": {
                **DONE,
                "requestBody": body(
                    FORM, {"properties": {"FriendlyName": TEXT}, "required": ["FriendlyName"]}
                ),
            }
        }
    },
    "a form that is a text": {
        "/raw": {"post": {**DONE, "requestBody": {**body(FORM, TEXT), "required": True}}}
    },
    "a text with a longest length in a path": {
        "/versions/{name}": {
            "get": {
                **DONE,
                "parameters": [taking("name", "path", {"type": "string", "maxLength": 19})],
            }
        }
    },
    "a discriminator over what nothing names": {
        "/machines": {
            "post": {
                **DONE,
                "requestBody": body(
                    "application/json",
                    {
                        "properties": {"kind": {"type": "string", "enum": ["machine"]}},
                        "required": ["kind"],
                        "discriminator": {"propertyName": "kind"},
                    },
                ),
            }
        }
    },
    "a header about who asks": {
        "/who": {"get": {**DONE, "parameters": [taking("User-Agent", "header", TEXT)]}}
    },
    "a body that says readOnly": {
        "/devices": {
            "post": {
                **DONE,
                "requestBody": body("application/json", {"properties": IDS, "readOnly": True}),
            }
        }
    },
    "a format and a pattern that leave little": {
        "/keys": {"post": {**DONE, "requestBody": body("application/json", {"properties": IDS})}}
    },
    "a type that is nearly JSON": {
        "/keys": {
            "post": {**DONE, "requestBody": body("applicationjson;version=1", {"properties": IDS})}
        }
    },
    "a number before a dot": {
        "/headings/{heading}.{ext}": {
            "get": {
                **DONE,
                "parameters": [
                    taking("heading", "path", {"type": "number", "minimum": -1e19}),
                    taking("ext", "path", TEXT),
                ],
            }
        }
    },
    "parts of which nothing is told": {
        "/files": {
            "post": {
                **DONE,
                "requestBody": {"required": True, "content": {"multipart/form-data": {}}},
            }
        }
    },
    "parts of which none has to be": {
        "/logos": {
            "post": {
                **DONE,
                "requestBody": {
                    **body("multipart/form-data", {"properties": {"logo": FILE}}),
                    "required": True,
                },
            }
        }
    },
    "an example with fields that a map has not": {
        "/networks": {
            "post": {
                **DONE,
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "all": {
                                        "type": "object",
                                        "additionalProperties": {
                                            "type": "object",
                                            "properties": {"name": TEXT},
                                        },
                                    }
                                },
                            },
                            "example": {"all": {"one": {"other": "text"}}},
                        }
                    }
                },
            }
        }
    },
    "a name in a path with a colon": {
        "/insights/{insight_id:}": {"get": DONE},
    },
    "parameters in the query of a path": {
        "/export/{id}?file={file}&as={kind}&v=2": {
            "get": {
                **DONE,
                "parameters": [
                    taking("id", "path", TEXT),
                    taking("file", "path", {"type": "array", "items": TEXT}),
                    taking("as", "query", {"type": "integer"}),
                ],
            }
        },
        "/search?q={q}": {"get": DONE},
    },
    "letters between the parameters of a segment": {
        "/frames/{day}F{start}T{end}": {"get": DONE},
    },
    "paths that differ in a name": {
        "/icons/{id}": {
            "get": {**DONE, "parameters": [taking("id", "path", {"type": "integer"})]},
        },
        "/icons/{term}": {"get": {**DONE, "parameters": [taking("term", "path", TEXT)]}},
    },
    "octets in a form": {
        "/expenses": {
            "post": {**DONE, "requestBody": body(FORM, {"properties": {"receipt": FILE}})}
        }
    },
    "a style for files": {
        "/images": {
            "post": {
                **DONE,
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "one": FILE,
                                    "more": {"type": "array", "items": FILE},
                                },
                            },
                            "encoding": {"one": {"style": "form"}, "more": {"style": "form"}},
                        }
                    }
                },
            }
        }
    },
    "fields of the empty name": {
        f"/named/{media}": {
            "post": {
                **DONE,
                "requestBody": {
                    **body(media, {"type": "object", "properties": {"": TEXT, "a": TEXT}}),
                    "required": True,
                },
            }
        }
        for media in (
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        )
    },
}


@pytest.mark.requirement("INIT-BUILDS")
@pytest.mark.parametrize("paths", ODD.values(), ids=ODD)
def test_every_operation_is_proven_and_becomes_a_tool(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    content = {
        "openapi": "3.0.3",
        "info": {"title": "Odd", "version": "1"},
        "servers": [{"url": "https://api.odd.test"}],
        "paths": paths,
    }
    (tmp_path / "given.json").write_text(json.dumps(content), encoding="utf-8")

    result = run(tmp_path, "init", "odd", "--spec", str(tmp_path / "given.json"), "--all", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["refused"]) == (0, [])
    assert told["tools"] == len(paths)
    assert run(tmp_path, "build", "odd").exit_code == 0


@pytest.mark.requirement("INIT-NAMED", "WIRE-BODY")
@pytest.mark.parametrize("is_required", [True, False])
def test_a_body_that_no_form_can_be_made_of_is_named(*, is_required: bool, tmp_path: Path) -> None:
    taken = {**body("multipart/form-data", TEXT), "required": is_required}
    told = proposed(tmp_path, {"/files": {"post": {**DONE, "requestBody": taken}}})

    refused = [fault["code"] for each in told["refused"] for fault in each["diagnostics"]]
    hidden = [(each["parameter"], each["code"]) for each in told["hidden"]]
    assert (refused, hidden) == (
        (["unsupported-body"], []) if is_required else ([], [("body:body", "unsupported-body")])
    )


def proposed(
    tmp_path: Path, paths: dict[str, Any], schemas: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What `gen init` tells of a document, which has to build."""
    content = {
        "openapi": "3.0.3",
        "info": {"title": "Odd", "version": "1"},
        "servers": [{"url": "https://api.odd.test"}],
        "paths": paths,
        "components": {"schemas": schemas or {}},
    }
    (tmp_path / "given.json").write_text(json.dumps(content), encoding="utf-8")
    result = run(tmp_path, "init", "odd", "--spec", str(tmp_path / "given.json"), "--all", "--json")
    assert run(tmp_path, "build", "odd").exit_code == 0
    return json.loads(result.stdout)


@pytest.mark.requirement("INIT-NAMED")
def test_a_header_that_only_the_connection_sets_is_named(tmp_path: Path) -> None:
    length = taking("Content-Length", "header", {"type": "integer"})

    told = proposed(tmp_path, {"/a": {"get": {**DONE, "parameters": [length]}}})

    (hidden,) = told["hidden"]
    assert (hidden["parameter"], hidden["code"]) == (
        "header:Content-Length",
        "header-of-connection",
    )


@pytest.mark.requirement("INIT-NAMED")
def test_of_two_maps_in_one_query_one_is_named_and_all_else_is_offered(tmp_path: Path) -> None:
    bag = {"type": "object", "additionalProperties": TEXT}
    taken = [
        taking("page", "query", TEXT),
        taking("attributes", "query", bag),
        taking("tags", "query", bag),
        taking("size", "query", TEXT),
    ]

    told = proposed(tmp_path, {"/a": {"get": {**DONE, "parameters": taken}}})

    assert [each["parameter"] for each in told["hidden"]] == ["query:tags"]
    assert told["tools"] == 1


@pytest.mark.requirement("INIT-BUILDS", "WIRE-DEEP")
def test_plain_values_in_a_style_for_objects_are_offered(tmp_path: Path) -> None:
    either = {"anyOf": [{"type": "object", "properties": {"gt": TEXT}}, TEXT]}
    taken = body(FORM, {"properties": {"end": TEXT, "range": either}})
    styled = {"style": "deepObject", "explode": True}
    taken["content"][FORM]["encoding"] = {"end": styled, "range": styled}
    taken["required"] = True

    told = proposed(tmp_path, {"/a": {"post": {**DONE, "requestBody": taken}}})

    assert (told["hidden"], told["refused"], told["tools"]) == ([], [], 1)
    published = json.loads(run(tmp_path, "schema", "odd", "POST_a", "--json").stdout)
    assert set(published["inputSchema"]["properties"]) == {"end", "range"}


HOLDING: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "allOf": lambda ref: {"allOf": [ref, {"description": "Inside."}]},
    "allOf in allOf": lambda ref: {"allOf": [{"allOf": [ref]}]},
    "anyOf": lambda ref: {"anyOf": [ref]},
    "words beside it": lambda ref: {**ref, "minProperties": 1},
}


@pytest.mark.requirement("INIT-BUILDS")
@pytest.mark.parametrize("hold", HOLDING.values(), ids=HOLDING)
def test_components_that_hold_each_other_by_detours_are_carried(
    hold: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    def held(name: str) -> dict[str, Any]:
        return hold({"$ref": f"#/components/schemas/{name}"})

    condition = {"type": "object", "properties": {"then": held("Value"), "field": TEXT}}
    value = {"type": "object", "properties": {"condition": held("Condition"), "text": TEXT}}
    taken = body("application/json", {"properties": {"value": held("Value")}})

    told = proposed(
        tmp_path,
        {"/a": {"post": {**DONE, "requestBody": taken}}},
        schemas={"Condition": condition, "Value": value},
    )

    assert (told["hidden"], told["refused"], told["tools"]) == ([], [], 1)
