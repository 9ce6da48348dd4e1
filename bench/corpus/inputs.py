"""What each operation of a document takes, read from its raw data by a reader of its own.

OpenAPI 2.0 and 3.x; shares nothing with what it judges. Local references only.
"""

from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import unquote

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
# OpenAPI 3.1.1, 4.8.12.1: definitions of these header parameters shall be ignored.
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_MOST_STEPS: Final = 50

BODY: Final = ("body", "")
"""Stands for a body as such."""


def operations(document: Any) -> dict[str, list[tuple[str, str]]]:
    """By "METHOD /path": place and name of every parameter, and `BODY` for a body."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, listed in _mapping(document.get("paths")).items():
        if path.startswith("x-"):
            continue
        item = _mapping(_followed(document, listed))
        for method in METHODS:
            if isinstance(item.get(method), dict):
                inputs = dict.fromkeys(_inputs(document, item, item[method]))
                found[f"{method.upper()} {path}"] = list(inputs)
    return found


def _inputs(document: Any, item: Any, operation: Any) -> Iterator[tuple[str, str]]:
    for listed in [*_items(item.get("parameters")), *_items(operation.get("parameters"))]:
        parameter = _mapping(_followed(document, listed))
        place, name = str(parameter.get("in")), str(parameter.get("name"))
        if place in {"body", "formData"}:
            yield BODY
        elif not (place == "header" and name.lower() in _IGNORED):
            yield place, name.lower() if place == "header" else name
    body = _mapping(_followed(document, operation.get("requestBody")))
    if body.get("content"):
        yield BODY


def _followed(document: Any, node: Any) -> Any:
    for _ in range(_MOST_STEPS):
        ref = _mapping(node).get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#"):
            return node
        node = resolved(document, ref)
    return None


def resolved(document: Any, ref: str) -> Any:
    """What a local reference leads to (RFC 6901); None when it leads nowhere."""
    node = document
    for step in ref.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        is_index = key.isdigit() and int(key) < len(_items(node))
        node = _items(node)[int(key)] if is_index else _mapping(node).get(key)
    return node


def _mapping(node: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", node) if isinstance(node, dict) else {}


def _items(node: Any) -> list[Any]:
    return cast("list[Any]", node) if isinstance(node, list) else []
