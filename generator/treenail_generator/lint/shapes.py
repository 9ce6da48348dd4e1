"""How large, deep and intricate an input schema is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

_MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS: Final = frozenset({"oneOf", "anyOf", "allOf", "prefixItems"})
_SINGLES: Final = frozenset(
    {"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
_LEVELS: Final = frozenset({"object", "array"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A schema's measures; each definition counts once.

    Attributes:
        keywords: All that it uses, wherever.
        depth: Objects and lists inside each other, the root included; a type inside itself counts
            once.
        properties: Named properties, nested ones too.
        values: Values of all enumerations.
    """

    keywords: frozenset[str]
    depth: int
    properties: int
    values: int
    is_recursive: bool


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """The measures of a self-contained schema."""
    measured = _Measured(cast("Mapping[str, Any]", schema.get("$defs", {})))
    parts = list(measured.parts(schema))
    return Shape(
        keywords=frozenset(key for part in parts for key in part),
        depth=measured.depth(schema, ()),
        properties=sum(len(part.get("properties", {})) for part in parts),
        values=sum(len(part.get("enum", ())) for part in parts),
        is_recursive=measured.is_recursive,
    )


class _Measured:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.is_recursive = False
        self._definitions = definitions
        self._depths: dict[str, int] = {}

    def parts(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        """The schema, its definitions, and all schemas inside them."""
        waiting = [schema, *self._definitions.values()]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                part = cast("dict[str, Any]", node)
                yield part
                waiting.extend(_children(part))

    def depth(self, schema: Any, above: tuple[str, ...]) -> int:
        """Levels of `schema`, which stands inside the definitions `above`."""
        if not isinstance(schema, dict):
            return 0
        part = cast("dict[str, Any]", schema)
        inner = max((self.depth(child, above) for child in _children(part)), default=0)
        target = str(part.get("$ref", "")).removeprefix("#/$defs/")
        behind = self._depth_of(target, above) if target in self._definitions else 0
        return max(inner + _is_level(part), behind)

    def _depth_of(self, name: str, above: tuple[str, ...]) -> int:
        if name in above:
            self.is_recursive = True
            return 0
        if name not in self._depths:
            self._depths[name] = self.depth(self._definitions[name], (*above, name))
        return self._depths[name]


def _children(part: Mapping[str, Any]) -> Iterator[Any]:
    for key, value in part.items():
        if key in _MAPS and isinstance(value, dict):
            yield from cast("dict[str, Any]", value).values()
        elif key in _LISTS and isinstance(value, list):
            yield from cast("list[Any]", value)
        elif key in _SINGLES:
            yield value


def _is_level(part: Mapping[str, Any]) -> int:
    kinds = part.get("type")
    told = {kinds} if isinstance(kinds, str) else set(cast("list[str]", kinds or ()))
    return int(bool(told & _LEVELS) or "properties" in part or "items" in part)
