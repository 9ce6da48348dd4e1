"""The arguments of a published tool, nested ones too, each once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .words import name_words, words


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, or one property inside of one; `path` is dotted and leads through arrays."""

    path: str
    name: str
    description: str

    @property
    def is_described(self) -> bool:
        """Whether it is told in other words than its name alone."""
        told = words(self.description)
        return bool(self.description) and told != name_words(self.name)


def read_arguments(schema: Mapping[str, Any]) -> tuple[Argument, ...]:
    """The arguments of an input schema; what several branches offer counts once."""
    found: dict[str, Argument] = {}
    definitions = cast("dict[str, Any]", schema.get("$defs", {}))
    for argument in _inside(schema, "", definitions, set()):
        if argument.path not in found or not found[argument.path].description:
            found[argument.path] = argument
    return tuple(found.values())


def _inside(
    schema: Any, path: str, definitions: Mapping[str, Any], seen: set[str]
) -> Iterator[Argument]:
    if not isinstance(schema, dict):
        return
    node = cast("dict[str, Any]", schema)
    target = _target(node)
    if target in definitions and target not in seen:
        seen.add(target)
        yield from _inside(definitions[target], path, definitions, seen)
    for name, child in cast("dict[str, Any]", node.get("properties", {})).items():
        here = f"{path}.{name}" if path else name
        yield Argument(here, name, _description(child, definitions))
        yield from _inside(child, here, definitions, seen)
    for keyword in ("items", "additionalProperties"):
        yield from _inside(node.get(keyword), path, definitions, seen)
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for member in cast("list[Any]", node.get(keyword, [])):
            yield from _inside(member, path, definitions, seen)


def _description(schema: Any, definitions: Mapping[str, Any]) -> str:
    """Its own description, else that of the definition it refers to."""
    if not isinstance(schema, dict):
        return ""
    node = cast("dict[str, Any]", schema)
    own = str(node.get("description", "")).strip()
    definition = definitions.get(_target(node))
    if own or not isinstance(definition, dict):
        return own
    return str(cast("dict[str, Any]", definition).get("description", "")).strip()


def _target(node: Mapping[str, Any]) -> str:
    return str(node.get("$ref", "")).removeprefix("#/$defs/")
