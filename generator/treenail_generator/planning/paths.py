"""The path of an operation: its template, and the parameters that it names."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

from treenail_generator.document import Operation, Parameter

from .faults import Faults

_PATH_LITERAL: Final = "/:@!$&'()*+,;=-._~"
_PLAIN: Final = re.compile(r"[A-Za-z0-9/._-]*")
_NAME: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPlan:
    """An operation whose path and path parameters name the same things.

    Attributes:
        template: Percent-encoded apart from its `{names}`.
        query: Names and values that stand in the path of the document behind a `?`; what is a parameter
            there, like `?name={name}`, is a query parameter of the operation.
    """

    operation: Operation
    template: str
    query: tuple[tuple[str, str], ...]


def plan_path(operation: Operation, faults: Faults) -> PathPlan:
    """The path as it is sent.

    The path is appended to the server's URL (OpenAPI 3.1.1, "Paths Object"). So what stands behind a
    `?` is that URL's query, and what stands behind a `#` its fragment, which no request carries
    (RFC 3986 3.5, RFC 9110 7.1); documents use it to tell operations of one path apart.
    """
    bare, _, fragment = operation.path.partition("#")
    path, _, query = bare.partition("?")
    if fragment:
        faults.note(
            operation.location,
            "path-fragment",
            f"{operation.path!r}: what stands behind '#' is no part of a request",
        )
    if not path.startswith("/"):
        # Behind a server's URL as it stands, it would be part of its host (RFC 3986 3.2).
        path = f"/{path}"
        faults.note(
            operation.location,
            "path-without-slash",
            f"{operation.path!r} does not begin with a slash; it is sent with one",
        )
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        faults.add(
            operation.location,
            "unsupported-path",
            f"{operation.path!r}: readers of URLs remove the segments '.' and '..'",
        )
    parts = _NAME.split(path)
    if "" in parts[2:-1:2]:
        faults.add(
            operation.location,
            "unsupported-path",
            f"{operation.path!r}: nothing tells where one path parameter ends and the next begins",
        )
    pairs = _pairs(query)
    variables = {found[1]: name for name, value in pairs if (found := _NAME.fullmatch(value))}
    if any(_NAME.search(value) and not _NAME.fullmatch(value) for _, value in pairs):
        faults.add(
            operation.location,
            "unsupported-path",
            f"{operation.path!r}: a parameter of the path is part of a value in its query",
        )
    literal = tuple((name, value) for name, value in pairs if not _NAME.search(value))
    if len({name for name, _ in pairs}) < len(pairs):
        faults.add(
            operation.location,
            "unsupported-path",
            f"{operation.path!r}: its query gives one name twice",
            hint="correct the path by an overlay",
        )
    operation = _without_literal(operation, {name for name, _ in literal}, faults)
    named = _with_named(operation, [*parts[1::2], *variables], faults)
    return PathPlan(
        operation=_in_query(named, variables, parts[1::2]),
        template="".join(
            f"{{{part}}}" if index % 2 else _literal(part) for index, part in enumerate(parts)
        ),
        query=literal,
    )


def _without_literal(operation: Operation, names: Set[str], faults: Faults) -> Operation:
    """The operation without the query parameters that its path gives a value already."""
    if not names:
        return operation
    given = [each for each in operation.parameters if each.place == "query" and each.name in names]
    for parameter in given:
        faults.note(
            parameter.location,
            "path-query-fixed",
            f"query parameter {parameter.name!r}: {operation.path!r} gives its value already",
        )
    kept = tuple(each for each in operation.parameters if each not in given)
    return replace(operation, parameters=kept) if given else operation


def _in_query(
    operation: Operation, variables: Mapping[str, str], in_path: Sequence[str]
) -> Operation:
    """The operation whose path parameters are query parameters where its path's query holds them.

    Args:
        operation: With a path parameter for each of them.
        variables: The names that the query gives them.
        in_path: The path parameters that stand in front of the query.
    """
    if not variables:
        return operation
    declared = {each.name for each in operation.parameters if each.place == "query"}
    moved = (
        replace(each, place="query", name=variables[each.name], style="form", explode=False)
        for each in operation.parameters
        if each.place == "path" and each.name in variables
    )
    kept = tuple(
        each
        for each in operation.parameters
        if each.place != "path" or each.name not in variables or each.name in in_path
    )
    more = tuple(each for each in moved if each.name not in declared)
    return replace(operation, parameters=(*more, *kept))


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    parts = (part.partition("=")[::2] for part in query.split("&") if part)
    return tuple((unquote(name), unquote(value)) for name, value in parts)


def _with_named(operation: Operation, names: list[str], faults: Faults) -> Operation:
    """The operation with a path parameter for each of `names`, and no other.

    OpenAPI demands both; documents lack the one or have the other, and the path is what is sent.
    """
    declared = {each.name for each in operation.parameters if each.place == "path"}
    missing = tuple(name for name in dict.fromkeys(names) if name not in declared)
    unnamed = declared - set(names)
    if not missing and not unnamed:
        return operation
    for name in missing:
        faults.note(
            operation.location,
            "path-parameter-missing",
            f"{operation.path!r} has no path parameter {name!r}; it is taken for a text",
        )
    for name in sorted(unnamed):
        faults.note(
            operation.location,
            "path-parameter-unused",
            f"{operation.path!r} does not hold the path parameter {name!r}; it is left out",
        )
    kept = tuple(
        each for each in operation.parameters if each.place != "path" or each.name not in unnamed
    )
    made = tuple(_text_parameter(name, operation) for name in missing)
    return replace(operation, parameters=(*made, *kept))


def _text_parameter(name: str, operation: Operation) -> Parameter:
    return Parameter(
        name=name,
        place="path",
        required=True,
        deprecated=False,
        description="",
        schema={"type": "string"},
        style="simple",
        explode=False,
        allow_reserved=False,
        allow_empty=False,
        content_type=None,
        examples=(),
        location=operation.location,
        pointer=operation.pointer,
        schema_pointer=operation.pointer,
    )


def _literal(part: str) -> str:
    """A part of a path between its names; what is percent-encoded already stays so."""
    if _PLAIN.fullmatch(part):
        return part
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", part)
    return "".join(
        piece if index % 2 else quote(piece, safe=_PATH_LITERAL)
        for index, piece in enumerate(pieces)
    )
