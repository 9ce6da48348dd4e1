"""Which fields of an object only answers hold, wherever its schema says so."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias, cast

Lookup: TypeAlias = Callable[[str], object]
"""The schema that a `$ref` names; None when there is none."""

_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SINGLES: Final = ("if", "then", "else")


class ReadOnly:
    """Reads schemas whose references `lookup` follows."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._held: dict[str, bool] = {}
        self._named: dict[str, frozenset[str]] = {}

    def holds(self, schema: object) -> bool:
        """Whether `schema` itself says `readOnly`."""
        if not isinstance(schema, dict):
            return False
        node = cast("dict[str, Any]", schema)
        if node.get("readOnly") is True:
            return True
        ref = node.get("$ref")
        if "allOf" in node or not isinstance(ref, str):
            return "allOf" in node and self._says_so(node)
        if ref not in self._held:
            self._held[ref] = self._says_so(self._lookup(ref))
        return self._held[ref]

    def _says_so(self, schema: object) -> bool:
        return any(part.get("readOnly") is True for part in self._parts(schema, _ALL_OF))

    def names(self, schema: object) -> frozenset[str]:
        """The read-only properties of the object at `schema`, in whichever of its parts."""
        if not isinstance(schema, dict):
            return frozenset()
        node = cast("dict[str, Any]", schema)
        ref = node.get("$ref")
        if len(node) != 1 or not isinstance(ref, str):
            return self._names_in(node)
        if ref not in self._named:
            self._named[ref] = self._names_in(node)
        return self._named[ref]

    def _names_in(self, schema: dict[str, Any]) -> frozenset[str]:
        return frozenset(
            name
            for part in self._parts(schema, (*_LISTS, *_SINGLES))
            if isinstance(part.get("properties"), dict)
            for name, each in cast("dict[str, Any]", part["properties"]).items()
            if self.holds(each)
        )

    def _parts(self, schema: object, keywords: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """`schema`, and what applies to the same value through references and `keywords`."""
        waiting: list[Any] = [schema]
        passed: set[int] = set()
        while waiting:
            part = waiting.pop()
            if not isinstance(part, dict):
                continue
            node = cast("dict[str, Any]", part)
            if id(node) in passed:
                continue
            passed.add(id(node))
            yield node
            if isinstance(node.get("$ref"), str):
                waiting.append(self._lookup(node["$ref"]))
            for keyword in keywords:
                inner = node.get(keyword)
                waiting.extend(cast("list[Any]", inner) if isinstance(inner, list) else [inner])


_ALL_OF: Final = ("allOf",)
