"""The section of the connector file that declares one tool."""

from typing import Literal

from pydantic import Field

from .params import Param
from .response import ResponseSection
from .values import Advice, Closed, Seconds, ToolName


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
