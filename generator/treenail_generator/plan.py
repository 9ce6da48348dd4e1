"""The plan: what the generated module will say. No OpenAPI words, no I/O; the template prints it.

Names that end up in Python source (`attribute`, `function`, `constant`, `model`) are identifiers
already; every other text is data and is printed as a literal.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from .diagnostics import Location
from .yaml_source import JSON

Place: TypeAlias = Literal["path", "query", "header", "body"]


class Absent:
    """The type of `ABSENT`: a value that was not given, where null is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
MaybeJSON: TypeAlias = "JSON | Absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType:
    """A string. `format` is published; `date` and `date-time` are checked, too."""

    format: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    opaque_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType:
    """A number, or an integer when `whole`. Bounds are inclusive unless they say `exclusive`."""

    whole: bool
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    multiple_of: int | None = None


@dataclass(frozen=True, slots=True)
class BooleanType:
    """true or false."""


@dataclass(frozen=True, slots=True)
class ChoiceType:
    """One of these strings or integers."""

    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType:
    """An array of one item type."""

    item: "TypePlan"
    min_items: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class ModelType:
    """An object that has a model of its own."""

    model: str


@dataclass(frozen=True, slots=True)
class MapType:
    """An object whose keys are data."""

    value: "TypePlan"


@dataclass(frozen=True, slots=True)
class ExactType:
    """A value checked by, and published as, this JSON Schema 2020-12."""

    schema: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class AnyType:
    """Any JSON value."""


@dataclass(frozen=True, slots=True)
class NullableType:
    """The inner type, or null."""

    inner: "TypePlan"


TypePlan: TypeAlias = (
    TextType
    | NumberType
    | BooleanType
    | ChoiceType
    | ListType
    | ModelType
    | MapType
    | ExactType
    | AnyType
    | NullableType
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """One argument, or one property of an object inside an argument.

    Attributes:
        attribute: The Python attribute.
        name: What the agent calls it.
        upstream: What the upstream calls it.
        default: Filled in when the agent leaves it out; `ABSENT` for none.
        published_default: Told to the agent, but left to the upstream.
        example: A value that fits, by the agent's names; `ABSENT` when none is known.
        shown: Whether the connector file gave that example, to be shown to people.
    """

    attribute: str
    name: str
    upstream: str
    type: TypePlan
    required: bool
    description: str = ""
    default: MaybeJSON = ABSENT
    published_default: MaybeJSON = ABSENT
    example: MaybeJSON = ABSENT
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """A class of the generated module: a tool's arguments, or an object inside them.

    Attributes:
        ahead: The models that its fields mention before they are defined, itself included.
    """

    name: str
    doc: str
    fields: tuple[FieldPlan, ...]
    ahead: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it mentions a model that is defined behind it."""
        return not self.ahead <= {self.name}

    def field(self, attribute: str) -> FieldPlan:
        """The field of that Python attribute."""
        return next(each for each in self.fields if each.attribute == attribute)


@dataclass(frozen=True, slots=True)
class FromArgument:
    """The agent's argument."""

    attribute: str


@dataclass(frozen=True, slots=True)
class FromConnection:
    """A value of the connection; the agent neither sees nor sets it."""

    field: str
    required: bool


@dataclass(frozen=True, slots=True)
class Either:
    """The agent's argument, else the connection's value; `required` makes its absence an error."""

    attribute: str
    field: str
    required: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """Always this value."""

    value: JSON


@dataclass(frozen=True, slots=True)
class FromPage:
    """The number of the page that is read; left out for the first one."""


ValuePlan: TypeAlias = FromArgument | FromConnection | Either | Constant | FromPage


@dataclass(frozen=True, slots=True, kw_only=True)
class StylePlan:
    """How a parameter is written when it is not the default style of its place."""

    style: str
    explode: bool
    reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where one value of the request comes from.

    Attributes:
        upstream: The parameter's or body field's upstream name; empty for a whole body.
        style: None for the default style of the place.
        type: The type of the value, as the upstream sees it.
        source: Where the upstream's document declares it.
    """

    place: Place
    upstream: str
    value: ValuePlan
    type: TypePlan
    required: bool
    source: Location
    style: StylePlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptField:
    """What becomes of one field of an upstream object: dropped when `name` is None."""

    upstream: str
    name: str | None
    record: str | None = None
    redacted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """A constant of the generated module: which fields of an object the agent gets."""

    constant: str
    fields: tuple[KeptField, ...]
    rest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """Where a page-numbered answer tells its place."""

    number: str
    pages: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlan:
    """How the upstream's answer becomes the tool's."""

    root: str = ""
    name: str | None = None
    many: bool = False
    record: str | None = None
    page: PagePlan | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """One upstream operation with everything that its request needs.

    Attributes:
        path: Percent-encoded template.
        operation: operationId, or "METHOD /path".
        may_be_empty: Whether the document tells of a success without a body.
        content_type: Media type of the JSON body; None when the operation takes no body.
    """

    constant: str
    operation: str
    method: str
    path: str
    bindings: tuple[Binding, ...]
    answer: AnswerPlan
    reads: bool
    repeatable: bool
    may_be_empty: bool
    body_required: bool
    content_type: str | None
    timeout_s: float
    max_bytes: int
    source: Location

    def at(self, place: Place) -> tuple[Binding, ...]:
        """The bindings of one place, in order."""
        return tuple(binding for binding in self.bindings if binding.place == place)


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
        endpoint: None for the built-in connection tool, which tells `told` fields.
        example: Arguments by the agent's names, complete enough to work.
        cases: Further arguments with which the build proves the request.
        output: JSON Schema of the answer, when it is published.
        strict_output: Whether a read whose answer does not fit it fails.
        scope: The scope that it needs; None for the general one of its kind.
    """

    name: str
    title: str
    description: str
    function: str
    model: ModelPlan
    endpoint: EndpointPlan | None
    annotations: AnnotationPlan
    source: Location
    told: tuple[str, ...] = ()
    example: dict[str, JSON] = field(default_factory=dict[str, JSON])
    cases: tuple[dict[str, JSON], ...] = ()
    errors: tuple[tuple[int | str, str], ...] = ()
    output: dict[str, JSON] | None = None
    strict_output: bool = False
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """An upstream region."""

    key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthPlan:
    """The contract's auth class and its arguments."""

    kind: Literal["NoAuth", "BasicAuth", "ApiKeyAuth", "BearerAuth"]
    arguments: tuple[tuple[str, str], ...] = ()


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
        scopes: Name and words of each scope of its own.
        token_prefix: None when it is made of the name.
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
    models: tuple[ModelPlan, ...]
    records: tuple[RecordPlan, ...]
    tools: tuple[ToolPlan, ...]
    custom_tools: tuple[str, ...]
    budget: BudgetPlan
    spec: str
    scopes: tuple[tuple[str, str], ...] = ()
    token_prefix: str | None = None

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
