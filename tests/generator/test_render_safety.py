"""No text of a document or connector file becomes code (V-09's cousin: code injection by spec)."""

import ast
import builtins
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treenail_generator.build import Sources, build
from treenail_generator.render import docstring

TEXT = st.text(max_size=60) | st.sampled_from(
    [
        '"""\nimport os\nos.abort()\n"""',
        "'''",
        "\\",
        '\\"""',
        "{{ 7*7 }}",
        "{% raw %}",
        "#}",
        "\u202e\u2066",
        "\x00\x1b[2J",
        "\n",
        "\\N{DASH}",
        "\\u0022\\u0022\\u0022",
        "__import__('os').abort()",
        "$" + "{jndi}",
    ]
)


@given(TEXT)
def test_every_text_survives_the_docstring_filter_as_data(text: str) -> None:
    tree = ast.parse(docstring(text))

    (statement,) = tree.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)
    assert isinstance(statement.value.value, str)


@given(TEXT)
def test_every_text_survives_as_a_literal(text: str) -> None:
    assert ast.literal_eval(repr(text)) == text


def _escaped(value: Any) -> str:
    """JSON in printable ASCII, which is YAML, too."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def _sources(text: str) -> Sources:
    spec = {
        "openapi": "3.1.1",
        "info": {"title": text, "version": text},
        "servers": [{"url": "https://api.example.com", "description": text}],
        "paths": {
            "/things/{id}": {
                "get": {
                    "operationId": "getThing",
                    "summary": text,
                    "description": text,
                    "parameters": [
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "description": text,
                            "schema": {"type": "string"},
                        },
                        {
                            "name": "q",
                            "in": "query",
                            "description": text,
                            "schema": {
                                "type": "string",
                                "enum": [f"{text}!", "other"],
                                "default": "other",
                                "description": text,
                            },
                        },
                        {
                            "name": "o",
                            "in": "query",
                            "schema": {
                                "type": "object",
                                "description": text,
                                "properties": {"p": {"type": "string", "title": text}},
                            },
                        },
                    ],
                    "responses": {
                        "200": {
                            "description": text,
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "object",
                                        "properties": {text or "x": {"type": "string"}},
                                    }
                                }
                            },
                        }
                    },
                }
            }
        },
    }
    connector = {
        "schema": 1,
        "name": "safe",
        "title": text,
        "version": "1.0.0",
        "instructions": text,
        "spec": "specs/spec.yaml",
        "servers": {
            "default": "a",
            "regions": {"a": {"title": text, "url": "https://api.example.com"}},
        },
        "auth": {"kind": "bearer", "value": "{token}" + text.replace("{", "").replace("}", "")},
        "login": {"fields": [{"name": "token", "label": text, "help": text, "pattern": "^x"}]},
        "errors": {"code": text, "message": text, "advice": {text: text}},
        "tools": [
            {
                "operation": "getThing",
                "name": "get_thing",
                "title": text,
                "description": text,
                "params": {"id": {"describe": text}},
                "errors": {text: text},
            }
        ],
    }
    return Sources(
        connector=_escaped(connector),
        connector_name="connectors/safe.yaml",
        spec=_escaped(spec),
        spec_name="specs/spec.yaml",
    )


def _code(module: str) -> str:
    """The module's code without its data: names, calls and structure."""
    tree = ast.parse(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
            node.value = "data"
        if isinstance(node, ast.Dict):
            node.keys, node.values = [], []
    return ast.dump(tree)


@pytest.mark.requirement("GEN-INJECTION", "T-125")
@settings(max_examples=40)
@given(TEXT.filter(str.strip))
def test_no_text_of_either_input_changes_the_code_of_the_module(text: str) -> None:
    # Without a word of its own, a description is left out.
    built = build(_sources(f"harmless {text}"))
    harmless = build(_sources("harmless"))

    assert _code(built.module) == _code(harmless.module)
    assert not hasattr(builtins, "PWNED")
