"""What a generated module declares: one `Connector` with its tools."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from .auth import Auth
from .context import ToolContext
from .cutting import Cut, cut
from .login import CredentialCheck, LoginField
from .outputs import OutputFit
from .request import Endpoint
from .schemas import INLINE_DEPTH, assembled, settled
from .types import Input, JsonObject

CONTRACT_VERSION: Final = 2
"""Raised whenever a module generated earlier would no longer work."""

READ_SCOPE: Final = "mcp.tools.read"
"""What a token needs for a tool that only reads."""

CALL_SCOPE: Final = "mcp.tools.call"
"""What a token needs for any other tool; it holds `READ_SCOPE`, too."""

RESERVED_SCOPES: Final = frozenset({READ_SCOPE, CALL_SCOPE, "offline_access", "openid"})
"""Scopes that mean the same at every connector, so that none may declare its own."""

RESERVED_NAMES: Final = frozenset(
    {"default", "mcp", "well_known"}
    | {
        "authorize",
        "token",
        "register",
        "revoke",
        "introspect",
        "device",
        "par",
        "jwks",
        "userinfo",
    }
    | {"login", "logout", "consent", "callback", "oauth", "oauth2", "connect", "decision"}
    | {"admin", "api", "clients", "connections", "instances", "keys", "sessions", "users"}
    | {"health", "healthz", "livez", "readyz", "metrics", "version"}
    | {"static", "assets", "docs", "favicon", "robots"}
    | {"auth", "base", "database", "redis", "treenail"}
)
"""No connector is called like one of these, since its name begins paths and variables.

`/authorize` is the server's, and with a connector `auth` the login field `secret` would be read from
AUTH_SECRET.
"""

DESCRIBE_TYPE: Final = "describe_type"
"""What the tool that tells a type is called, unless the connector says otherwise."""

_PREFIX_LENGTH: Final = 16
_NO_ADVICE: Final[Mapping[int | str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """Hints for the client (MCP 2026-07-28, `ToolAnnotations`)."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool

    @property
    def published(self) -> dict[str, bool]:
        """What clients are told; what they assume anyway is left out, since each word costs.

        Whether a tool is destructive or idempotent means nothing where it only reads, and one that
        tells whether it is destructive does not; it is taken to be not idempotent, and to talk to
        the outside, unless it says otherwise.
        """
        told = {"readOnlyHint": True} if self.read_only else {"destructiveHint": self.destructive}
        if self.idempotent and not self.read_only:
            told["idempotentHint"] = True
        if not self.open_world:
            told["openWorldHint"] = False
        return told


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One MCP tool.

    Attributes:
        title: Its name for people; None where `name` says it.
        run: Called with a validated `arguments` instance.
        operation: The upstream operation, for people; None for a local tool.
        example: Arguments that work against the mock upstream; shown in docs, never published.
        errors: Advice by HTTP status or upstream error code; goes before the connector's.
        output_schema: JSON Schema of the structured answer, published as `outputSchema`.
        strict_output: Whether a read fails whose answer does not fit `output_schema`; otherwise
            what does not fit is left out of the structured answer and told in the log.
        scope: The scope that a token needs, one of the connector's or a general one; None for the
            general one of its kind. See `required_scope`.
        schema_tokens: What the published arguments may cost, as bytes of compact JSON divided by
            four; what lies deepest is then only named. None publishes them whole.
        inline_depth: How many types that are used once are told inside each other.
        describer: The tool that tells a type that is only named.
    """

    name: str
    description: str
    arguments: type[Input]
    run: Callable[[Any, ToolContext], Awaitable[JsonObject]]
    annotations: Annotations
    title: str | None = None
    operation: str | None = None
    example: Mapping[str, Any] = field(default_factory=dict[str, Any])
    errors: Mapping[int | str, str] = field(default_factory=lambda: _NO_ADVICE)
    output_schema: Mapping[str, Any] | None = None
    strict_output: bool = False
    scope: str | None = None
    schema_tokens: int | None = None
    inline_depth: int = INLINE_DEPTH
    describer: str = DESCRIBE_TYPE

    @property
    def required_scope(self) -> str:
        """The one scope that a token needs to call this tool."""
        return self.scope or (READ_SCOPE if self.annotations.read_only else CALL_SCOPE)

    @property
    def known(self) -> Mapping[str, object]:
        """What the module holds that the tool is written in, by name."""
        return getattr(self.run, "__globals__", {})

    @cached_property
    def output_fit(self) -> OutputFit | None:
        """Fits answers to `output_schema`; None when there is none."""
        return OutputFit(self.output_schema) if self.output_schema is not None else None

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 as published in tools/list: root `type: object`, closed."""
        told = self._told
        if told is None:
            return self.exact_schema
        return settled(told.schema, told.definitions, self.inline_depth)

    @property
    def exact_schema(self) -> dict[str, Any]:
        """What is enforced: `input_schema` with nothing only named; not to be changed."""
        return settled(*self.types, self.inline_depth)

    @property
    def named_types(self) -> tuple[str, ...]:
        """The types that `input_schema` only names."""
        return self._told.names if self._told is not None else ()

    @cached_property
    def types(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is enforced, in parts: the arguments, and the types that they refer to."""
        return assembled(self.arguments)

    @cached_property
    def _told(self) -> Cut | None:
        if self.schema_tokens is None:
            return None
        return cut(*self.types, self.schema_tokens, self.name, self.describer)


@dataclass(frozen=True, slots=True)
class Server:
    """An upstream region. `url` has no trailing slash."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRules:
    """How upstream errors are told.

    Attributes:
        code: Dotted path to the machine-readable code in an error body; empty for none.
        message: Dotted path to the text for people; empty for none.
        advice: What to do next, by HTTP status or by code.
    """

    code: str = ""
    message: str = ""
    advice: Mapping[int | str, str] = field(default_factory=lambda: _NO_ADVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """When a repeatable request is tried again; always inside its deadline.

    Attributes:
        most: Further attempts after the first.
        statuses: HTTP statuses worth another attempt.
        pause_s: Pause before the first retry; doubles, with jitter, unless Retry-After says more.
    """

    most: int = 2
    statuses: Sequence[int] = (429, 502, 503, 504)
    pause_s: float = 0.25


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Everything the runtime needs to serve one upstream API.

    Attributes:
        contract: `CONTRACT_VERSION` the module was generated for.
        version: Version of the tool surface (semantic versioning).
        instructions: MCP server instructions.
        servers: Regions by key; `default_server` is used when the connection names none.
        login_help_url: Where people learn how to get credentials.
        custom_tools: Names of the tools that `connectors/<name>_custom.py` adds.
        headers: Fixed header fields of every request.
        scopes: The connector's own scopes, with the words in which a person is asked for them.
        token_prefix: What its tokens begin with, so that people and secret scanners know them; made
            of the name when it is empty.
    """

    contract: int
    name: str
    title: str
    version: str
    instructions: str
    servers: Mapping[str, Server]
    default_server: str
    auth: Auth
    tools: Sequence[Tool]
    login: Sequence[LoginField] = ()
    login_help_url: str | None = None
    check: CredentialCheck | None = None
    errors: ErrorRules = field(default_factory=ErrorRules)
    retries: Retries = field(default_factory=Retries)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    custom_tools: Sequence[str] = ()
    scopes: Mapping[str, str] = field(default_factory=dict[str, str])
    token_prefix: str = ""

    def __post_init__(self) -> None:
        prefix = self.token_prefix or self.name.replace("_", "")[:_PREFIX_LENGTH]
        object.__setattr__(self, "token_prefix", prefix)

    @cached_property
    def keeps_answers(self) -> bool:
        """Whether answers of any endpoint that its tools know may be given again."""
        modules = {id(known): known for tool in self.tools if (known := tool.known)}
        found = (each for known in modules.values() for each in known.values())
        return any(isinstance(each, Endpoint) and each.cache_s > 0 for each in found)
