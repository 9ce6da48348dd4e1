"""The section of the connector file that declares one tool."""

from typing import Literal

from pydantic import Field

from .params import Param
from .response import ResponseSection
from .values import Advice, Closed, KeptSeconds, Seconds, ToolName


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


class BodySection(Closed):
    """How the body is asked for; `flatten` and `nested` are short for two of its forms."""

    name: str | None = Field(
        default=None,
        alias="as",
        description="The name of one argument for the whole body; else its fields stand apart.",
    )
    media: str | None = Field(
        default=None, description="The media type to send, of those that the document offers."
    )
    only: list[str] | None = Field(
        default=None, description="The body fields that are offered, and no others."
    )
    omit: list[str] = Field(default=[], description="Body fields that are not offered.")

    @property
    def is_nested(self) -> bool:
        """Whether the whole body is one argument."""
        return self.name is not None


class ToolSection(Closed):
    """One tool over one operation."""

    operation: str = Field(description="The operationId, or `METHOD /path` without one.")
    name: ToolName = Field(description="The tool's name: letters, digits, `_`, `-`, `.`.")
    title: str | None = Field(
        default=None, description="The tool's name for people, where its name does not say it."
    )
    description: str = Field(description="When and how to use it, for the agent.")
    body: Literal["flatten", "nested"] | BodySection = Field(
        default="flatten",
        description="Body fields beside the other arguments, or in one argument `body`; or a section.",
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
    cache: KeptSeconds | None = Field(
        default=None,
        description="For how long an answer may be given again to the same connection, like 60s;"
        " 1s to 1h, only of GET and HEAD.",
    )
    retry: bool | None = Field(
        default=None,
        description="Whether a failed request may be sent again; by the HTTP method if not said.",
    )
    scope: str | None = Field(
        default=None,
        description="The scope that a token needs for it; else by whether it only reads.",
    )

    @property
    def body_section(self) -> BodySection:
        """`body`, its short forms written out."""
        match self.body:
            case "flatten":
                return _FLAT_BODY
            case "nested":
                return NESTED_BODY
            case BodySection():
                return self.body


_FLAT_BODY = BodySection()
NESTED_BODY = BodySection.model_validate({"as": "body"})
"""The whole body in one argument `body`."""
