"""What the fields of a body may be: by the style, the form and the media types that they go in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from treenail_generator.document import Media
from treenail_generator.plan import (
    BodyKind,
    EncodingPlan,
    ExactType,
    FileType,
    ListType,
    TypePlan,
)

from .exact import without_null
from .headers import is_json
from .shapes import Shape, carried, defined_shapes

_OF_TEXT: Final[frozenset[Shape]] = frozenset({"primitive", "array"})
"""What is a text, or one for each item: how an object looks as CSV or XML, nobody says."""


def defined_by(encoding: EncodingPlan, kind: BodyKind) -> frozenset[Shape] | None:
    """What the style, or the media type, of a field has a form for; None where JSON says all."""
    if encoding.style is None:
        is_text = encoding.content_type is not None and not is_json(encoding.content_type)
        return _OF_TEXT if is_text else None
    if kind == "multipart" and encoding.style != "form":
        # OpenAPI 3.0.4 has no styles for parts at all, 3.1 none that a part could be read back from.
        return frozenset()
    return defined_shapes("query", encoding.style, encoding.arrays)


def in_form(kind: TypePlan) -> TypePlan:
    """`kind` as a field of a form carries it: without null, and no empty lists."""
    kind = carried(kind)
    match kind:
        case ExactType():
            return replace(kind, own=without_null(kind.own))
        case ListType(item=item):
            return replace(kind, item=carried(item), min_items=max(kind.min_items or 0, 1))
        case _:
            return kind


def accepting(kind: TypePlan, accept: tuple[str, ...]) -> TypePlan:
    """`kind` with the media types that the document tells, where the connector file tells none."""
    match kind:
        case FileType(accept=()) if accept:
            return replace(kind, accept=accept)
        case ListType(item=item):
            return replace(kind, item=accepting(item, accept))
        case _:
            return kind


def examples_of(media: Media) -> Mapping[str, tuple[Any, ...]]:
    """What the examples of a whole body say of each of its fields."""
    found: dict[str, tuple[Any, ...]] = {}
    for example in media.examples:
        if isinstance(example, dict):
            for name, value in example.items():
                found[name] = (*found.get(name, ()), value)
    return found
