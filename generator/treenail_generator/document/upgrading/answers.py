"""Responses, whose media types stand in `produces`."""

from collections.abc import Sequence

from treenail_generator.document.references import Target, ref_of
from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.parts import Upgraded, Upgrader
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer

_JSON = "application/json"
_BINARY = "application/octet-stream"


def upgraded_answer(upgrader: Upgrader, declared: Target, produced: Sequence[str]) -> Upgraded:
    """A response, behind its reference; without a schema and examples it has no content."""
    target = upgrader.followed(declared)
    node = mapping(target.value)
    if not isinstance(target.value, dict) or ref_of(node) is not None:
        return Upgraded(target.value, target.pointer)
    inside: dict[Pointer, Pointer] = {}
    fields: dict[str, JSON] = {"description": text(node.get("description"))}
    if headers := mapping(node.get("headers")):
        fields["headers"] = _headers(headers)
        for name in headers:
            inside["headers", name, "schema"] = (*target.pointer, "headers", name)
    content = _content(upgrader, target, produced)
    if content:
        fields["content"] = content
        for each in content:
            inside["content", each] = target.pointer
            inside["content", each, "example"] = (*target.pointer, "examples", each)
    return Upgraded(fields, target.pointer, inside)


def _content(upgrader: Upgrader, target: Target, produced: Sequence[str]) -> dict[str, JSON]:
    node = mapping(target.value)
    examples = mapping(node.get("examples"))
    is_file = mapping(node.get("schema")).get("type") == "file"
    content: dict[str, JSON] = {}
    if "schema" in node:
        schema: JSON = {"type": "string", "format": "binary"} if is_file else node["schema"]
        if is_file:
            upgrader.note(kinds.FILES, target.pointer)
        upgrader.note(kinds.ANSWERS if produced or is_file else kinds.NO_PRODUCES, target.pointer)
        types = produced or ((_BINARY,) if is_file else (_JSON,))
        content = {each: {"schema": schema} for each in types}
    for each, example in examples.items():
        if each in content or (not content and "/" in each):
            content[each] = {**mapping(content.get(each)), "example": example}
    return content


def _headers(declared: dict[str, JSON]) -> dict[str, JSON]:
    headers: dict[str, JSON] = {}
    for name, header in declared.items():
        node = mapping(header)
        schema = {key: value for key, value in node.items() if not _is_own(key)}
        described = {"description": node["description"]} if "description" in node else {}
        headers[name] = {**described, "schema": schema}
    return headers


def _is_own(key: str) -> bool:
    return key in {"collectionFormat", "description"} or key.startswith("x-")
