"""`in: body` and `in: formData` as request bodies."""

from collections.abc import Mapping, Sequence
from typing import Final

from treenail_generator.document.references import Target
from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.parameters import holds_file, styles, value_schema
from treenail_generator.document.upgrading.parts import Upgraded, Upgrader
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer

_MULTIPART: Final = "multipart/form-data"
_URLENCODED: Final = "application/x-www-form-urlencoded"


def body_of(upgrader: Upgrader, target: Target, consumed: Sequence[str]) -> Upgraded:
    """The request body that a body parameter stands for."""
    node = mapping(target.value)
    upgrader.note(kinds.BODIES, target.pointer)
    if not consumed:
        upgrader.note(kinds.NO_CONSUMES, target.pointer)
    types = consumed or ("application/json",)
    schema: JSON = node.get("schema", {})
    fields: dict[str, JSON] = {key: node[key] for key in ("description", "required") if key in node}
    fields["content"] = {each: {"schema": schema} for each in types}
    fields["x-name"] = text(node.get("name"))
    inside: dict[Pointer, Pointer] = {("content",): target.pointer}
    for each in types:
        inside["content", each] = target.pointer
        inside["content", each, "schema"] = (*target.pointer, "schema")
    return Upgraded(fields, target.pointer, inside)


def form_of(upgrader: Upgrader, fields: Sequence[Target], consumed: Sequence[str]) -> Upgraded:
    """The request body that formData parameters make together; never without any."""
    first = fields[0].pointer
    upgrader.note(kinds.FORMS, first)
    properties: dict[str, JSON] = {}
    encoding: dict[str, JSON] = {}
    required: list[JSON] = []
    places: dict[str, Pointer] = {}
    for target in fields:
        node = mapping(target.value)
        name = text(node.get("name"))
        described = {"description": node["description"]} if "description" in node else {}
        schema, places[name] = value_schema(upgrader, target)
        properties[name] = {**described, **_or_empty(node, mapping(schema))}
        if style := styles(upgrader, target):
            encoding[name] = style
        if node.get("required") is True:
            required.append(name)
    schema: JSON = {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
    }
    types = _form_types(upgrader, fields, consumed)
    content: dict[str, JSON] = {
        each: {"schema": schema, **({"encoding": encoding} if encoding else {})} for each in types
    }
    return Upgraded(
        {"content": content, "required": bool(required)}, first, _inside(types, places, first)
    )


def _or_empty(node: Mapping[str, JSON], schema: dict[str, JSON]) -> dict[str, JSON]:
    """The schema with the empty text, where `allowEmptyValue` of the field adds it."""
    limits = schema.keys() & {"enum", "format", "minLength", "pattern"}
    takes_it = schema.get("type") == "string" and not limits
    if node.get("allowEmptyValue") is not True or takes_it or holds_file(node):
        return schema
    if limits == {"enum"} and isinstance(schema["enum"], list):
        return {**schema, "enum": [*schema["enum"], ""]}
    return {"anyOf": [schema, {"type": "string", "enum": [""]}]}


def _form_types(
    upgrader: Upgrader, fields: Sequence[Target], consumed: Sequence[str]
) -> tuple[str, ...]:
    """Files make a form multipart (OpenAPI 2.0, Parameter Object, `type`)."""
    named = tuple(
        each for each in consumed if each.split(";")[0].strip() in (_MULTIPART, _URLENCODED)
    )
    if consumed and not named:
        upgrader.note(kinds.NO_FORM_TYPE, fields[0].pointer)
    if any(holds_file(mapping(each.value)) for each in fields):
        return tuple(each for each in named if each.startswith(_MULTIPART)) or (_MULTIPART,)
    return named or (_URLENCODED,)


def _inside(
    types: Sequence[str], places: dict[str, Pointer], first: Pointer
) -> dict[Pointer, Pointer]:
    inside: dict[Pointer, Pointer] = {("content",): first}
    for each in types:
        inside["content", each] = first
        inside["content", each, "schema"] = first
        inside["content", each, "encoding"] = first
        for name, place in places.items():
            inside["content", each, "schema", "properties", name] = place
            inside["content", each, "encoding", name] = place
    return inside
