"""Which operations a document has: found by their keys alone, none of them read."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.model import Version
from treenail_generator.document.references import References, Target, child, ref_of
from treenail_generator.document.values import mapping, text

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_ALL_METHODS = (*_METHODS, "query")
METHODS = frozenset(method.upper() for method in _ALL_METHODS)
"""The methods that a path item has fields for."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 9.1


@dataclass(frozen=True, slots=True)
class PathItem:
    """A path item: its own fields, then those behind its `$ref`."""

    path: str
    layers: tuple[Target, ...]

    def get(self, key: str) -> Target:
        """The field from the first layer that has it; None, in the last one, if none does."""
        for layer in self.layers:
            if key in mapping(layer.value):
                return child(layer, key)
        return child(self.layers[-1], key)

    def methods(self, known: Collection[str]) -> tuple[str, ...]:
        """The lower-case methods among the known ones, in file order."""
        keys = (key for layer in self.layers for key in mapping(layer.value))
        return tuple(dict.fromkeys(key for key in keys if key in known))


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation that is still to be read; the names are those of `Operation`."""

    key: str
    id: str | None
    method: str
    item: PathItem
    target: Target

    @property
    def endpoint(self) -> str:
        """As `Operation.endpoint`."""
        return f"{self.method} {self.item.path}"


class Index:
    """All operations of a document, by name.

    Attributes:
        entries: In file order.
        faults: Why a name leads to no operation, by name: a key, or the path of an item that
            cannot be read, so that nobody knows its methods.
    """

    def __init__(self, references: References, version: Version) -> None:
        """Look at every path and method, and no further."""
        self._version = version
        self._references = references
        self.faults: dict[str, tuple[Diagnostic, ...]] = {}
        self.entries = tuple(self._keyed(list(self._found())))
        endpoints = {entry.endpoint: entry for entry in self.entries}
        self._by_name: Mapping[str, Entry] = {
            **endpoints,
            **{entry.key: entry for entry in self.entries},
        }

    def find(self, name: str) -> Entry | None:
        """The operation with this key or endpoint."""
        return self._by_name.get(name)

    def faults_of(self, name: str) -> tuple[Diagnostic, ...]:
        """Why the name leads to no operation; empty when nothing is known against it."""
        _, _, path = name.partition(" ")
        return self.faults.get(name) or self.faults.get(path, ())

    def names(self) -> tuple[str, ...]:
        """All keys, then the names that lead to no operation."""
        return (*(entry.key for entry in self.entries), *self.faults)

    def _found(self) -> Iterator[Entry]:
        """Every operation, with its endpoint for a key."""
        for item in self._path_items():
            for method, target in self._methods(item):
                operation_id = text(mapping(target.value).get("operationId")) or None
                yield Entry(f"{method} {item.path}", operation_id, method, item, target)

    def _methods(self, item: PathItem) -> Iterator[tuple[str, Target]]:
        """Since 3.2 a path item has `query`, and any further method as it is spelt.

        Source: OpenAPI 3.2.0, Path Item Object.
        """
        is_32 = self._version == "3.2"
        for method in item.methods(_ALL_METHODS if is_32 else _METHODS):
            yield method.upper(), item.get(method)
        additional = item.get("additionalOperations")
        for method in mapping(additional.value) if is_32 else ():
            if not _TOKEN.fullmatch(method) or method.lower() in _ALL_METHODS:
                self._refuse(item, child(additional, method), method, "is no additional method")
            elif method != method.upper():
                # Methods are case-sensitive (RFC 9110 9.1), and the HTTP client writes capitals.
                self._refuse(
                    item, child(additional, method), method, "cannot be sent as it is spelt"
                )
            else:
                yield method, child(additional, method)

    def _refuse(self, item: PathItem, target: Target, method: str, why: str) -> None:
        fault = Diagnostic(
            self._references.source.key_at(target.pointer),
            "invalid-openapi",
            f"{method!r} {why}",
            hint="it is a name of its own kind, in capitals, spelt as HTTP sends it",
        )
        self.faults[f"additional {method} {item.path}"] = (fault,)

    def _keyed(self, found: list[Entry]) -> Iterator[Entry]:
        ids = Counter(entry.id for entry in found)
        for entry in found:
            if entry.id is None:
                yield entry
            elif ids[entry.id] > 1:
                faults = self.faults.get(entry.id, ())
                self.faults[entry.id] = (*faults, self._shared(entry, entry.id))
                yield entry
            else:
                yield Entry(entry.id, entry.id, entry.method, entry.item, entry.target)

    def _path_items(self) -> Iterator[PathItem]:
        for path, node in mapping(self._references.root.get("paths")).items():
            if path.startswith("x-"):
                continue
            own = Target(("paths", path), node)
            try:
                layers = (own, self._references.follow(own)) if ref_of(node) else (own,)
            except BuildError as error:
                self.faults[path] = error.diagnostics
                continue
            yield PathItem(path, layers)

    def _shared(self, entry: Entry, operation_id: str) -> Diagnostic:
        return Diagnostic(
            self._references.source.at((*entry.target.pointer, "operationId")),
            "duplicate-operation-id",
            f"the operationId {operation_id!r} names more than one operation",
            hint=f"say {entry.endpoint!r} for this one",
        )
