"""The sections of the connector file that say what a tool answers."""

from typing import Annotated, Any, Literal

from pydantic import Field

from .values import Bytes, Closed, OutputMode


class PageSection(Closed):
    """Where a page-numbered answer tells its place."""

    number: str = Field(description="Dotted path to the number of this page, counted from 0.")
    pages: str = Field(description="Dotted path to the number of pages.")
    total: str = Field(description="Dotted path to the number of items in the whole list.")


class PaginationSection(Closed):
    """How the pages of a list follow each other."""

    style: Literal["page", "offset", "cursor", "link"] = Field(
        description="Pages or items are counted; a cursor stands in the answer or in its Link header."
    )
    parameter: str = Field(description="Query parameter that asks for a page.")
    first: Literal[0, 1] | None = Field(
        default=None, description="Number of the first page or item; 1 for pages, else 0."
    )
    size: str = Field(default="", description="Query parameter that holds the size of a page.")
    next: str = Field(default="", description="JMESPath to the next cursor, or to a URL with it.")
    more: str = Field(default="", description="JMESPath to whether there is more.")
    pages: str = Field(default="", description="JMESPath to the number of pages.")
    total: str = Field(default="", description="JMESPath to the number of items in all.")
    auto: bool = Field(default=False, description="Whether one call reads several pages.")
    max_pages: Annotated[int, Field(ge=1, le=20)] = Field(
        default=3, description="So many pages one call reads, with auto."
    )


class ResponseSection(Closed):
    """Which part of the upstream's answer the agent gets."""

    root: str = Field(
        default="", description="JMESPath to the payload; empty for the whole answer."
    )
    jmespath: str | None = Field(
        default=None, description="JMESPath that makes the answer of the payload."
    )
    schema_: dict[str, Any] | None = Field(
        default=None, alias="schema", description="JSON Schema of the payload, where none is known."
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
    plain: list[str] = Field(
        default=[], description="Dotted names of fields whose HTML is told as its text."
    )
    rename: dict[str, str] = Field(
        default={}, description="What the agent calls a field, by its dotted name."
    )
    page: PageSection | Literal["none"] | None = Field(
        default=None, description="Where a list tells its place; `none` tells nothing."
    )
    pagination: PaginationSection | Literal["none"] | None = Field(
        default=None, description="How a list goes on; `none` tells nothing."
    )
    nulls: Literal["drop", "keep"] | None = Field(
        default=None, description="Whether null fields are left out everywhere, or nowhere."
    )
    max_file_bytes: Bytes | None = Field(
        default=None, description="Largest file handed on, like 5MB."
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
