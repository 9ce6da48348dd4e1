"""A schema with all it reaches, in one piece."""

import re
from collections import deque
from collections.abc import Collection

from treenail_generator.document.references import ref_of
from treenail_generator.document.schemas import Schemas, as_object, map_subschemas
from treenail_generator.yaml_source import JSON, Pointer


def bundle(schemas: Schemas, schema: JSON) -> dict[str, JSON]:
    """The normalised schema with every reachable one under `$defs`, in the order of discovery.

    Names under `$defs` are those of the components, kept apart by a number where two agree.

    Raises:
        BuildError: A reference leads nowhere.
    """
    bundled = _Bundle(schemas)
    root = bundled.rewritten(schema)
    while bundled.waiting:
        name, ref = bundled.waiting.popleft()
        bundled.definitions[name] = bundled.rewritten(schemas.target(ref))
    whole = as_object(root)
    return {**whole, "$defs": bundled.definitions} if bundled.definitions else whole


class _Bundle:
    """A queue instead of recursion: chains of references are longer than Python's stack."""

    def __init__(self, schemas: Schemas) -> None:
        self.definitions: dict[str, JSON] = {}
        self.waiting: deque[tuple[str, str]] = deque()
        self._references = schemas.references
        self._names: dict[Pointer, str] = {}

    def rewritten(self, schema: JSON) -> JSON:
        if not isinstance(schema, dict):
            return schema
        rewritten = map_subschemas(schema, self.rewritten)
        if (ref := ref_of(schema)) is not None:
            rewritten["$ref"] = f"#/$defs/{self._name(ref)}"
        return rewritten

    def _name(self, ref: str) -> str:
        pointer = self._references.find(ref).pointer
        if pointer not in self._names:
            name = free_name(str(pointer[-1]), self.definitions)
            self._names[pointer] = name
            self.definitions[name] = {}
            self.waiting.append((name, ref))
        return self._names[pointer]


def free_name(wanted: str, taken: Collection[str]) -> str:
    """A name like `wanted` that stands unescaped in a `#/…/name` reference."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("_") or "Schema"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
