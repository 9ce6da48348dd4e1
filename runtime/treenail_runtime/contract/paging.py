"""Which page comes next, and how an agent, or the call itself, asks for it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import JsonValue

from .errors import ToolError
from .selecting import Select, SelectionError, selection
from .types import JsonObject

_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[^,;\"]+(?:\"[^\"]*\")?)*)")
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)

Ask: TypeAlias = "Callable[[JsonValue], Awaitable[tuple[JsonObject, JsonValue]]]"
"""Reads the page of that value: the tool's answer for it, and the value of the page behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How the pages of a list follow each other.

    Attributes:
        style: `page` counts pages, `offset` items; `cursor` stands in the answer, `link` in its
            `Link` header (RFC 8288).
        parameter: The upstream's query parameter that asks for a page.
        argument: What the agent calls it; empty when it is not offered.
        told: Under which name the next value is answered.
        first: The value of the first page.
        size: The query parameter that holds the size of a page; empty for none.
        next: Path in the answer to the next cursor, or to a URL that holds it.
        more: Path to whether there is more; empty for none.
        pages: Path to the number of pages; empty for none.
        total: Path to the number of items in all; empty for none.
        most_pages: So many are read in one call.
    """

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
    _paths: dict[str, Select] = field(
        init=False, repr=False, compare=False, default_factory=dict[str, Select]
    )

    def __post_init__(self) -> None:
        for path in filter(None, (self.next, self.more, self.pages, self.total)):
            self._paths[path] = selection(path)

    def following(
        self, query: Mapping[str, object], value: JsonValue, count: int, link: str
    ) -> JsonValue:
        """The value that asks for the page behind this one; None when this is the last.

        Args:
            query: What this page was asked with.
            value: The upstream's answer.
            count: Items on this page.
            link: The `Link` header field; empty when there is none.
        """
        more = self._at(self.more, value)
        if more is False:
            return None
        match self.style:
            case "cursor":
                return self._cursor(self._at(self.next, value))
            case "link":
                return self._cursor(next_link(link))
            case "page":
                return self._next_page(query, value, count)
            case "offset":
                offset = _whole(query.get(self.parameter), self.first)
                total = self._at(self.total, value)
                ends = isinstance(total, int) and offset + count >= total
                goes_on = (more is True and count > 0) or self._is_full(query, total, count)
                return None if ends or not goes_on else offset + count

    def tells_of_items(self, query: Mapping[str, object], value: JsonValue) -> bool:
        """Whether the answer counts items that stand on this page or behind it.

        Cursors count nothing: some upstreams leave out a list that is empty on this page alone.
        """
        start = _whole(query.get(self.parameter), self.first)
        pages, total = self._at(self.pages, value), self._at(self.total, value)
        if self.style == "offset":
            return isinstance(total, int) and start < total
        if self.style != "page":
            return False
        read = start - self.first
        if isinstance(pages, int):
            # One page may be an empty one.
            return read < pages and (pages > 1 if total is None else total != 0)
        size = _whole(query.get(self.size), 0)
        return isinstance(total, int) and read * size < total and (size > 0 or read == 0)

    def _next_page(self, query: Mapping[str, object], value: JsonValue, count: int) -> int | None:
        page = _whole(query.get(self.parameter), self.first)
        read = page - self.first + 1
        pages, total = self._at(self.pages, value), self._at(self.total, value)
        size = _whole(query.get(self.size), 0)
        if isinstance(pages, int):
            return page + 1 if read < pages else None
        if isinstance(total, int) and size:
            return page + 1 if read * size < total else None
        return page + 1 if self._is_full(query, None, count) else None

    def _is_full(self, query: Mapping[str, object], total: JsonValue, count: int) -> bool:
        """Whether a page of `count` items lets expect another one."""
        size = _whole(query.get(self.size), 0)
        return count > 0 and (total is not None or count >= size)

    def _cursor(self, told: JsonValue) -> JsonValue:
        """The cursor, taken out of a URL where it stands in one."""
        if not isinstance(told, str | int) or isinstance(told, bool) or told == "":
            return None
        text = str(told)
        if self.style == "link" or text.startswith(("http://", "https://", "/", "?")):
            found = dict(parse_qsl(urlsplit(text).query)).get(self.parameter)
            if found is None:
                return None if self.style == "link" else told
            return int(found) if self.told != "next_cursor" and found.isdecimal() else found
        return told

    def _at(self, path: str, value: JsonValue) -> JsonValue:
        try:
            return self._paths[path](value) if path else None
        except SelectionError:
            return None

    def telling(self, answer: JsonObject, following: JsonValue) -> JsonObject:
        """`answer` with what asks for the next page, when there is one."""
        if following is None:
            return answer
        if not self.argument:
            # The agent cannot ask for it; it still hears that this was not all.
            answer["has_more"] = True
            return answer
        answer[self.told] = following
        if self.told != f"next_{self.argument}":
            answer["next_argument"] = self.argument
        return answer


def next_link(field_value: str) -> str | None:
    """The target of the first link of relation `next` (RFC 8288 3); None when there is none."""
    for target, parameters in _LINK.findall(field_value):
        found = _REL.search(parameters)
        if found and "next" in (found[1] or found[2]).lower().split():
            return cast("str", target)
    return None


async def read_pages(
    paging: Paging, name: str, most_items: int | None, first: tuple[JsonObject, JsonValue], ask: Ask
) -> JsonObject:
    """The first page with the items of those behind it, as far as allowed.

    A page that fails ends the reading; what was read is told, and how to go on.
    """
    answer, following = first
    items = _list(answer, name)
    for _ in range(paging.most_pages - 1):
        if following is None or (most_items is not None and len(items) >= most_items):
            break
        try:
            page, behind = await ask(following)
        except (ToolError, TimeoutError):
            break
        more = _list(page, name)
        if most_items is not None and len(items) + len(more) > most_items:
            break
        items += more
        following = behind
    return paging.telling({**answer, name: items}, following)


def _list(answer: JsonObject, name: str) -> list[JsonValue]:
    found = answer.get(name)
    return list(cast("list[JsonValue]", found)) if isinstance(found, list) else []


def _whole(value: object, otherwise: int) -> int:
    """The whole number that a query parameter holds."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
