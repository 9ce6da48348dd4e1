"""Which operation a request is for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from treenail_generator.document import Document, Operation, Server

from .wire import Call, Refusal

_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
_HIDDEN_SLASH: Final = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An operation, what the path says, decoded, by parameter name, and its raw part of the path."""

    operation: Operation
    values: Mapping[str, str]
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """`pairs` are those of a path template that goes on behind a question mark."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]
    base: str
    pairs: tuple[tuple[str, str], ...]
    operation: Operation


class Router:
    """Every operation of a document, under the path of every server."""

    def __init__(self, document: Document, more_urls: Iterable[str]) -> None:
        """`more_urls` are servers that only the connector knows."""
        shared = [*map(server_path, document.servers), *map(url_path, more_urls)] or [""]
        routes = [
            (_concreteness(operation.path), -len(base), _route(base, operation))
            for operation in document.operations
            # Under the shared ones too: a client of the mock sends every request to one URL.
            for base in dict.fromkeys([*map(server_path, operation.servers), *shared])
        ]
        routes.sort(key=lambda route: route[:2])
        self._routes = tuple(route for _, _, route in routes)

    def match(self, call: Call) -> Match:
        """The operation for a request; the most concrete one (OpenAPI 3.1.1, section 4.8.8.1).

        Raises:
            Refusal: 404 when no operation has such a path, 405 when it has other methods.
        """
        decoded = _decoded(call.path)
        allowed: list[str] = []
        for route in self._routes:
            found = route.pattern.fullmatch(decoded)
            if found and set(route.pairs) <= set(call.query):
                if route.operation.method == call.method:
                    values = [value.replace(_HIDDEN_SLASH, "/") for value in found.groups()]
                    return Match(
                        operation=route.operation,
                        values=dict(zip(route.names, values, strict=True)),
                        # By count, for a client may percent-encode what the server does not.
                        rest="/" + "/".join(call.path.split("/")[route.base.count("/") + 1 :]),
                    )
                allowed.append(route.operation.method)
        if allowed:
            listed = ", ".join(sorted(set(allowed)))
            raise Refusal(405, f"{call.method} is not allowed here", headers={"Allow": listed})
        raise Refusal(404, f"there is no path {call.path} in the document")


def server_path(server: Server) -> str:
    """The path of a server's URL with its variables at their defaults, without a final slash."""
    url = _PARAMETER.sub(
        lambda found: server.variables[found[1]].default if found[1] in server.variables else "",
        server.url,
    )
    return url_path(url)


def url_path(url: str) -> str:
    """The path of a URL, without a final slash."""
    return urlsplit(url).path.rstrip("/")


def _route(base: str, operation: Operation) -> _Route:
    path, _, rest = operation.path.partition("#")[0].partition("?")
    parts = _PARAMETER.split(_decoded(base) + path)
    pattern = "".join(
        "([^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return _Route(
        pattern=re.compile(pattern, re.DOTALL),
        names=tuple(parts[1::2]),
        base=base,
        pairs=tuple(pair for pair in parse_qsl(rest) if "{" not in pair[1]),
        operation=operation,
    )


def _concreteness(path: str) -> tuple[bool, ...]:
    """Sorts a path before another that differs first by having a parameter where it has none."""
    return tuple("{" in segment for segment in path.split("/"))


def _decoded(path: str) -> str:
    """Decoded by segment, so that an encoded slash never divides one."""
    segments = (unquote(segment).replace("/", _HIDDEN_SLASH) for segment in path.split("/"))
    return "/".join(segments)
