"""The sections of the connector file that say what a tool sends, and what it answers."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from .values import Advice, Bytes, Closed, OutputMode, Seconds, ToolName


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
    keep_deprecated: bool = Field(
        default=False, description="Offers a field although it is deprecated."
    )


class PageSection(Closed):
    """Where a page-numbered answer tells its place."""

    number: str = Field(description="Dotted path to the number of this page, counted from 0.")
    pages: str = Field(description="Dotted path to the number of pages.")
    total: str = Field(description="Dotted path to the number of items in the whole list.")


class ResponseSection(Closed):
    """Which part of the upstream's answer the agent gets."""

    root: str = Field(
        default="", description="Dotted path to the payload; empty for the whole answer."
    )
    name: str | None = Field(
        default=None, description="Under which name a list is answered; an object is wrapped in it."
    )
    pick: list[str] | None = Field(
        default=None, description="Dotted names of the fields that the agent gets, and no others."
    )
    omit: list[str] = Field(default=[], description="Dotted names of fields that are left out.")
    redact: list[str] = Field(
        default=[], description="Dotted names of fields whose value becomes `[redacted]`."
    )
    rename: dict[str, str] = Field(
        default={}, description="What the agent calls a field, by its dotted name."
    )
    page: PageSection | Literal["none"] | None = Field(
        default=None, description="Where a list tells its place; `none` tells nothing."
    )
    max_items: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Longest list handed on; the rest is counted."
    )
    max_bytes: Bytes | None = Field(
        default=None, description="Largest answer accepted from the upstream, like 1MB."
    )
    output: OutputMode | None = Field(
        default=None, description="Whether the answer's schema is published as `outputSchema`."
    )


class AnnotationSection(Closed):
    """Corrections to what the HTTP method suggests."""

    read_only: bool | None = Field(
        default=None, description="Changes nothing; also allows retries."
    )
    destructive: bool | None = Field(
        default=None, description="May replace or remove what is there."
    )
    idempotent: bool | None = Field(default=None, description="A second call changes nothing more.")
    open_world: bool | None = Field(default=None, description="Talks to a system outside.")


class ToolSection(Closed):
    """One tool over one operation."""

    operation: str = Field(description="The operationId, or `METHOD /path` without one.")
    name: ToolName = Field(description="The tool's name: letters, digits, `_`, `-`, `.`.")
    title: str = Field(description="The tool's name for people.")
    description: str = Field(description="When and how to use it, for the agent.")
    body: Literal["flatten", "nested"] = Field(
        default="flatten",
        description="Body fields beside the other arguments, or in one argument `body`.",
    )
    params: dict[str, Param] = Field(
        default={},
        description="What becomes of parameters and body fields, by the document's names.",
    )
    response: ResponseSection = Field(
        default=ResponseSection(), description="Which part of the answer the agent gets."
    )
    annotations: AnnotationSection = Field(
        default=AnnotationSection(), description="Hints for clients, where the method misleads."
    )
    errors: Advice = Field(
        default={}, description="Advice by status or upstream code; goes before `errors.advice`."
    )
    timeout: Seconds | None = Field(
        default=None, description="Time for a whole call, retries included, like 20s."
    )
    retry: bool | None = Field(
        default=None,
        description="Whether a failed request may be sent again; by the HTTP method if not said.",
    )
    scope: str | None = Field(
        default=None,
        description="The scope that a token needs for it; else by whether it only reads.",
    )
