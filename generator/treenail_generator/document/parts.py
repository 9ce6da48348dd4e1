"""Parameters, bodies and responses, read from the places where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn, get_args

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.model import (
    WITH_SIBLINGS,
    Body,
    Encoding,
    Media,
    Parameter,
    Place,
    Response,
    Schema,
    Server,
    ServerVariable,
    Version,
)
from treenail_generator.document.reach import Reach
from treenail_generator.document.references import References, Target, child
from treenail_generator.document.schemas import Schemas
from treenail_generator.document.values import flag, items, mapping, text
from treenail_generator.yaml_source import JSON, Pointer

PLACES: Mapping[str, Place] = {place: place for place in get_args(Place)}
_SWAGGER_PLACES = ("body", "formData")
_SWAGGER_HINT = "that is Swagger 2.0; in OpenAPI 3 it is the requestBody"
_BODIES_HINT = "an operation has one body parameter, or formData parameters, not both"

# OpenAPI 3.2.0, Parameter Object, `explode`.
_EXPLODED = {"cookie", "form"}

# OpenAPI 3.1.1, section 4.8.12.2 (Parameter Object, `style`); 3.0 says the same.
_DEFAULT_STYLES: Mapping[Place, str] = {
    "path": "simple",
    "query": "form",
    "header": "simple",
    "cookie": "form",
    "querystring": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading any part of a document needs, and what was read by reference, by its place."""

    version: Version
    references: References
    schemas: Schemas
    reach: Reach
    parameters: dict[Pointer, Parameter] = field(default_factory=dict[Pointer, Parameter])
    contents: dict[Pointer, tuple[Media, ...]] = field(
        default_factory=dict[Pointer, tuple[Media, ...]]
    )

    def fail(self, pointer: Pointer, message: str, hint: str | None = None) -> NoReturn:
        """Refuse what stands at the pointer.

        Raises:
            BuildError: `invalid-openapi`.
        """
        location = self.references.source.at(pointer)
        raise BuildError([Diagnostic(location, "invalid-openapi", message, hint=hint)])


def read_parameter(context: Context, listed: Target) -> Parameter:
    """One item of a `parameters` list, behind its reference if it is one.

    Raises:
        BuildError: It has no name, or no place that OpenAPI knows.
    """
    target = context.references.follow(listed)
    if target is listed:
        return _read_parameter(context, target)
    if target.pointer not in context.parameters:
        context.parameters[target.pointer] = _read_parameter(context, target)
    shared = context.parameters[target.pointer]
    beside = _read_beside(context, listed)
    return replace(shared, description=beside) if beside else shared


def _read_parameter(context: Context, target: Target) -> Parameter:
    node, pointer = mapping(target.value), target.pointer
    place = _read_place(context, target)
    content = mapping(node.get("content"))
    content_type = next(iter(content), None)
    holder = target
    if content_type is not None:
        media_pointer = (*pointer, "content", content_type)
        holder = context.references.follow(Target(media_pointer, content[content_type]))
    style = _read_style(context, node) or _DEFAULT_STYLES[place]
    return Parameter(
        name=_read_name(context, target),
        place=place,
        required=place == "path" or flag(node.get("required")),
        deprecated=flag(node.get("deprecated")),
        description=text(node.get("description")),
        schema=_read_schema(context, holder),
        style=style,
        explode=flag(node.get("explode"), default=style in _EXPLODED),
        # Before 3.2, it is for queries only.
        allow_reserved=flag(node.get("allowReserved"))
        and (place == "query" or context.version == "3.2"),
        allow_empty=flag(node.get("allowEmptyValue")),
        of_2="x-style" in node and context.version == "2.0",
        content_type=content_type,
        encoding=_read_encodings(context, holder) if content_type is not None else {},
        examples=_read_examples(context, holder),
        location=context.references.source.key_at(pointer),
        pointer=pointer,
        schema_pointer=(*holder.pointer, "schema"),
    )


def read_body(context: Context, declared: Target) -> Body:
    """A `requestBody`, behind its reference if it is one."""
    target = context.references.follow(declared)
    node = mapping(target.value)
    return Body(
        required=flag(node.get("required")),
        name=text(node.get("x-name")) if context.version == "2.0" else "",
        description=_read_description(context, declared, node),
        media=_read_content(context, target),
        location=context.references.source.key_at(target.pointer),
    )


def read_response(context: Context, status: str, declared: Target) -> Response:
    """One entry of `responses`, behind its reference if it is one."""
    target = context.references.follow(declared)
    return Response(
        status=status,
        description=_read_description(context, declared, mapping(target.value)),
        media=_read_content(context, target),
        location=context.references.source.key_at(target.pointer),
    )


def read_servers(context: Context, listed: Target) -> tuple[Server, ...]:
    """The items of a `servers` list that have a URL."""
    return tuple(
        _read_server(context, (*listed.pointer, index), mapping(item))
        for index, item in enumerate(items(listed.value))
        if text(mapping(item).get("url"))
    )


def _read_server(context: Context, pointer: Pointer, node: dict[str, JSON]) -> Server:
    return Server(
        url=text(node.get("url")),
        description=text(node.get("description")),
        variables={
            name: _read_server_variable(context, (*pointer, "variables", name), variable)
            for name, variable in mapping(node.get("variables")).items()
        },
        extensions={key: value for key, value in node.items() if key.startswith("x-")},
        location=context.references.source.at(pointer),
    )


def _read_server_variable(context: Context, pointer: Pointer, variable: JSON) -> ServerVariable:
    written = context.references.source.text_at
    enum = items(mapping(variable).get("enum"))
    return ServerVariable(
        default=written((*pointer, "default")) or "",
        enum=tuple(written((*pointer, "enum", index)) or "" for index in range(len(enum))),
        description=text(mapping(variable).get("description")),
    )


def _read_name(context: Context, target: Target) -> str:
    """As written; the name of a part's header stands in no field, but is the key."""
    name = context.references.source.text_at((*target.pointer, "name")) or text(
        mapping(target.value).get("name")
    )
    if not name:
        context.fail(target.pointer, "a parameter without a name")
    return name


def _read_place(context: Context, target: Target) -> Place:
    declared = text(mapping(target.value).get("in"))
    if declared not in PLACES or (declared == "querystring" and context.version != "3.2"):
        hint = _BODIES_HINT if context.version == "2.0" else _SWAGGER_HINT
        hint = hint if declared in _SWAGGER_PLACES else None
        message = f"a parameter stands in path, query, header, cookie; not in {declared!r}"
        context.fail((*target.pointer, "in"), message, hint)
    return PLACES[declared]


def _read_style(context: Context, node: dict[str, JSON]) -> str:
    """The style; an upgraded document says in `x-style` what 3.0 has no word for."""
    upgraded = text(node.get("x-style")) if context.version == "2.0" else ""
    return upgraded or text(node.get("style"))


def _read_description(context: Context, declared: Target, node: dict[str, JSON]) -> str:
    """OpenAPI 3.1 lets a description beside the reference replace the target's."""
    return _read_beside(context, declared) or text(node.get("description"))


def _read_beside(context: Context, declared: Target) -> str:
    counts = context.version in WITH_SIBLINGS
    return text(mapping(declared.value).get("description")) if counts else ""


def _read_content(context: Context, holder: Target) -> tuple[Media, ...]:
    if holder.pointer not in context.contents:
        pointer = (*holder.pointer, "content")
        context.contents[holder.pointer] = tuple(
            _read_media(context, content_type, Target((*pointer, content_type), media))
            for content_type, media in mapping(mapping(holder.value).get("content")).items()
        )
    return context.contents[holder.pointer]


def _read_media(context: Context, content_type: str, listed: Target) -> Media:
    """A media type, since 3.2 behind its reference if it is one."""
    target = context.references.follow(listed)
    node = mapping(target.value)
    item_schema = node.get("itemSchema")
    location_of = context.references.source.key_at
    return Media(
        content_type=content_type,
        schema=_read_schema(context, target),
        examples=_read_examples(context, target),
        item_schema=None
        if item_schema is None
        else context.schemas.normalised(item_schema, (*target.pointer, "itemSchema")),
        encoding=_read_encodings(context, target) or _read_positional(context, target),
        positional=bool(node.keys() & {"itemEncoding", "prefixEncoding"}),
        location=location_of(target.pointer),
        pointer=target.pointer,
        schema_pointer=(*target.pointer, "schema"),
    )


def _read_encodings(context: Context, holder: Target) -> dict[str, Encoding]:
    """The `encoding` of a media type, or of another encoding."""
    declared = mapping(mapping(holder.value).get("encoding"))
    pointer = (*holder.pointer, "encoding")
    return {
        name: _read_encoding(context, (*pointer, name), mapping(encoding))
        for name, encoding in declared.items()
    }


def _read_positional(context: Context, holder: Target) -> dict[str, Encoding]:
    """The encodings of parts without names, by their place, "*" for the others (OpenAPI 3.2)."""
    node = mapping(holder.value)
    first, others = node.get("prefixEncoding"), node.get("itemEncoding")
    found = {
        str(index): _read_encoding(
            context, (*holder.pointer, "prefixEncoding", index), mapping(encoding)
        )
        for index, encoding in enumerate(first if isinstance(first, list) else [])
    }
    if others is not None:
        pointer = (*holder.pointer, "itemEncoding")
        found["*"] = _read_encoding(context, pointer, mapping(others))
    return found


def _read_encoding(context: Context, pointer: Pointer, node: dict[str, JSON]) -> Encoding:
    explode, allow_reserved = node.get("explode"), node.get("allowReserved")
    return Encoding(
        content_type=text(node.get("contentType")) or None,
        style=_read_style(context, node) or None,
        explode=explode if isinstance(explode, bool) else None,
        allow_reserved=allow_reserved if isinstance(allow_reserved, bool) else None,
        headers=_read_part_headers(context, pointer, node),
        encoding=_read_encodings(context, Target(pointer, node)),
        location=context.references.source.key_at(pointer),
    )


def _read_schema(context: Context, holder: Target) -> Schema:
    declared = child(holder, "schema")
    return context.schemas.normalised(declared.value, declared.pointer)


def _read_part_headers(
    context: Context, pointer: Pointer, node: dict[str, JSON]
) -> dict[str, Parameter]:
    """Header fields of a part: parameters that are named by their keys.

    Source: OpenAPI 3.1.1, Header Object; Encoding Object: Content-Type is described elsewhere.
    """
    headers: dict[str, Parameter] = {}
    for name, declared in mapping(node.get("headers")).items():
        if name.lower() != "content-type":
            target = context.references.follow(Target((*pointer, "headers", name), declared))
            named = {**mapping(target.value), "name": name, "in": "header"}
            headers[name] = read_parameter(context, Target(target.pointer, named))
    return headers


def _read_examples(context: Context, holder: Target) -> tuple[JSON, ...]:
    """The value of `example` and the inline values of `examples`."""
    node = mapping(holder.value)
    found = [node["example"]] if "example" in node else []
    for name, example in mapping(node.get("examples")).items():
        target = context.references.follow(Target((*holder.pointer, "examples", name), example))
        known = mapping(target.value)
        found.extend(known[key] for key in ("value", "dataValue") if key in known)
    return tuple(found)
