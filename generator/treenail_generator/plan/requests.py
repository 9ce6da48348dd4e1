"""What is sent: one upstream operation, and where each value of its request comes from."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source import JSON

from .answers import AnswerPlan
from .types import TypePlan

Place: TypeAlias = Literal["path", "query", "querystring", "header", "cookie", "body"]


Arrays: TypeAlias = Literal["repeat", "brackets", "indexes"]


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
    """How a parameter is written when it is not the default style of its place.

    Attributes:
        arrays: How arrays inside `deepObject` are written; None where there may be none.
    """

    style: str
    explode: bool
    reserved: bool = False
    arrays: Arrays | None = None


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


BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "binary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingPlan:
    """How one field of a form, or one part, is written; None where the contract decides.

    Attributes:
        content_type: `application/json` for JSON text; of a part, what it says that it is.
        headers: Fixed header fields of a part.
        arrays: How arrays inside `deepObject` are written; None where there may be none.
    """

    style: str | None = None
    explode: bool | None = None
    reserved: bool = False
    arrays: Arrays | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPlan:
    """What the request's body is.

    Attributes:
        content_type: As it is sent, apart from a boundary.
        fields: How fields of a form, or parts, are written, by upstream name; the others by default.
        source: The media type in the document.
    """

    kind: BodyKind
    content_type: str
    required: bool
    source: Location
    fields: tuple[tuple[str, EncodingPlan], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """One upstream operation with everything that its request needs.

    Attributes:
        path: Percent-encoded template.
        operation: operationId, or "METHOD /path".
        may_be_empty: Whether the document tells of a success without a body.
        body: None when the operation takes none.
        server: An absolute URL, or a path, that takes the place of the region's URL; empty for none.
        cache_s: Seconds for which an answer may be given again; 0 for never.
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
    body: BodyPlan | None
    server: str
    timeout_s: float
    max_bytes: int
    source: Location
    cache_s: float = 0.0

    @property
    def body_required(self) -> bool:
        """Whether a body is sent even when none of its fields is given."""
        return self.body is not None and self.body.required

    @property
    def content_type(self) -> str | None:
        """The media type of the body; None when the operation takes none."""
        return self.body.content_type if self.body is not None else None

    def at(self, place: Place) -> tuple[Binding, ...]:
        """The bindings of one place, in order."""
        return tuple(binding for binding in self.bindings if binding.place == place)
