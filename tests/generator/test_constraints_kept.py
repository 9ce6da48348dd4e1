"""Whatever a document says of a body is published and enforced: neither less nor more.

Schemas and values are drawn by chance, the same ones each time; a JSON Schema validator over the
document is the judge. Unknown fields are another matter (`test_open_and_closed.py`).
"""

import json
import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from tests.support.project import run
from treenail_generator.verify.loaded import load

_TOOLS = 24
_VALUES = 120
_TEXTS = ("", "a", "ab", "abc", "abcd", "A1", "x y", "\u00e9", "2026-11-20", "2026-13-20")
_NUMBERS = (-3, -1, 0, 1, 2, 3, 4, 6, 10, 11, 0.5, 1.5, 3.0, 2.25)
_OTHERS: tuple[Any, ...] = (None, True, "a", 3, 0.5, [], {})


class Drawn:
    """Schemas and values of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable, guards nothing
        self.components: dict[str, Any] = {}

    def _some(self, **keywords: Any) -> dict[str, Any]:
        return {name: each for name, each in keywords.items() if self._random.random() < 0.4}

    def schema(self, depth: int = 0) -> dict[str, Any]:
        kinds = [self._text, self._number, self._choice, self._boolean]
        if depth < 3:
            kinds += [self._array, self._object, self._object, self._mixed, self._component]
        drawn = self._random.choice(kinds)(depth)
        if isinstance(drawn.get("type"), str) and self._random.random() < 0.15:
            drawn = {**drawn, "type": [drawn["type"], "null"]}
        if self._random.random() < 0.3:
            drawn = {**drawn, "description": self._random.choice(["The v.", "What it is. Or not."])}
        return drawn

    def _text(self, _: int) -> dict[str, Any]:
        pattern = self._random.choice(["^[a-z]*$", "b", "^\\p{L}+$", "[0-9]{2}"])
        said = self._some(minLength=1, maxLength=3, pattern=pattern)
        return {"type": "string", **(said or self._some(format="date"))}

    def _number(self, _: int) -> dict[str, Any]:
        kind = self._random.choice(["integer", "number"])
        said = self._some(minimum=0, maximum=10, exclusiveMinimum=-1, exclusiveMaximum=6)
        return {"type": kind, "format": "int32", **said, **self._some(multipleOf=2)}

    def _choice(self, _: int) -> dict[str, Any]:
        return self._random.choice(
            [
                {"type": "string", "enum": ["a", "ab"]},
                {"type": "integer", "enum": [1, 3]},
                {"enum": ["a", 1, None]},
                {"const": "ab"},
                {"type": "integer", "const": 3},
            ]
        )

    def _boolean(self, _: int) -> dict[str, Any]:
        return {"type": "boolean"}

    def _array(self, depth: int) -> dict[str, Any]:
        said = self._some(minItems=1, maxItems=2, uniqueItems=True)
        return {"type": "array", "items": self.schema(depth + 1), **said}

    def _object(self, depth: int) -> dict[str, Any]:
        properties = {name: self.schema(depth + 1) for name in "vwz"[: self._random.randint(1, 3)]}
        said = self._some(minProperties=1, maxProperties=2) if depth else {}
        required = [name for name in properties if self._random.random() < 0.4]
        closed = self._some(additionalProperties=False)
        return {"type": "object", "properties": properties, "required": required, **said, **closed}

    def _mixed(self, depth: int) -> dict[str, Any]:
        word = self._random.choice(["oneOf", "anyOf", "allOf", "not"])
        if word == "not":
            return {"type": "string", "not": {"enum": ["abc"]}}
        if word == "allOf":
            return {"allOf": [self._object(depth + 1) | {"additionalProperties": {}}] * 2}
        return {word: [self.schema(depth + 1), self.schema(depth + 1)]}

    def _component(self, depth: int) -> dict[str, Any]:
        name = f"Part{len(self.components)}"
        self.components[name] = {}
        self.components[name] = self.schema(depth + 1)
        return {"$ref": f"#/components/schemas/{name}"}

    def value(self, schema: dict[str, Any]) -> Any:
        """A value that may satisfy `schema`."""
        if self._random.random() < 0.06:
            return self._random.choice(_OTHERS)
        if "$ref" in schema:
            return self.value(self.components[schema["$ref"].rpartition("/")[2]])
        for word in ("oneOf", "anyOf", "allOf"):
            if word in schema:
                return self.value(self._random.choice(schema[word]))
        if self._random.random() < 0.8 and ("enum" in schema or "const" in schema):
            return self._random.choice(schema.get("enum") or [schema["const"]])
        kind = schema.get("type", "string")
        return self._of_kind(kind if isinstance(kind, str) else kind[0], schema)

    def _of_kind(self, kind: str, schema: dict[str, Any]) -> Any:
        match kind:
            case "object":
                named = schema["properties"].items()
                return {name: self.value(it) for name, it in named if self._random.random() < 0.8}
            case "array":
                return [self.value(schema["items"]) for _ in range(self._random.randint(0, 3))]
            case "boolean":
                return self._random.random() < 0.5
            case "string":
                return self._random.choice(_TEXTS)
            case _:
                return self._random.choice(_NUMBERS)


@cache
def built(seed: int) -> tuple[Drawn, dict[str, Any], Any]:
    """What was drawn, the document, and the connector made of it."""
    drawn = Drawn(seed)
    paths: dict[str, Any] = {}
    for number in range(_TOOLS):
        body = {"type": "object", "properties": {"v": drawn.schema()}}
        content = {"application/json": {"schema": body}}
        operation = {"operationId": f"put{number}", "responses": {"204": {"description": "Done"}}}
        paths[f"/p{number}"] = {"post": {**operation, "requestBody": {"content": content}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Parts", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": paths,
        "components": {"schemas": drawn.components},
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "parts.json").write_text(json.dumps(document), encoding="utf-8")
        spec = str(folder / "parts.json")
        proposed = run(folder, "init", "parts", "--spec", spec, "--all")
        assert proposed.exit_code == 0, proposed.output
        result = run(folder, "build", "parts")
        assert result.exit_code == 0, result.output
        text = (folder / "connectors/parts.py").read_text(encoding="utf-8")
    return drawn, document, load(text, "parts").connector


def accepts(tool: Any, value: Any) -> bool:
    try:
        tool.arguments.model_validate(value)
    except ValidationError:
        return False
    return True


@pytest.mark.requirement("SCHEMA-CONSTRAINTS")
@pytest.mark.parametrize("seed", range(4))
def test_published_and_enforced_is_exactly_what_the_document_says(seed: int) -> None:
    drawn, document, connector = built(seed)
    counted = {True: 0, False: 0}

    for tool in connector.tools:
        path = tool.name.replace("put", "/p")
        content = document["paths"][path]["post"]["requestBody"]["content"]
        schema = content["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        judge = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        published = jsonschema_rs.Draft202012Validator(tool.input_schema, validate_formats=True)
        for _ in range(_VALUES):
            value = {"v": drawn.value(schema["properties"]["v"])}
            valid = judge.is_valid(value)
            counted[valid] += 1
            told = (tool.name, value, schema, tool.input_schema)
            assert accepts(tool, value) == valid, told
            assert published.is_valid(value) == valid, told
    assert min(counted.values()) > _VALUES, counted
    assert len(connector.tools) > _TOOLS / 2
