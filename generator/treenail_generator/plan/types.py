"""What an argument may be: types, fields and the models made of them.

`attribute` and `model` are identifiers already; every other text is data and is printed as a
literal.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from treenail_generator.yaml_source import JSON

from .definitions import Definitions


class Absent:
    """The type of `ABSENT`: a value that was not given, where null is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
MaybeJSON: TypeAlias = "JSON | Absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType:
    """A string.

    Attributes:
        format: Published.
        checked: Whether the format is enforced.
    """

    format: str | None = None
    checked: bool = False
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


@dataclass(frozen=True, slots=True, match_args=False)
class ExactType:
    """A value checked by, and published as, a JSON Schema 2020-12.

    Attributes:
        own: What the argument says itself; its references lead to definitions of the module.
        definitions: Those of the whole module, more than it reaches.
        formats: Whether those of its texts are enforced.
    """

    own: dict[str, JSON]
    definitions: Definitions = field(default_factory=Definitions, compare=False, repr=False)
    formats: bool = True

    __match_args__ = ("schema",)

    @property
    def schema(self) -> dict[str, JSON]:
        """The same schema in one piece; not to be changed."""
        return self.definitions.bundled(self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A file: its bytes, and what it is called and is.

    Attributes:
        accept: Media types; empty for any.
        max_bytes: None for the contract's limit.
    """

    accept: tuple[str, ...] = ()
    max_bytes: int | None = None


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
    | FileType
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
class FixedField:
    """A property of an object inside an argument that is sent with `value` and not offered.

    Attributes:
        attribute: The Python attribute.
        upstream: What the upstream calls it.
    """

    attribute: str
    upstream: str
    value: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """A class of the generated module: a tool's arguments, or an object inside them.

    Attributes:
        fixed: What is sent with every such object.
        closed: Whether the document itself allows no other fields.
    """

    name: str
    doc: str
    fields: tuple[FieldPlan, ...]
    fixed: tuple[FixedField, ...] = ()
    closed: bool = False

    def field(self, attribute: str) -> FieldPlan:
        """The field of that Python attribute."""
        return next(each for each in self.fields if each.attribute == attribute)
