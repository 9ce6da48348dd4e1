"""The sections of the connector file that say what becomes of a parameter or body field."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from .values import Bytes, Closed

Arrays: TypeAlias = Literal["repeat", "brackets", "indexes"]


class Constrain(Closed):
    """Keywords that narrow the document's schema; the build proves that they do."""

    enum: Annotated[list[JsonValue], Field(min_length=1)] | None = Field(
        default=None, description="Only these values, each of which the document allows."
    )
    minimum: int | float | None = Field(default=None, description="The least number.")
    maximum: int | float | None = Field(default=None, description="The greatest number.")
    min_length: int | None = Field(
        default=None, ge=0, alias="minLength", description="The fewest characters."
    )
    max_length: int | None = Field(
        default=None, ge=0, alias="maxLength", description="The most characters."
    )
    pattern: str | None = Field(
        default=None, description="Regular expression, where the document has none or the same one."
    )
    format: str | None = Field(
        default=None, description="Format of a text, where the document has none or the same one."
    )
    min_items: int | None = Field(
        default=None, ge=0, alias="minItems", description="The fewest items."
    )
    max_items: int | None = Field(
        default=None, ge=0, alias="maxItems", description="The most items."
    )


class Param(Closed):
    """What becomes of one parameter or body field of the operation."""

    rename: str | None = Field(
        default=None, description="What the agent calls it; else by `naming`."
    )
    hide: bool = Field(
        default=False,
        description="Never offered, never sent. Not for what the upstream requires.",
    )
    constant: JsonValue = Field(
        default=None, description="Always sent with this value; not offered."
    )
    default: JsonValue = Field(
        default=None, description="Sent when the agent leaves it out; makes it optional."
    )
    inject: str | None = Field(
        default=None,
        description="Login field whose value is always sent; not offered, never a secret.",
    )
    override: bool = Field(
        default=False,
        description="With `inject`: an optional argument that goes before the connection's value.",
    )
    describe: str | None = Field(
        default=None,
        description="What the agent is told about it; else the document's description.",
    )
    example: JsonValue = Field(
        default=None, description="A value that works: for docs, `gen call`, `gen mock` and tests."
    )
    constrain: Constrain | None = Field(default=None, description="Narrows what is allowed.")
    required: Literal[True] | None = Field(
        default=None, description="Makes an optional argument required."
    )
    accept: list[str] = Field(
        default=[], description="Media types that a file may have, like `image/*`; any by default."
    )
    max_bytes: Bytes | None = Field(
        default=None, description="Largest file, decoded, like 5MB; 10MB by default."
    )
    arrays: Arrays | None = Field(
        default=None,
        description="How the upstream reads arrays inside `deepObject`, which has no rule for them.",
    )
    keep_deprecated: bool = Field(
        default=False, description="Offers a field although it is deprecated."
    )
