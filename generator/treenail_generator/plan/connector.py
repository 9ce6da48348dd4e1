"""A connector as the generated module will declare it."""

from dataclasses import dataclass, field
from typing import Final

from treenail_generator.diagnostics import Diagnostic, Location
from treenail_generator.yaml_source import JSON

from .answers import RecordPlan
from .auth import AuthPlan
from .requests import EndpointPlan, FromPage
from .types import ModelPlan

_MOST_DESCRIBED: Final = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationPlan:
    """Hints for the client."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPlan:
    """One tool.

    Attributes:
        constant: What the module calls the tool itself.
        endpoint: None for the built-in tools.
        told: The login fields that the built-in connection tool tells.
        describes_types: Whether it is the built-in tool that does.
        example: Arguments by the agent's names, complete enough to work.
        cases: Further arguments with which the build proves the request.
        output: JSON Schema of the answer, when it is published.
        answer: The same when it is not published, names and types only; for the lock.
        strict_output: Whether a read whose answer does not fit it fails.
        scope: The scope that it needs; None for the general one of its kind.
    """

    name: str
    title: str | None
    description: str
    function: str
    constant: str
    model: ModelPlan
    endpoint: EndpointPlan | None
    annotations: AnnotationPlan
    source: Location
    told: tuple[str, ...] = ()
    describes_types: bool = False
    example: dict[str, JSON] = field(default_factory=dict[str, JSON])
    cases: tuple[dict[str, JSON], ...] = ()
    errors: tuple[tuple[int | str, str], ...] = ()
    output: dict[str, JSON] | None = None
    answer: dict[str, JSON] | None = None
    strict_output: bool = False
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemasPlan:
    """How tools publish their arguments.

    Attributes:
        tokens: What those of one tool may cost; None publishes them whole.
        inline_depth: How many types are told inside each other.
        describer: The tool that tells what was cut; None when there is none.
        source: Where the connector file limits them.
    """

    tokens: int | None
    inline_depth: int
    describer: str | None
    source: Location

    @property
    def describer_tokens(self) -> int:
        """What the describing tool may tell at once."""
        return _MOST_DESCRIBED if self.tokens is None else 4 * self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """An upstream region."""

    key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesPlan:
    """The upstream's options of a login field; `function` reads them.

    Attributes:
        items: Under which name the endpoint answers the list.
        value: Dotted path, inside an item, to what is kept.
        label: Dotted path, inside an item, to what a person reads.
    """

    function: str
    endpoint: EndpointPlan
    items: str
    value: str
    label: str

    @property
    def is_paged(self) -> bool:
        """Whether pages behind the first one are read, too."""
        return any(isinstance(binding.value, FromPage) for binding in self.endpoint.bindings)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFieldPlan:
    """One login field; its options are known, or told by the upstream."""

    name: str
    label: str
    kind: str
    secret: bool
    required: bool
    pattern: str | None
    options: tuple[tuple[str, str], ...]
    help: str | None
    choices: ChoicesPlan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """The credential check: an endpoint whose values are all known before any tool call."""

    endpoint: EndpointPlan
    denied: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriesPlan:
    """When a repeatable request is tried again."""

    most: int
    statuses: tuple[int, ...]
    pause_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPlan:
    """Limits on the tools' cost; None for no limit."""

    tokens: int | None
    tool_tokens: int | None
    tools: int | None
    source: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """One generated module.

    Attributes:
        definitions: By name, the schemas that arguments refer to.
        scopes: Name and words of each scope of its own.
        token_prefix: None when it is made of the name.
        formats: Whether arguments have to be of the formats of their texts.
        notes: What was decided by rule, for whoever builds.
    """

    name: str
    title: str
    version: str
    instructions: str
    servers: tuple[ServerPlan, ...]
    default_server: str
    auth: AuthPlan
    login: tuple[LoginFieldPlan, ...]
    login_help_url: str | None
    check: CheckPlan | None
    error_code: str
    error_message: str
    advice: tuple[tuple[int | str, str], ...]
    retries: RetriesPlan
    headers: tuple[tuple[str, str], ...]
    definitions: tuple[tuple[str, JSON], ...]
    models: tuple[ModelPlan, ...]
    records: tuple[RecordPlan, ...]
    tools: tuple[ToolPlan, ...]
    custom_tools: tuple[str, ...]
    budget: BudgetPlan
    schemas: SchemasPlan
    spec: str
    scopes: tuple[tuple[str, str], ...] = ()
    token_prefix: str | None = None
    formats: bool = True
    notes: tuple[Diagnostic, ...] = ()

    @property
    def login_endpoints(self) -> tuple[EndpointPlan, ...]:
        """What is sent while a person connects: the credential check, and reads of choices."""
        check = self.check.endpoint if self.check is not None else None
        choices = (field.choices.endpoint for field in self.login if field.choices is not None)
        return tuple(each for each in (check, *choices) if each is not None)

    @property
    def endpoints(self) -> tuple[EndpointPlan, ...]:
        """Everything that is sent."""
        tools = (tool.endpoint for tool in self.tools if tool.endpoint is not None)
        return (*tools, *self.login_endpoints)

    def model(self, name: str) -> ModelPlan:
        """The model of that class name, a tool's arguments included."""
        for model in (*self.models, *(tool.model for tool in self.tools)):
            if model.name == name:
                return model
        raise KeyError(name)
