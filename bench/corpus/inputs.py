"""What each operation of a document takes, read from its raw data by a reader of its own.

OpenAPI 2.0 and 3.x; shares nothing with what it judges. Local references only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pointing import followed, items, mapping

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
# OpenAPI 3.1.1, 4.8.12.1: definitions of these header parameters shall be ignored.
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")

Key = tuple[str, str]
"""Place and name; names of headers in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an operation takes.

    Attributes:
        parameters: The schema of each.
        bodies: The schema for each media type of its body; none when it takes no body.
    """

    parameters: Mapping[Key, Any]
    bodies: Sequence[Any]


def operations(document: Any) -> dict[str, Taken]:
    """By "METHOD /path"."""
    found: dict[str, Taken] = {}
    for path, listed in mapping(document.get("paths")).items():
        if path.startswith("x-"):
            continue
        item = mapping(followed(document, listed))
        for method in METHODS:
            if isinstance(item.get(method), dict):
                found[f"{method.upper()} {path}"] = _taken(document, path, item, item[method])
    return found


def _taken(document: Any, path: str, item: Any, operation: Any) -> Taken:
    declared: dict[Key, Any] = {}
    for listed in [*items(item.get("parameters")), *items(operation.get("parameters"))]:
        parameter = mapping(followed(document, listed))
        declared[_key(parameter)] = parameter
    bare, _, query = path.partition("#")[0].partition("?")
    variables: set[str] = set(_VARIABLE.findall(bare))
    asked = {
        name: found[1]
        for name, _, value in (pair.partition("=") for pair in query.split("&"))
        if (found := _VARIABLE.fullmatch(value))
    }
    parameters = {
        key: _schema(each)
        for key, each in declared.items()
        if key[0] not in {"body", "formData"}
        and not (key[0] == "header" and key[1] in _IGNORED)
        # What the path does not name has no place in a request.
        and not (key[0] == "path" and key[1] not in variables)
    }
    for name in variables:
        parameters.setdefault(("path", name), {})
    for name, variable in asked.items():
        parameters.setdefault(("query", name), _schema(declared.get(("path", variable), {})))
    return Taken(parameters=parameters, bodies=[*_bodies(document, declared, operation)])


def _key(parameter: Mapping[str, Any]) -> Key:
    place, name = str(parameter.get("in")), str(parameter.get("name"))
    return place, name.lower() if place == "header" else name


def _schema(parameter: Mapping[str, Any]) -> Any:
    for media in mapping(parameter.get("content")).values():
        return mapping(media).get("schema", {})
    # In 2.0 the parameter is its own schema.
    return parameter.get("schema", parameter if "type" in parameter else {})


def _bodies(document: Any, declared: Mapping[Key, Any], operation: Any) -> Iterator[Any]:
    fields = {
        name: _schema(each) for (place, name), each in declared.items() if place == "formData"
    }
    if fields:
        yield {"type": "object", "properties": fields}
    for (place, _), each in declared.items():
        if place == "body":
            yield each.get("schema", {})
    body = mapping(followed(document, operation.get("requestBody")))
    for media in mapping(body.get("content")).values():
        yield mapping(media).get("schema", {})
