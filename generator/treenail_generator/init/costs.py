"""About what a tool will cost a model, without building it."""

from collections.abc import Iterator
from typing import Final, cast

from treenail_generator.diagnostics import BuildError
from treenail_generator.document import Document, Operation
from treenail_generator.tokens import count_tokens
from treenail_generator.yaml_source import JSON

_FRAME: Final = 60
"""Tokens of annotations, keys and braces around what is counted."""
_TOLD: Final = frozenset(
    {"type", "description", "format", "enum", "const", "default", "pattern", "items", "properties"}
    | {"required", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "$ref"}
    | {"additionalProperties", "anyOf", "oneOf", "allOf", "not", "nullable", "uniqueItems"}
)


class Costs:
    """Estimates for one document; each component is measured once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._components: dict[str, tuple[int, frozenset[str]]] = {}

    def of(self, operation: Operation, told: str) -> int:
        """Tokens of the tool, `told` being its name, title and description."""
        tokens = _FRAME + count_tokens(told)
        seen: set[str] = set()
        for parameter in operation.parameters:
            tokens += count_tokens([parameter.name, parameter.description])
            tokens += self._measured(parameter.schema, seen)
        for media in operation.body.media[:1] if operation.body is not None else ():
            tokens += self._measured(media.schema, seen)
        return tokens

    def _measured(self, schema: JSON, seen: set[str]) -> int:
        tokens = count_tokens(_told(schema))
        waiting = list(_refs(schema))
        while waiting:
            ref = waiting.pop()
            if ref in seen:
                continue
            seen.add(ref)
            own, reached = self._component(ref)
            tokens += own
            waiting.extend(reached)
        return tokens

    def _component(self, ref: str) -> tuple[int, frozenset[str]]:
        if ref not in self._components:
            try:
                schema: JSON = self._document.resolve({"$ref": ref})
            except BuildError:
                schema = {}
            self._components[ref] = count_tokens(_told(schema)), frozenset(_refs(schema))
        return self._components[ref]


def _told(schema: JSON) -> JSON:
    """What is left of a schema for an agent, roughly."""
    if isinstance(schema, list):
        return [_told(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _told(each) for name, each in cast("dict[str, JSON]", inner).items()}
        if key == "properties" and isinstance(inner, dict)
        else _told(inner)
        for key, inner in schema.items()
        if key in _TOLD
    }


def _refs(schema: JSON) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _refs(each)
    elif isinstance(schema, dict):
        ref = schema.get("$ref")
        if isinstance(ref, str):
            yield ref
        for key, each in schema.items():
            if key in _TOLD:
                yield from _refs(each)
