"""The fields of a multipart body that holds files, whatever its schema says of them together."""

from collections.abc import Mapping
from typing import Any, Final, cast

from treenail_generator.document import Encoding
from treenail_generator.media_types import essence, is_binary

from .files import as_files
from .leaves import ANNOTATIONS, constraints
from .objects import OBJECT, only_properties
from .views import View, Views

_ALTERNATIVES: Final = ("anyOf", "oneOf")
_DEPTH: Final = 8
_OCTETS: Final = "application/octet-stream"


def apart(schema: object, views: Views) -> tuple[View, tuple[str, ...]] | None:
    """An object of the same fields, of which each is a part, and the keywords that it loses.

    None where nothing is a file, or where the schema says nothing but its fields. JSON Schema has no
    files, so that what it says of all fields together cannot be checked.
    """
    view = views.of(schema)
    if "array" in str(view.get("type")) or (only_properties(view) and view.get("properties")):
        return None
    properties = _properties(view, views, 0)
    extra = view.get("additionalProperties")
    is_map = not properties and as_files(extra, views) is not None
    held: tuple[object, ...] = (
        *properties.values(),
        extra,
        *_mapping(view.get("patternProperties")).values(),
    )
    if not any(as_files(each, views) for each in held):
        return None
    told = {key: view[key] for key in view if key in ANNOTATIONS}
    if is_map:
        return {**told, "type": "object", "additionalProperties": extra}, _lost(view)
    required = _required(view, views, 0)
    fields = {**dict.fromkeys(required, cast("object", {})), **properties}
    closed = {"additionalProperties": False} if extra is False else {}
    lost = [
        *_lost(view),
        *(["additionalProperties"] if extra not in (None, True, False, {}) else []),
    ]
    own = {**told, **closed, "type": "object", "properties": fields, "required": required}
    return own, tuple(lost)


def with_files(view: View, encoding: Mapping[str, Encoding], views: Views) -> View:
    """The object with files where the encoding alone tells that a part is one.

    OpenAPI 3.1.1 "Working With Binary Data": the schema of raw bytes needs no type. A text is no
    image either.
    """
    known = _mapping(view.get("properties"))
    found = {
        name: file
        for name, each in encoding.items()
        if name in known and _tells_bytes(each.content_type)
        for file in [_as_bytes(known[name], views)]
        if file is not None
    }
    if found:
        return {**view, "properties": {**known, **found}}
    return _with_files_in_order(view, encoding, views) if "type" in view else view


def _with_files_in_order(view: View, encoding: Mapping[str, Encoding], views: Views) -> View:
    """The list with files where the encoding of their place says so (OpenAPI 3.2, 4.14.5.2)."""
    if view["type"] != "array":
        return view
    found: View = {}
    first = [
        _in_place(encoding.get(str(index)), each, views)
        for index, each in enumerate(_listed(view.get("prefixItems")))
    ]
    if any(first):
        found["prefixItems"] = [
            each or known for each, known in zip(first, view["prefixItems"], strict=True)
        ]
    if view.get("items") is not False:
        item = _in_place(encoding.get("*"), view.get("items", {}), views)
        found |= {"items": item} if item else {}
    return {**view, **found} if found else view


def _in_place(encoding: Encoding | None, schema: object, views: Views) -> View | None:
    if encoding is None or not _tells_bytes(encoding.content_type):
        return None
    return _as_bytes(schema, views)


def _tells_bytes(content_type: str | None) -> bool:
    told = (content_type or "").split(",")
    return all(is_binary(each) or essence(each) == _OCTETS for each in told)


def _as_bytes(schema: object, views: Views) -> View | None:
    """A file in place of what is untyped or a mere text, also of the items of a list."""
    view = views.of(schema)
    told = {key: view[key] for key in view if key in ANNOTATIONS}
    if view.get("type") == "array" and "items" in view:
        item = _as_bytes(view["items"], views)
        return {**view, "items": item} if item is not None else None
    is_bare = constraints(view) <= {"type"} and view.get("type", "string") == "string"
    return {**told, "type": "string", "format": "binary"} if is_bare else None


def _lost(view: View) -> tuple[str, ...]:
    return tuple(sorted(constraints(view) - OBJECT))


def _properties(view: View, views: Views, depth: int) -> dict[str, object]:
    """All that may be a field, by its name."""
    found = dict(_mapping(view.get("properties")))
    if depth > _DEPTH:
        return found
    for member in _inside(view):
        for name, schema in _properties(views.of(member), views, depth + 1).items():
            known = found.get(name, schema)
            found[name] = schema if known == schema else {"anyOf": [known, schema]}
    return found


def _required(view: View, views: Views, depth: int) -> list[str]:
    """The fields that no alternative goes without."""
    found = [*cast("list[str]", view.get("required", []))]
    if depth > _DEPTH:
        return found
    for each in _listed(view.get("allOf")):
        found += _required(views.of(each), views, depth + 1)
    for key in _ALTERNATIVES:
        members = [views.of(each) for each in _listed(view.get(key))]
        asked = [_required(each, views, depth + 1) for each in members if each != {"type": "null"}]
        found += [
            name for name in (asked[0] if asked else []) if all(name in each for each in asked)
        ]
    return list(dict.fromkeys(found))


def _inside(view: View) -> list[object]:
    """The schemas that may hold for the same object."""
    listed = [each for key in ("allOf", *_ALTERNATIVES) for each in _listed(view.get(key))]
    single = [view[key] for key in ("then", "else") if key in view]
    return [*listed, *single, *_mapping(view.get("dependentSchemas")).values()]


def _listed(value: Any) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
