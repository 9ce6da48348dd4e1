"""The sections of the connector file that say what a tool answers."""

from typing import Annotated, Literal

from pydantic import Field

from .values import Bytes, Closed, OutputMode


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
