"""From the upstream's answer to the tool's: find the payload, keep what was declared, page it.

Pure functions over JSON. A declared place that is not there yields less, never an error: the call
took place, and a surprise in its answer must not hide that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from pydantic import JsonValue

from .media import media_of
from .paging import Paging
from .plain_text import plain_text
from .selecting import Select, selection
from .types import JsonObject

_REDACTED: Final = "[redacted]"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A field whose presence may be told, but not its value."""

    name: str


@dataclass(frozen=True, slots=True)
class Nested:
    """A field that is an object, or a list of objects, with a record of its own.

    Attributes:
        record: A function for one that is defined later in the module.
    """

    name: str
    record: "Record | Callable[[], Record]"


@dataclass(frozen=True, slots=True)
class AsText:
    """A field with HTML, which is told as its text."""

    name: str


Kept: TypeAlias = "str | Nested | Redacted | AsText | None"
"""What becomes of an upstream field: its name in the answer, nested, redacted, as text, or None: dropped."""


@dataclass(frozen=True, slots=True)
class Record:
    """Which fields of an object the agent gets, by upstream name.

    Attributes:
        fields: Upstream name to what becomes of it.
        rest: Whether fields that are not named here pass: unchanged, or as a record says, as the
            values of a map do. A function for a record that is defined later in the module.
    """

    fields: Mapping[str, Kept]
    rest: "bool | Record | Callable[[], Record]" = False

    def of(self, value: JsonValue, *, nulls: bool = False) -> JsonValue:
        """`value` with only the kept fields; applied to each item of a list; no null fields, or all.

        What is no object has no fields: an allow-list leaves nothing of it.
        """
        if isinstance(value, list):
            return [self.of(item, nulls=nulls) for item in value]
        if not isinstance(value, dict):
            return value if self.rest is True else None
        kept: JsonObject = {}
        for key, item in value.items():
            if item is None and not nulls:
                continue
            match self.fields[key] if key in self.fields else self._further(key):
                case None:
                    continue
                case Redacted(name):
                    kept[name] = _REDACTED
                case AsText(name):
                    kept[name] = plain_text(item) if isinstance(item, str) else item
                case Nested(name, record):
                    inner = record if isinstance(record, Record) else record()
                    kept[name] = inner.of(item, nulls=nulls) if item is not None else None
                case name:
                    kept[name] = item
        return kept

    def _further(self, key: str) -> Kept:
        """What becomes of a field that is not named here."""
        if isinstance(self.rest, bool):
            return key if self.rest else None
        return Nested(key, self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumbers:
    """Where a page-numbered answer tells its place (dotted paths from the top of the answer)."""

    number: str
    pages: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The declared answer of a tool.

    Attributes:
        root: Dotted path to the payload; empty for the whole answer.
        select: JMESPath that makes the payload, in place of `root`.
        name: The payload is answered under this name; needed for lists and plain values, since a
            tool's structured answer is an object (MCP 2026-07-28, Tools, "Structured Content").
        many: The payload is a list; absent means empty.
        record: What to keep of each object; None keeps everything.
        page: Page numbers to tell beside a list.
        paging: How to ask for the next page of a list.
        max_items: Longest list handed on; the rest is counted, not hidden.
        nulls: `drop` leaves null fields out everywhere, `keep` nowhere; None leaves them out where
            a record holds.
        media_type: What the upstream promises, for answers that do not say it themselves.
        max_file_bytes: Largest image, sound or other file handed on.
        tells_redirects: Whether a status 3xx is an answer: the place where it leads is told.
        promises_file: Whether the upstream promises an image, a sound or another file.
    """

    root: str = ""
    select: str = ""
    name: str | None = None
    many: bool = False
    record: Record | None = None
    page: PageNumbers | None = None
    paging: Paging | None = None
    max_items: int | None = None
    nulls: Literal["drop", "keep"] | None = None
    media_type: str = "application/json"
    max_file_bytes: int = 1_000_000
    tells_redirects: bool = False
    promises_file: bool = field(init=False, repr=False, compare=False, default=False)
    _select: Select | None = field(init=False, repr=False, compare=False, default=None)
    _steps: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", tuple(self.root.split(".")) if self.root else ())
        if self.select:
            object.__setattr__(self, "_select", selection(self.select))
        object.__setattr__(self, "promises_file", media_of(self.media_type).kind == "file")

    @property
    def is_partial(self) -> bool:
        """Whether the agent gets a declared part only, so that nothing may pass unread."""
        return self.record is not None or bool(self.root or self.select)

    def is_unlisted(self, value: JsonValue) -> bool:
        """Whether there is no list where it is declared."""
        return self.many and not self.select and _at(value, self._steps) is None

    def lost(self, value: JsonValue) -> int:
        """How many items `value` tells of while the list is not where it is declared.

        None behind the last page, where some upstreams leave out the list.
        """
        if self.page is None or not self.is_unlisted(value):
            return 0
        number, pages, total = _told(value, self.page)
        is_behind = isinstance(number, int) and isinstance(pages, int) and number >= pages
        return 0 if is_behind else _number(total)

    def of(self, value: JsonValue) -> JsonObject:
        """The tool's answer for the upstream's parsed `value`.

        Raises:
            SelectionError: `select` does not fit it.
        """
        payload = self._select(value) if self._select else _at(value, self._steps)
        if payload is None and self.many:
            payload = []
        if self.nulls == "drop":
            payload = _without_nulls(payload)
        shaped = self.record.of(payload, nulls=self.nulls == "keep") if self.record else payload
        if isinstance(shaped, dict) and self.name is None:
            return shaped
        answer: JsonObject = {self.name or "value": shaped}
        if isinstance(shaped, list) and self.max_items is not None and len(shaped) > self.max_items:
            answer[self.name or "value"] = shaped[: self.max_items]
            answer["truncated"] = {"shown": self.max_items, "of": len(shaped)}
        if self.page:
            answer.update(_place(value, self.page))
        return answer


def _without_nulls(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _at(value: JsonValue, steps: tuple[str, ...]) -> JsonValue:
    """What stands at `steps`, whose numbers count in lists; None when there is nothing."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _told(value: JsonValue, page: PageNumbers) -> tuple[JsonValue, JsonValue, JsonValue]:
    number, pages, total = (
        _at(value, tuple(path.split("."))) for path in (page.number, page.pages, page.total)
    )
    return number, pages, total


def _place(value: JsonValue, page: PageNumbers) -> JsonObject:
    """`page`, `total_pages`, `total_items` as told, and `next_page` unless this is the last one."""
    number, pages, total = _told(value, page)
    place: JsonObject = {"page": number, "total_pages": pages, "total_items": total}
    if isinstance(number, int) and isinstance(pages, int) and number + 1 < pages:
        place["next_page"] = number + 1
    return {name: told for name, told in place.items() if told is not None}


def detail(value: JsonValue, path: str) -> str | None:
    """The text or number at a dotted `path` of an error body, as text; None when there is none."""
    found = _at(value, tuple(path.split("."))) if path else value
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None
