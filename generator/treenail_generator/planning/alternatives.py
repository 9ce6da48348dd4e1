"""Which alternatives of a mixed schema a style can carry."""

from typing import Any, Final, cast

from .shapes import Shape
from .views import View, Views, split_null

_KINDS: Final[dict[str, frozenset[Shape]]] = {
    "object": frozenset({"object", "deep", "nested"}),
    "array": frozenset({"array", "nested"}),
}
_DEPTH: Final = 8
_PRIMITIVE: Final[frozenset[Shape]] = frozenset({"primitive"})


def with_form(
    schema: object, defined: frozenset[Shape], views: Views
) -> tuple[object, tuple[str, ...]]:
    """`schema` with the alternatives alone that are of the `defined` shapes, and what it lost.

    Nothing is lost where every alternative has a form, where none has, or where one does not say
    what it is.
    """
    view = views.of(schema)
    if isinstance(view.get("type"), list):
        return _of_types(schema, view, defined)
    for keyword in ("anyOf", "oneOf"):
        if isinstance(view.get(keyword), list):
            return _of_members(schema, view, keyword, defined, views)
    return schema, ()


def without_null_fields(schema: object, views: Views, depth: int = 0) -> object:
    """`schema` of an object whose fields are never null, which no style has a form for."""
    view = views.of(schema)
    told: Any = view.get("properties")
    if not isinstance(told, dict) or depth > _DEPTH:
        return schema
    named = cast("dict[str, object]", told)
    kept = {name: _never_null(each, views, depth) for name, each in named.items()}
    if all(kept[name] is named[name] for name in named):
        return schema
    return {**view, "properties": kept}


def _never_null(schema: object, views: Views, depth: int) -> object:
    inner, is_nullable = split_null(views.of(schema))
    return without_null_fields(inner if is_nullable else schema, views, depth + 1)


def _of_types(
    schema: object, view: View, defined: frozenset[Shape]
) -> tuple[object, tuple[str, ...]]:
    told = cast("list[str]", view["type"])
    kept = [each for each in told if _has_form(each, defined)]
    lost = tuple(each for each in told if each not in kept and each != "null")
    if not kept or not lost:
        return schema, ()
    return {**view, "type": kept[0] if len(kept) == 1 else kept}, lost


def _of_members(
    schema: object, view: View, keyword: str, defined: frozenset[Shape], views: Views
) -> tuple[object, tuple[str, ...]]:
    members = cast("list[object]", view[keyword])
    kinds = [_kind(views.of(each)) for each in members]
    if None in kinds:
        return schema, ()
    told = [str(kind) for kind in kinds]
    kept = [each for each, kind in zip(members, told, strict=True) if _has_form(kind, defined)]
    lost = tuple(
        dict.fromkeys(kind for kind in told if not _has_form(kind, defined) and kind != "null")
    )
    if not kept or not lost:
        return schema, ()
    own = {key: value for key, value in view.items() if key != keyword}
    if len(kept) == 1 and own.keys() <= {"description", "title"}:
        return kept[0], lost
    return {**own, keyword: kept}, lost


def _has_form(kind: str, defined: frozenset[Shape]) -> bool:
    return bool(_KINDS.get(kind, _PRIMITIVE if kind != "null" else frozenset()) & defined)


def _kind(view: View) -> str | None:
    """The one JSON type of a schema's values; None where it does not say."""
    told: Any = view.get("type")
    if isinstance(told, str):
        return told
    if "properties" in view or "additionalProperties" in view:
        return "object"
    return "array" if "items" in view else None
