"""What becomes of an upstream's answer."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptField:
    """What becomes of one field of an upstream object: dropped when `name` is None.

    Attributes:
        plain: Whether its HTML is told as text.
        late: Whether the module defines `record` behind what mentions it.
    """

    upstream: str
    name: str | None
    record: str | None = None
    redacted: bool = False
    plain: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """A constant of the generated module: which fields of an object the agent gets.

    Attributes:
        rest: Whether further fields pass.
        values: The record of further fields, of a map whose values are objects; unchanged if None.
        late: Whether the module defines `values` behind it.
    """

    constant: str
    fields: tuple[KeptField, ...]
    rest: bool
    values: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """Where a page-numbered answer tells its place."""

    number: str
    pages: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingPlan:
    """How to ask for the next page; see the contract's `Paging`."""

    style: Literal["page", "offset", "cursor", "link"]
    parameter: str
    argument: str = ""
    told: str = "next_cursor"
    first: int = 1
    size: str = ""
    next: str = ""
    more: str = ""
    pages: str = ""
    total: str = ""
    most_pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlan:
    """How the upstream's answer becomes the tool's.

    Attributes:
        kind: What the document promises; `nothing`: a success without a body.
        media_type: What stands for a missing one.
        accept: What the request says it accepts.
        nulls: None: records drop them, and what passes as it is keeps them.
        redirects: Whether a status 3xx is an answer.
    """

    kind: Literal["json", "text", "file", "nothing"] = "json"
    root: str = ""
    select: str = ""
    name: str | None = None
    many: bool = False
    record: str | None = None
    page: PagePlan | None = None
    paging: PagingPlan | None = None
    max_items: int | None = None
    media_type: str = "application/json"
    max_file_bytes: int | None = None
    accept: str = "application/json"
    nulls: Literal["drop", "keep"] | None = None
    redirects: bool = False
