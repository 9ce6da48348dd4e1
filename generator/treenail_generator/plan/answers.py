"""What becomes of an upstream's answer."""

from dataclasses import dataclass


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
