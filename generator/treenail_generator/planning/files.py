"""Which values of a form or body are files."""

from collections.abc import Sequence
from typing import Any, Final, cast

from .views import View, Views, split_null

_BINARY: Final = frozenset({"binary", "file"})
_TEXTUAL: Final = ("text/", "application/json", "application/xml")
_TOLD: Final = ("description", "title", "deprecated", "readOnly", "writeOnly")
_DEPTH: Final = 8
_DEEPEST: Final = 3


def is_file(view: View) -> bool:
    """Whether a value is the bytes of a file.

    OpenAPI 3.0 says `format: binary`; 3.1 a `contentMediaType` without `contentEncoding`. A text that
    holds bytes in base64 (`format: byte`, `contentEncoding`) is sent as that text.
    """
    told = view.get("type")
    if "string" not in _kinds(view) and told != "file" and told is not None:
        return False
    if told == "file" or view.get("format") in _BINARY:
        return True
    media = view.get("contentMediaType")
    encoded = "contentEncoding" in view
    return isinstance(media, str) and not encoded and not media.startswith(_TEXTUAL)


def as_files(schema: object, views: Views, depth: int = 0) -> View | None:
    """What a part says in `schema` when it is a file or several; None when it is none.

    Null has no part, and a lone file is a list of one: of alternatives a file is left, or a list of
    files. Other alternatives are lost, see `beside_files`.
    """
    view, _ = split_null(views.of(schema))
    if is_file(view):
        return view
    if depth > _DEPTH:
        return None
    told = {key: view[key] for key in _TOLD if key in view}
    if "items" in view and _kinds(view) & {"array", None}:
        item = as_files(view["items"], views, depth + 1)
        bounds = {key: view[key] for key in ("minItems", "maxItems") if key in view}
        is_flat = item is not None and "items" not in item
        return {**told, **bounds, "type": "array", "items": item} if is_flat else None
    found = [as_files(each, views, depth + 1) for each in _members(view)]
    chosen = _widest([each for each in found if each is not None])
    return chosen and {**chosen, **told}


def beside_files(schema: object, views: Views) -> bool:
    """Whether something else may stand in the place of a file, apart from null."""
    view, _ = split_null(views.of(schema))
    if is_file(view) or "items" in view:
        return False
    others = [views.of(each) for each in _members(view)]
    return any(each.get("type") != "null" and as_files(each, views) is None for each in others)


def holds_files(schema: object, views: Views, depth: int = 0) -> bool:
    """Whether a file stands inside a value that is none, where JSON has only texts for it."""
    view = views.of(schema)
    if depth > _DEEPEST:
        return False
    if as_files(schema, views) is not None:
        return True
    named = cast("dict[str, object]", view.get("properties") or {}).values()
    inner = [view[key] for key in ("items", "additionalProperties") if key in view]
    every = (*named, *inner, *_members(view))
    return any(holds_files(each, views, depth + 1) for each in every)


def binary_part(view: View) -> View:
    """The schema of a body that is one file."""
    told = {"description": view["description"]} if "description" in view else {}
    return {"type": "string", "format": "binary", **told}


def _widest(files: Sequence[View]) -> View | None:
    """The list among alternatives, else the first file."""
    lists = [each for each in files if "items" in each]
    if not lists:
        return files[0] if files else None
    if len(files) == 1:
        return files[0]
    # How few are enough, and how many too much, is another matter in each of them.
    return {"type": "array", "items": lists[0]["items"]}


def _kinds(view: View) -> set[Any]:
    told = view.get("type")
    return set(cast("list[Any]", told if isinstance(told, list) else [told]))


def _members(view: View) -> list[object]:
    told = (view.get(key) for key in ("anyOf", "oneOf", "allOf"))
    return [
        each
        for members in told
        if isinstance(members, list)
        for each in cast("list[object]", members)
    ]
