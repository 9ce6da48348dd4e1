"""The connector file: every key it may hold. Closed, so that a misspelt key never passes silently.

Reference with examples: docs/connector-file.md. `gen schema --connector-file` prints the JSON
Schema of this model for editors.
"""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_BYTES = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "KiB": 1024, "MiB": 1024**2}


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m)", value)):
        return float(found[1]) * _UNITS[found[2]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError("should be a duration like 250ms, 20s or 1m")


def _size(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]+) ?([kKM]?i?B)?", value)):
        return int(found[1]) * _BYTES.get(found[2] or "", 1)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("should be a size like 500kB or 1MiB")


Seconds: TypeAlias = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=600)]
Bytes: TypeAlias = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
FieldName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ToolName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
"""MCP 2026-07-28, Tools: 1-128 of these characters; clients cap the prefixed name at 64."""
Advice: TypeAlias = dict[str, str]
OutputMode: TypeAlias = Literal["off", "lenient", "strict"]


class Closed(BaseModel):
    """Base of every section: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)


class Region(Closed):
    """One upstream server. `url` has to be one of the document's servers, unless `unlisted`."""

    title: str
    url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    unlisted: bool = False


class Servers(Closed):
    """The regions a connection may choose from."""

    default: str
    regions: Annotated[dict[str, Region], Field(min_length=1)]


class NoAuthKind(Closed):
    """The upstream asks for no credentials."""

    kind: Literal["none"]


class BasicKind(Closed):
    """HTTP Basic over login fields."""

    kind: Literal["basic"]
    username: str
    password: str
    scheme: str | None = None


class ApiKeyKind(Closed):
    """A key in a header or in the query."""

    kind: Literal["api_key"]
    place: Annotated[Literal["header", "query"], Field(alias="in")]
    name: str
    value: str
    scheme: str | None = None


class BearerKind(Closed):
    """A bearer token."""

    kind: Literal["bearer"]
    value: str
    scheme: str | None = None


AuthSection: TypeAlias = Annotated[
    NoAuthKind | BasicKind | ApiKeyKind | BearerKind, Field(discriminator="kind")
]


class LoginEntry(Closed):
    """One field of the login form."""

    name: FieldName
    label: str
    type: Literal["text", "email", "password", "select"] = "text"
    secret: bool = False
    required: bool = True
    pattern: str | None = None
    options: Literal["servers"] | dict[str, str] | None = None
    help: str | None = None

    @property
    def is_secret(self) -> bool:
        """Whether only credentials may hold it."""
        return self.secret or self.type == "password"


class Check(Closed):
    """The call that tells whether credentials are good: a reading operation of the document."""

    operation: str
    args: dict[str, JsonValue] = {}
    denied: list[int] = [401, 403]


class Login(Closed):
    """What a person gives to connect."""

    fields: list[LoginEntry]
    help_url: str | None = None
    check: Check | None = None


class RetriesSection(Closed):
    """When a repeatable request is tried again."""

    max: Annotated[int, Field(ge=0, le=5)] = 2
    on: list[Annotated[int, Field(ge=400, le=599)]] = [429, 502, 503, 504]
    backoff: Seconds = 0.25


class Constrain(Closed):
    """Keywords that narrow the document's schema; the build proves that they do."""

    enum: Annotated[list[JsonValue], Field(min_length=1)] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = Field(None, ge=0, alias="minLength")
    max_length: int | None = Field(None, ge=0, alias="maxLength")
    pattern: str | None = None
    format: str | None = None
    min_items: int | None = Field(None, ge=0, alias="minItems")
    max_items: int | None = Field(None, ge=0, alias="maxItems")


class Param(Closed):
    """What becomes of one parameter or body field of the operation."""

    rename: str | None = None
    hide: bool = False
    constant: JsonValue = None
    default: JsonValue = None
    inject: str | None = None
    override: bool = False
    describe: str | None = None
    example: JsonValue = None
    constrain: Constrain | None = None
    required: Literal[True] | None = None
    keep_deprecated: bool = False


class PageSection(Closed):
    """Where a page-numbered answer tells its place."""

    number: str
    pages: str
    total: str


class ResponseSection(Closed):
    """Which part of the upstream's answer the agent gets."""

    root: str = ""
    name: str | None = None
    pick: list[str] | None = None
    omit: list[str] = []
    redact: list[str] = []
    rename: dict[str, str] = {}
    page: PageSection | Literal["none"] | None = None
    max_items: Annotated[int, Field(ge=1)] | None = None
    max_bytes: Bytes | None = None
    output: OutputMode | None = None


class AnnotationSection(Closed):
    """Corrections to what the HTTP method suggests."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class ErrorsSection(Closed):
    """How upstream errors are told to the agent."""

    code: str = ""
    message: str = ""
    advice: Advice = {}


class Defaults(Closed):
    """What holds for every tool unless the tool says otherwise."""

    naming: Literal["keep", "snake_case"] = "keep"
    ids: str | None = None
    timeout: Seconds = 20.0
    max_bytes: Bytes = 1_000_000
    max_items: Annotated[int, Field(ge=1)] | None = None
    retries: RetriesSection = RetriesSection()
    headers: dict[str, str] = {}
    params: dict[str, Param] = {}
    page: PageSection | None = None
    output: OutputMode = "off"


class ToolSection(Closed):
    """One tool over one operation."""

    operation: str
    name: ToolName
    title: str
    description: str
    body: Literal["flatten", "nested"] = "flatten"
    params: dict[str, Param] = {}
    response: ResponseSection = ResponseSection()
    annotations: AnnotationSection = AnnotationSection()
    errors: Advice = {}
    timeout: Seconds | None = None


class ConnectionInfo(Closed):
    """The built-in tool that tells which account is connected; never a secret."""

    fields: Annotated[list[FieldName], Field(min_length=1)]
    name: ToolName = "get_connection_info"
    title: str = "Show the connection"
    description: str | None = None


class Helpers(Closed):
    """Built-in tools that need no operation."""

    get_connection_info: ConnectionInfo | None = None


class Budget(Closed):
    """Limits on what the tools cost a model's context; the build fails above them."""

    tokens: Annotated[int, Field(gt=0)] | None = None
    tool_tokens: Annotated[int, Field(gt=0)] | None = None
    tools: Annotated[int, Field(gt=0)] | None = None


class MockSection(Closed):
    """How `gen mock` makes its data."""

    seed: int = 1


class ConnectorFile(Closed):
    """The whole file."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    title: str
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    instructions: str
    spec: str
    servers: Servers
    auth: AuthSection
    login: Login = Login(fields=[])
    defaults: Defaults = Defaults()
    errors: ErrorsSection = ErrorsSection()
    budget: Budget = Budget()
    tools: list[ToolSection]
    helpers: Helpers = Helpers()
    custom_tools: list[ToolName] = []
    mock: MockSection = MockSection()


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the connector file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ConnectorFile.model_json_schema(by_alias=True),
    }
