"""Links from one page of a list to its neighbours, where an answer tells them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from treenail_generator.document import JSON
from treenail_generator.document.values import mapping

from .letters import letters
from .listings import Page, Paging, put
from .shapes import Shapes
from .wire import Call

Relation: TypeAlias = Literal["self", "first", "previous", "next", "last"]

_RELATIONS: Final[Mapping[str, Relation]] = {
    "self": "self",
    "first": "first",
    "prev": "previous",
    "previous": "previous",
    "next": "next",
    "last": "last",
}
_HOLDERS: Final = frozenset(("links", "paging", "pagination"))
_DEPTH: Final = 3


def with_links(
    shapes: Shapes, schema: JSON, answer: JSON, call: Call, page: Page, paging: Paging
) -> JSON:
    """The answer with the true links of its page; one that leads nowhere is null, or left out."""
    if paging.offset is None and paging.number is None:
        return answer
    for path, relation, child in _links(shapes, schema, ()):
        url = _url(call, page, paging, relation)
        if url is not None:
            answer = put(answer, path, url)
        elif shapes.fits(child, None):
            answer = put(answer, path, None)
        else:
            answer = _without(answer, path)
    return answer


def _links(
    shapes: Shapes, schema: JSON, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Relation, JSON]]:
    for name, child in shapes.properties(schema).items():
        kind = shapes.kind(child)
        if kind == "object" and len(path) < _DEPTH - 1:
            yield from _links(shapes, child, (*path, name))
        relation = _RELATIONS.get(letters(name))
        is_held = any(letters(step) in _HOLDERS for step in path)
        if relation is not None and is_held and kind == "string":
            yield (*path, name), relation, child


def _url(call: Call, page: Page, paging: Paging, relation: Relation) -> str | None:
    """Path and query of a page; None when there is none."""
    last = max(0, -(-page.total // page.size) - 1)
    here = page.start // page.size
    number = {"self": here, "first": 0, "previous": here - 1, "next": here + 1, "last": last}[
        relation
    ]
    if not 0 <= number <= max(here, last) or (relation == "next" and number > last):
        return None
    asked = {
        name: value
        for name, value in (
            (paging.offset, number * page.size),
            (paging.number if paging.offset is None else None, paging.base + number),
            (paging.size, page.size),
        )
        if name is not None
    }
    kept = [(name, value) for name, value in call.query if name not in asked]
    return f"{call.path}?{urlencode([*kept, *asked.items()])}"


def _without(value: JSON, path: Sequence[str]) -> JSON:
    node = mapping(value)
    if len(path) == 1:
        return {name: item for name, item in node.items() if name != path[0]}
    return {**node, path[0]: _without(node.get(path[0]), path[1:])} if path[0] in node else node
