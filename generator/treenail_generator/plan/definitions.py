"""Schemas that a module holds once, however many arguments refer to them."""

from collections.abc import Iterator
from typing import Any, Final, cast

from treenail_generator.yaml_source import JSON

PREFIX: Final = "#/$defs/"
"""What a reference to a definition begins with."""


class Definitions:
    """Schemas by name, which refer to each other as `#/$defs/<name>`."""

    def __init__(self) -> None:
        self._schemas: dict[str, JSON] = {}
        self._mentions: dict[str, tuple[str, ...]] = {}
        self._bundled: dict[int, tuple[JSON, dict[str, JSON]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._schemas

    def __getitem__(self, name: str) -> JSON:
        return self._schemas[name]

    def add(self, name: str, schema: JSON) -> None:
        """Hold `schema` as `name`; what it mentions has to be added before anybody looks."""
        self._schemas[name] = schema
        self._mentions[name] = mentions(schema)

    def mentions(self, name: str) -> tuple[str, ...]:
        """The definitions that `name` refers to itself."""
        return self._mentions[name]

    def closure(self, schema: JSON) -> dict[str, JSON]:
        """The definitions that `schema` reaches, those nearest to it first."""
        found: dict[str, JSON] = {}
        waiting = list(mentions(schema))
        for name in waiting:
            if name not in found:
                found[name] = self._schemas[name]
                waiting.extend(self._mentions[name])
        return found

    def bundled(self, schema: dict[str, JSON]) -> dict[str, JSON]:
        """`schema` in one piece, with its closure under `$defs`."""
        known = self._bundled.get(id(schema))
        if known is None:
            whole, closure = dict(schema), self.closure(schema)
            if closure:
                whole["$defs"] = closure
            known = (schema, whole)
            self._bundled[id(schema)] = known
        return known[1]


def mentions(schema: JSON) -> tuple[str, ...]:
    """The definitions that `schema` refers to, each once, in its own order."""
    return tuple(dict.fromkeys(_references(schema)))


def _references(schema: JSON) -> Iterator[str]:
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            mapping = cast("dict[str, Any]", node)
            ref = mapping.get("$ref")
            if isinstance(ref, str) and ref.startswith(PREFIX):
                yield ref.removeprefix(PREFIX)
            waiting.extend(reversed(mapping.values()))
        elif isinstance(node, list):
            waiting.extend(reversed(cast("list[Any]", node)))
