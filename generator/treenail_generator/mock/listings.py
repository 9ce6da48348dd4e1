"""Where a list answer holds its records and tells its page, and which page a request asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from treenail_generator.document import JSON, Operation, Schema
from treenail_generator.document.values import mapping

from .letters import letters
from .shapes import Shapes

Fact: TypeAlias = Literal["number", "size", "total", "pages", "here", "first_index", "last", "more"]
"""What an answer can tell of its page."""

_FACTS: Final[Mapping[Fact, frozenset[str]]] = {
    "number": frozenset(("number", "page", "pagenumber", "currentpage", "pageindex", "current")),
    "size": frozenset(("size", "pagesize", "perpage", "limit")),
    "total": frozenset(
        ("totalelements", "total", "totalcount", "totalitems", "totalresults", "count")
    ),
    "pages": frozenset(("totalpages", "pages", "pagecount", "numpages", "lastpage")),
    "here": frozenset(("numberofelements", "returned")),
    "first_index": frozenset(("offset", "skip", "start")),
    "last": frozenset(("last", "islast")),
    "more": frozenset(("hasmore", "hasnext", "hasnextpage", "more")),
}
_BOOLEAN: Final = frozenset(("last", "more"))
_SIZES: Final = frozenset(
    ("size", "pagesize", "perpage", "limit", "count", "maxresults", "top", "first")
)
_NUMBERS: Final = frozenset(("page", "pagenumber", "number", "p"))
_OFFSETS: Final = frozenset(("offset", "skip", "start", "pagecursor"))
_ASIDE: Final = frozenset(("links", "link", "errors", "warnings", "messages"))
_DEPTH: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The shape of an answer that lists records.

    Attributes:
        path: The property names that lead to the array; empty when it is the whole answer.
        item: The schema of a record.
        facts: By the property names that lead to it, what an integer or boolean tells.
    """

    path: tuple[str, ...]
    item: JSON
    facts: Mapping[tuple[str, ...], Fact] = field(default_factory=dict[tuple[str, ...], Fact])


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which query parameters of an operation choose the page; None where it has none.

    Attributes:
        base: The number of the first page.
        default_size: How many records a page holds when nobody says.
    """

    size: str | None
    number: str | None
    offset: str | None
    base: int
    default_size: int

    @property
    def names(self) -> frozenset[str]:
        """The parameters that choose; empty when a page cannot be asked for."""
        return frozenset(name for name in (self.size, self.number, self.offset) if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of all the records there are."""

    number: int
    size: int
    start: int
    total: int

    def fact(self, fact: Fact) -> JSON:
        """What the answer tells of the page."""
        pages = -(-self.total // self.size)
        here = max(0, min(self.size, self.total - self.start))
        has_more = self.start + self.size < self.total
        told: Mapping[Fact, JSON] = {
            "number": self.number,
            "size": self.size,
            "total": self.total,
            "pages": pages,
            "here": here,
            "first_index": self.start,
            "last": not has_more,
            "more": has_more,
        }
        return told[fact]


def find_listing(shapes: Shapes, operation: Operation, schema: JSON) -> Listing | None:
    """How the answer of a GET lists records; None when it does not."""
    nearest = next(_arrays(shapes, schema), None)
    if nearest is None:
        return None
    path, item = nearest
    facts = dict(_facts(shapes, schema, ()))
    paging = find_paging(operation)
    root = [name for name in shapes.properties(schema) if letters(name) not in _ASIDE]
    if path and not facts and len(root) > 1 and not paging.names:
        return None
    return Listing(path=path, item=item, facts=facts)


def find_paging(operation: Operation) -> Paging:
    """How the operation is asked for a page."""
    found: dict[str, str] = {}
    schemas: dict[str, Schema] = {}
    for parameter in operation.parameters:
        if parameter.place == "query":
            for role, names in (("size", _SIZES), ("number", _NUMBERS), ("offset", _OFFSETS)):
                if letters(parameter.name) in names and role not in found:
                    found[role], schemas[role] = parameter.name, parameter.schema
    number, size = schemas.get("number", {}), schemas.get("size", {})
    default = size.get("default", size.get("maximum", 20))
    return Paging(
        size=found.get("size"),
        number=found.get("number"),
        offset=found.get("offset"),
        base=1 if 1 in (number.get("minimum"), number.get("default")) else 0,
        default_size=default if isinstance(default, int) and default > 0 else 20,
    )


def page_asked(paging: Paging, query: Sequence[tuple[str, str]], total: int) -> Page:
    """The page that a valid request asks for; all records where it cannot ask."""
    asked = dict(query)

    def number(name: str | None, default: int) -> int:
        text = asked.get(name, "") if name else ""
        return int(text) if text.isdecimal() else default

    if not paging.names:
        return Page(number=paging.base, size=max(total, 1), start=0, total=total)
    size = max(number(paging.size, paging.default_size), 1)
    page = max(number(paging.number, paging.base), paging.base)
    start = number(paging.offset, (page - paging.base) * size)
    if paging.offset in asked:
        page = paging.base + start // size
    return Page(number=page, size=size, start=start, total=total)


def with_page(listing: Listing, envelope: JSON, records: list[JSON], page: Page) -> JSON:
    """A made-up answer with these records in place, and the truth about their page."""
    answer = put(envelope, listing.path, records)
    for path, fact in listing.facts.items():
        answer = put(answer, path, page.fact(fact))
    return answer


def put(value: JSON, path: Sequence[str], new: JSON) -> JSON:
    """A copy in which `new` stands at the path."""
    if not path:
        return new
    node = mapping(value)
    return {**node, path[0]: put(node.get(path[0]), path[1:], new)}


def _arrays(shapes: Shapes, schema: JSON) -> Iterator[tuple[tuple[str, ...], JSON]]:
    """Arrays of objects, those nearest to the root first."""
    if shapes.kind(schema) == "array":
        if shapes.kind(shapes.item(schema)) == "object":
            yield (), shapes.item(schema)
        return
    level: list[tuple[tuple[str, ...], JSON]] = [((), schema)]
    for _ in range(_DEPTH):
        below: list[tuple[tuple[str, ...], JSON]] = []
        for above, parent in level:
            for name, child in shapes.properties(parent).items():
                kind = shapes.kind(child)
                if kind == "object":
                    below.append(((*above, name), child))
                is_list = kind == "array" and letters(name) not in _ASIDE
                if is_list and shapes.kind(shapes.item(child)) == "object":
                    yield (*above, name), shapes.item(child)
        level = below


def _facts(
    shapes: Shapes, schema: JSON, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Fact]]:
    for name, child in shapes.properties(schema).items():
        kind = shapes.kind(child)
        if kind == "object" and len(path) < _DEPTH - 1:
            yield from _facts(shapes, child, (*path, name))
        for fact, names in _FACTS.items():
            wanted = {"boolean"} if fact in _BOOLEAN else {"integer", "number"}
            if kind in wanted and letters(name) in names:
                yield (*path, name), fact
