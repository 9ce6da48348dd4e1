"""The connector file: every key it may hold. Closed, so that a misspelt key never passes silently.

Reference with examples: docs/connector-file.md. `gen schema --connector-file` prints the JSON
Schema of this model for editors, which show the descriptions.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from .auth import AuthSection
from .login import Login
from .params import Arrays, Param
from .response import PageSection, PaginationSection
from .tools import ToolSection
from .values import (
    Advice,
    Bytes,
    Closed,
    FieldName,
    Name,
    OutputMode,
    ScopeName,
    ScopeWords,
    Seconds,
    TokenPrefix,
    ToolName,
)


class Region(Closed):
    """One upstream server. `url` has to be one of the document's servers, unless `unlisted`."""

    title: str = Field(description="The region's name for people.")
    url: str = Field(
        pattern=r"^https?://[^\s?#{}]+$", description="Where the paths of the document begin."
    )
    unlisted: bool = Field(
        default=False, description="Allows a `url` that the document does not list."
    )


class Servers(Closed):
    """The regions a connection may choose from."""

    default: str = Field(description="The region of a connection that names none.")
    regions: dict[str, Region] = Field(
        min_length=1, description="Regions by key; the login field `region` chooses among them."
    )
    others: list[Annotated[str, Field(pattern=r"^https?://[^\s?#{}]+$")]] = Field(
        default_factory=list,
        description="Servers of single operations, which get the credentials, too.",
    )


NO_SERVERS: Final = Servers.model_construct(default="", regions={})
"""Those of a connector without an upstream."""


class RetriesSection(Closed):
    """When a repeatable request is tried again."""

    max: Annotated[int, Field(ge=0, le=5)] = Field(
        default=2, description="Attempts after the first one, 0 to 5."
    )
    on: list[Annotated[int, Field(ge=400, le=599)]] = Field(
        default=[429, 502, 503, 504], description="Statuses worth another attempt."
    )
    backoff: Seconds = Field(
        default=0.25, description="Pause before the first retry, like 250ms; doubles."
    )


class ErrorsSection(Closed):
    """How upstream errors are told to the agent."""

    code: str = Field(
        default="", description="Dotted path to the upstream's own code in an error body."
    )
    message: str = Field(
        default="", description="Dotted path to the text for people in an error body."
    )
    advice: Advice = Field(
        default={}, description="What the agent should do next, by status or upstream code."
    )


class Defaults(Closed):
    """What holds for every tool unless the tool says otherwise."""

    naming: Literal["keep", "snake_case"] = Field(
        default="keep", description="How arguments and answered fields are named for the agent."
    )
    ids: str | None = Field(
        default=None, description="Pattern of every path parameter that is a text."
    )
    timeout: Seconds = Field(
        default=20.0, description="Time for a whole call, retries included, like 20s."
    )
    max_bytes: Bytes = Field(
        default=1_000_000, description="Largest answer accepted from the upstream, like 1MB."
    )
    max_items: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Longest list handed on; the rest is counted."
    )
    retries: RetriesSection = Field(
        default=RetriesSection(),
        description="When and how often a repeatable request is tried again.",
    )
    headers: dict[str, str] = Field(default={}, description="Fixed header fields of every request.")
    params: dict[str, Param] = Field(
        default={},
        description="What becomes of parameters and body fields of that name, in every tool.",
    )
    arrays: Arrays | None = Field(
        default=None, description="How the upstream reads arrays inside `deepObject`."
    )
    keep_deprecated: bool = Field(
        default=False, description="Offers deprecated parameters and body fields, too."
    )
    page: PageSection | None = Field(
        default=None, description="Where page-numbered answers tell their place."
    )
    pagination: PaginationSection | None = Field(
        default=None, description="How lists go on, wherever the document has these names."
    )
    description_length: Annotated[int, Field(ge=20)] | None = Field(
        default=None, description="Longest description of an argument that is the document's."
    )
    output: OutputMode = Field(
        default="off", description="Whether tools publish a schema of their answers."
    )
    schema_tokens: Annotated[int, Field(ge=100)] | None = Field(
        default=None, description="What a tool's published arguments may cost; else they are whole."
    )
    formats: Literal["assert", "annotate"] = Field(
        default="assert", description="Whether arguments have to be of the formats of their texts."
    )
    inline_depth: Annotated[int, Field(ge=0, le=64)] = Field(
        default=16, description="How many types that are used once are told inside each other."
    )


class ConnectionInfo(Closed):
    """The built-in tool that tells which account is connected; never a secret."""

    fields: list[FieldName] = Field(min_length=1, description="Login fields to tell.")
    name: ToolName = Field(default="get_connection_info", description="The tool's name.")
    title: str = Field(default="Show the connection", description="The tool's name for people.")
    description: str | None = Field(default=None, description="When to use it, for the agent.")


class TypeDescriber(Closed):
    """The built-in tool that tells the exact schema of a type that others only name."""

    name: ToolName = Field(default="describe_type", description="The tool's name.")
    title: str = Field(default="Describe a type", description="The tool's name for people.")
    description: str | None = Field(default=None, description="When to use it, for the agent.")


class Helpers(Closed):
    """Built-in tools that need no operation."""

    get_connection_info: ConnectionInfo | None = Field(
        default=None, description="Tells an agent which account is connected; sends nothing."
    )
    describe_type: TypeDescriber | None = Field(
        default=None, description="Tells an agent a type that `schema_tokens` cut; sends nothing."
    )


class Budget(Closed):
    """Limits on what the tools cost a model's context; the build fails above them."""

    tokens: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="For all tools together."
    )
    tool_tokens: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="For each tool."
    )
    tools: Annotated[int, Field(gt=0)] | None = Field(default=None, description="Number of tools.")


class MockSection(Closed):
    """How `gen mock` makes its data."""

    seed: int = Field(default=1, description="Chooses the data that is made up.")


class SpecSection(Closed):
    """The OpenAPI document, and what is read together with it."""

    path: str = Field(description="Path of the document, from the root of the project.")
    overlays: list[str] = Field(
        default=[], description="Paths of overlays, in the order in which they are applied."
    )
    refs: Literal["local", "file"] = Field(
        default="local", description="Whether the document may lead to other files beside it."
    )


def _form_of_spec(given: object) -> str:
    return "text" if isinstance(given, str) else "section"


Spec: TypeAlias = Annotated[
    Annotated[str, Tag("text")] | Annotated[SpecSection, Tag("section")],
    Discriminator(_form_of_spec),
]


class ConnectorFile(Closed):
    """The whole file."""

    schema_version: Literal[1] = Field(alias="schema", description="Version of this format.")
    name: Name = Field(description="Name of the connector and of its files.")
    title: str = Field(description="Its name for people.")
    version: str = Field(
        pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", description="Version of the tools, as in 1.0.0."
    )
    instructions: str = Field(description="What an agent should know before its first call.")
    spec: Spec | None = Field(
        default=None,
        description="Path of the OpenAPI document, from the root of the project; or more about it.",
    )
    servers: Servers = Field(default=NO_SERVERS, description="Where the upstream is.")
    auth: AuthSection = Field(description="How credentials are sent.")
    login: Login = Field(default=Login(fields=[]), description="What a person fills in to connect.")
    token_prefix: TokenPrefix | None = Field(
        default=None, description="What the tokens of this connector begin with; else its name."
    )
    scopes: dict[ScopeName, ScopeWords] = Field(
        default={},
        description="Own scopes, with the words in which a person is asked for them.",
        json_schema_extra={"additionalProperties": False},
    )
    defaults: Defaults = Field(default=Defaults(), description="What holds for every tool.")
    errors: ErrorsSection = Field(
        default=ErrorsSection(), description="How upstream errors are told."
    )
    budget: Budget = Field(
        default=Budget(), description="What the tools may cost; no limits by default."
    )
    tools: list[ToolSection] = Field(
        description="The tools, in the order in which agents see them."
    )
    helpers: Helpers = Field(default=Helpers(), description="Built-in tools.")
    custom_tools: list[ToolName] = Field(
        default=[], description="Names of the hand-written tools in connectors/<name>_custom.py."
    )
    mock: MockSection = Field(default=MockSection(), description="What `gen mock` makes up.")

    @property
    def spec_path(self) -> str:
        """Path of the document, however the file tells it; empty without one."""
        return self.spec.path if isinstance(self.spec, SpecSection) else self.spec or ""


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the connector file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ConnectorFile.model_json_schema(by_alias=True),
    }
