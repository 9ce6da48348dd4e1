"""Parameters outside the body; `collectionFormat` wherever 2.0 allows it."""

from collections.abc import Mapping
from typing import Final

from treenail_generator.document.references import Target, ref_of
from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.parts import Upgraded, Upgrader
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer

# OpenAPI 2.0, Parameter Object: what is not a keyword of the value's schema.
_OWN: Final = {
    "allowEmptyValue",
    "collectionFormat",
    "deprecated",
    "description",
    "example",
    "examples",
    "in",
    "name",
    "required",
    "schema",
}
_KEPT: Final = ("allowEmptyValue", "deprecated", "description", "example", "in", "name", "required")
_STYLES: Final[Mapping[str, str]] = {
    "csv": "form",
    "multi": "form",
    "ssv": "spaceDelimited",
    "tsv": "tabDelimited",
    "pipes": "pipeDelimited",
}


def upgraded_parameter(upgrader: Upgrader, target: Target) -> Upgraded:
    """A path, query or header parameter; anything else as it is."""
    node = mapping(target.value)
    if ref_of(node) is not None or text(node.get("in")) not in {"path", "query", "header"}:
        return Upgraded(target.value, target.pointer)
    schema, origin = value_schema(upgrader, target)
    fields: dict[str, JSON] = {key: node[key] for key in _KEPT if key in node}
    fields |= styles(upgrader, target)
    return Upgraded({**fields, "schema": schema}, target.pointer, {("schema",): origin})


def value_schema(upgrader: Upgrader, target: Target) -> tuple[JSON, Pointer]:
    """The schema of a parameter's value, and where it stands."""
    node = mapping(target.value)
    if "schema" in node and "type" not in node:
        return node["schema"], (*target.pointer, "schema")
    schema = {key: value for key, value in node.items() if key not in _OWN}
    if holds_file(node):
        upgrader.note(kinds.FILES, target.pointer)
    return _in_words_of_3(schema), target.pointer


def holds_file(node: Mapping[str, JSON]) -> bool:
    """Whether the value is a file, or a list of files."""
    if node.get("type") == "array":
        return holds_file(mapping(node.get("items")))
    return node.get("type") == "file"


def styles(upgrader: Upgrader, target: Target) -> dict[str, JSON]:
    """What `collectionFormat` says, in the words of 3.0; `x-` keys where 3.0 has none."""
    node = mapping(target.value)
    if node.get("type") != "array":
        return {}
    declared = _known(upgrader, node, target.pointer)
    place = text(node.get("in"))
    if declared == "multi" and place not in {"query", "formData"}:
        upgrader.note(kinds.MULTI, target.pointer)
        declared = "csv"
    return _style(declared, place)


def _style(declared: str, place: str) -> dict[str, JSON]:
    in_query = place in {"query", "formData"}
    if declared in {"csv", "multi"}:
        return {"style": "form", "explode": declared == "multi"} if in_query else {}
    style = _STYLES[declared]
    is_known = in_query and style != "tabDelimited"
    return {"style" if is_known else "x-style": style, "explode": False}


def _known(upgrader: Upgrader, node: Mapping[str, JSON], pointer: Pointer) -> str:
    declared = text(node.get("collectionFormat")) or "csv"
    if "collectionFormat" in node:
        known = declared in _STYLES
        upgrader.note(kinds.FORMATS if known else kinds.UNKNOWN_FORMAT, pointer)
    return declared if declared in _STYLES else "csv"


def _in_words_of_3(schema: dict[str, JSON]) -> dict[str, JSON]:
    """The schema with files as binary texts, and without the `collectionFormat` of its items."""
    if schema.get("type") == "file":
        schema = {**schema, "type": "string", "format": "binary"}
    inner = schema.get("items")
    if not isinstance(inner, dict):
        return schema
    kept = {key: value for key, value in inner.items() if key != "collectionFormat"}
    return {**schema, "items": _in_words_of_3(kept)}
