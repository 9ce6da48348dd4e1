"""The arguments of a published input schema as rows of a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

from treenail_generator.markdown import code, escaped

MOST_ROWS: Final = 400
_MOST_LEVELS: Final = 4
_PREFIX: Final = "#/$defs/"
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "multipleOf": "a multiple of {}",
    "pattern": "matches {}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One argument, or one property inside of one.

    Attributes:
        path: Dotted; `[]` behind what is a list.
        kind: Its type in Markdown, enumerations spelled out.
        limits: Its bounds in Markdown.
        default: What holds when it is left out; None when nothing is told.
    """

    path: str
    kind: str
    limits: tuple[str, ...]
    is_required: bool
    description: str
    default: Any = None


def rows_of(schema: Mapping[str, Any]) -> tuple[Row, ...]:
    """The rows of an input schema, in its order, nested ones behind what they stand in.

    What stands deeper than four levels, or inside itself, is told by its name only; there are at
    most `MOST_ROWS`.
    """
    definitions = cast("Mapping[str, Any]", schema.get("$defs", {}))
    return tuple(islice(_Rows(definitions).inside(schema, "", ()), MOST_ROWS))


class _Rows:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def inside(self, schema: Any, path: str, above: tuple[str, ...]) -> Iterator[Row]:
        """The rows of the properties of `schema`, which stands at `path`."""
        node, names = self._plain(schema, above)
        if node is None or path.count(".") >= _MOST_LEVELS:
            return
        items = node.get("items")
        if isinstance(items, dict):
            yield from self.inside(items, f"{path}[]", names)
        required = cast("list[str]", node.get("required", []))
        for name, child in cast("dict[str, Any]", node.get("properties", {})).items():
            here = f"{path}.{name}" if path else name
            yield self._row(here, child, is_required=name in required, above=names)
            yield from self.inside(child, here, names)

    def _row(self, path: str, schema: Any, *, is_required: bool, above: tuple[str, ...]) -> Row:
        own = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
        node = {**(self._plain(own, above)[0] or {}), **own}
        return Row(
            path=path,
            kind=self._kind(own, above),
            limits=tuple(
                words.format(code(_text(node[key])))
                for key, words in _BOUNDS.items()
                if node.get(key) is not None
            ),
            is_required=is_required,
            description=str(node.get("description", "")),
            default=node.get("default"),
        )

    def _kind(self, schema: Any, above: tuple[str, ...]) -> str:
        name = self._target(schema)
        if name in above:
            return escaped(name)
        node, names = self._plain(schema, above)
        if node is None:
            return "any value"
        for values in (node.get("enum"), [node["const"]] if "const" in node else None):
            if values is not None:
                return " \\| ".join(code(_text(value)) for value in cast("list[Any]", values))
        for key in ("anyOf", "oneOf"):
            if key in node:
                told = (self._kind(each, names) for each in cast("list[Any]", node[key]))
                return " or ".join(dict.fromkeys(told))
        kinds = node.get("type")
        listed = [kinds] if isinstance(kinds, str) else cast("list[str]", kinds or [])
        told = " or ".join(self._named(each, node, names) for each in listed) or "any value"
        return f"{told} ({escaped(str(node['format']))})" if "format" in node else told

    def _named(self, kind: str, node: Mapping[str, Any], above: tuple[str, ...]) -> str:
        if kind == "array" and isinstance(node.get("items"), dict):
            return f"list of {self._kind(node['items'], above)}"
        return "list" if kind == "array" else kind

    def _target(self, schema: Any) -> str:
        given = cast("dict[str, Any]", schema).get("$ref", "") if isinstance(schema, dict) else ""
        return str(given).removeprefix(_PREFIX)

    def _plain(
        self, schema: Any, above: tuple[str, ...]
    ) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
        """What a reference leads to, and the definitions around it; None for no schema."""
        names = above
        while (name := self._target(schema)) in self._definitions:
            if name in names:
                return None, names
            names = (*names, name)
            schema = self._definitions[name]
        return (cast("dict[str, Any]", schema) if isinstance(schema, dict) else None), names


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
