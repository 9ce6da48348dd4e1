"""An OpenAPI document of any version as the planner sees it: references followed, defaults applied."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from treenail_generator.diagnostics import Diagnostic, Location
from treenail_generator.yaml_source import JSON, Pointer

Version: TypeAlias = Literal["2.0", "3.0", "3.1", "3.2"]
Place: TypeAlias = Literal["path", "query", "header", "cookie", "querystring"]
SecurityKind: TypeAlias = Literal["http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"]
SecurityRequirement: TypeAlias = Mapping[str, tuple[str, ...]]
"""Scopes by scheme name; all schemes of one requirement are needed at once."""

Schema: TypeAlias = dict[str, JSON]
"""A normalised schema: JSON Schema 2020-12, references as the document spells them.

Shared, so nobody may change one; a dict only so that it fits into other JSON.
"""

WITH_SIBLINGS: Final[Set[Version]] = frozenset(("3.1", "3.2"))
"""The versions whose schemas are JSON Schema 2020-12, where what stands beside a `$ref` counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVariable:
    """A placeholder of a server URL.

    Attributes:
        default: The value that stands when nobody chooses one.
        enum: The values allowed; empty when any is.
        description: Empty when the document gives none.
    """

    default: str
    enum: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A base URL, possibly relative, with `{variables}`; `extensions` holds its `x-` keys."""

    url: str
    description: str
    variables: Mapping[str, ServerVariable]
    extensions: Mapping[str, JSON]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthFlow:
    """One way to a token (OpenAPI 3.1.1, "OAuth Flow Object"); an empty text is not there."""

    authorize_url: str
    token_url: str
    refresh_url: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """One entry of `components.securitySchemes`.

    Attributes:
        name: Its key under `components.securitySchemes`.
        kind: Its OpenAPI `type`.
        scheme: Lower-case HTTP authentication scheme when kind is `http`, empty otherwise.
        place: Where an API key goes; None when kind is not `apiKey`.
        parameter_name: The name under which an API key goes, empty otherwise.
        location: Where it is declared.
        flows: Of OAuth 2, by the name of the flow.
        openid_url: Where a provider of OpenID Connect tells of itself, empty otherwise.
    """

    name: str
    kind: SecurityKind
    scheme: str
    place: Place | None
    parameter_name: str
    location: Location
    flows: Mapping[str, OAuthFlow] = field(default_factory=dict[str, OAuthFlow])
    openid_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter with the defaults of OpenAPI applied.

    Attributes:
        name: The name on the wire.
        place: Its OpenAPI `in`; a "querystring" (3.2) is the whole query, and has `content`.
        required: Always true in a path.
        deprecated: As declared.
        description: Empty when the document gives none.
        schema: Normalised; empty (anything goes) when the document declares none.
        style: As declared, or the default of its place; "tabDelimited" is the `tsv` of 2.0, which
            knows the delimited styles in every place.
        explode: As declared, or the default of its style.
        allow_reserved: As declared.
        allow_empty: The deprecated `allowEmptyValue`.
        of_2: Whether Swagger 2.0 gave the style, which has the delimited ones in every place.
        content_type: The media type of a parameter with `content`, None of one with `schema`.
        encoding: Of the fields of a `content`, by name.
        examples: Values from `example` and `examples`, not those of the schema.
        location: Where the parameter itself stands, behind any reference.
        pointer: The same place as a pointer into the raw document.
        schema_pointer: Where its raw schema stands or would stand.
    """

    name: str
    place: Place
    required: bool
    deprecated: bool
    description: str
    schema: Schema
    style: str
    explode: bool
    allow_reserved: bool
    allow_empty: bool
    of_2: bool = False
    content_type: str | None
    encoding: "Mapping[str, Encoding]" = field(default_factory=lambda: _NO_ENCODINGS)
    examples: tuple[JSON, ...]
    location: Location
    pointer: Pointer
    schema_pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How one property of a form or multipart body is written; None where nothing is said.

    Attributes:
        content_type: One media type, or several between commas.
        headers: The part's header fields, by name; without Content-Type.
        encoding: Of the parts inside the part (3.2), by property name.
    """

    content_type: str | None
    style: str | None
    explode: bool | None
    allow_reserved: bool | None
    headers: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    encoding: "Mapping[str, Encoding]" = field(default_factory=lambda: _NO_ENCODINGS)
    location: Location


_NO_ENCODINGS: Final[Mapping[str, Encoding]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One media type of a body or response.

    Attributes:
        content_type: The key as written, parameters included.
        schema: Normalised; empty (anything goes) when the document declares none.
        examples: Values from `example` and `examples`, not those of the schema.
        item_schema: Of each item of a stream (3.2, `itemSchema`); None when none is declared.
        encoding: Declared encodings by property name; of parts without names by index, "*" for the
            others.
        positional: Whether parts are encoded by their place, not their name (3.2).
        location: Where the media type stands.
        pointer: The same place as a pointer into the raw document.
        schema_pointer: Where its raw schema stands or would stand.
    """

    content_type: str
    schema: Schema
    examples: tuple[JSON, ...]
    item_schema: Schema | None = None
    encoding: Mapping[str, Encoding]
    positional: bool = False
    location: Location
    pointer: Pointer
    schema_pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request body: its media types in file order.

    Attributes:
        name: What 2.0 calls the body parameter, empty in every other version.
    """

    required: bool
    name: str = ""
    description: str
    media: tuple[Media, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one status, range (`2XX`) or `default` answers; media types in file order."""

    status: str
    description: str
    media: tuple[Media, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes:
        key: The operationId, or "METHOD /path" when it has none or shares it with another.
        id: The operationId, None when the document gives none.
        method: Upper-case; of an additional operation (3.2) as the document spells it.
        path: The path template as the document spells it.
        summary: Empty when the document gives none.
        description: Empty when the document gives none.
        deprecated: As declared.
        tags: As declared.
        parameters: Path-level ones first, overridden by name and place; without the headers
            Accept, Content-Type and Authorization, which OpenAPI tells readers to ignore.
        body: None when the operation takes none.
        responses: In file order.
        servers: Of the operation, else of its path; empty when the document's servers hold.
        security: The alternatives in force, the document's included; empty when none is needed.
        pointer: Where the operation stands in the raw document, behind any path reference.
        location: The key that names its method.
        left_out: Why an optional parameter is missing, or nothing is known of an answer.
    """

    key: str
    id: str | None
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]
    servers: tuple[Server, ...]
    security: tuple[SecurityRequirement, ...]
    pointer: Pointer
    location: Location
    left_out: tuple[Diagnostic, ...] = ()

    @property
    def endpoint(self) -> str:
        """The operation as "METHOD /path"; unique, unlike an operationId."""
        return f"{self.method} {self.path}"
