"""A small document out of a large, possibly faulty one: some operations and what they need."""

from collections import deque
from collections.abc import Iterable

from treenail_generator.document.bundling import free_name
from treenail_generator.document.gathering import FILES
from treenail_generator.document.index import METHODS
from treenail_generator.document.model import WITH_SIBLINGS, Operation, Version
from treenail_generator.document.references import (
    MAPS_OF_NAMES,
    NOT_FOLLOWED,
    References,
    Target,
    join_ref,
    ref_of,
    split_ref,
    step_into,
)
from treenail_generator.document.schemas import map_subschemas
from treenail_generator.document.soundness import sound
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import JSON, Pointer

_VERSIONS: dict[Version, str] = {"2.0": "3.0.4", "3.0": "3.0.4", "3.1": "3.1.1", "3.2": "3.2.0"}
_KINDS = {"examples", "headers", "mediaTypes", "parameters", "responses", "schemas"}

# No part of a tool, checked elsewhere, or a base for references, which here start at the root.
# A pattern is ECMA-262; the validator would try it with Python's `re`, which refuses `\p{L}`.
_UNUSED = {"callbacks", "links", "operationId"}
_LEFT_OUT = _UNUSED | {"$anchor", "$dynamicAnchor", "$id", "$schema", "pattern"}


class Pruned:
    """Some operations with all they reach, and where each part came from.

    Attributes:
        document: A complete OpenAPI document; every reference in it leads to its components.
    """

    document: dict[str, JSON]

    def __init__(
        self, references: References, version: Version, operations: Iterable[Operation]
    ) -> None:
        """Copy what the operations need; the whole document stays as it is."""
        self._references = references
        self._siblings_count = version in WITH_SIBLINGS
        self._is_upgraded = version == "2.0"
        self._paths: dict[str, dict[str, JSON]] = {}
        self._additional: dict[str, dict[str, JSON]] = {}
        self._components: dict[str, dict[str, JSON]] = {}
        self._places: dict[Pointer, Pointer] = {}
        self._origins: dict[Pointer, Pointer] = {}
        self._waiting: deque[tuple[str, str, JSON]] = deque()
        for operation in operations:
            self._add(operation)
        for path, methods in self._additional.items():
            self._paths[path]["additionalOperations"] = methods
        while self._waiting:
            kind, name, value = self._waiting.popleft()
            self._components[kind][name] = self._copied(value)
        self.document = {
            "openapi": _VERSIONS[version],
            "info": {"title": "Some operations", "version": "1"},
            "paths": dict[str, JSON](self._paths),
            "components": dict[str, JSON](self._components),
        }

    def origin(self, path: Iterable[str | int]) -> Pointer:
        """Where in the whole document stands what stands at `path` in this one."""
        here = Target((), self.document)
        for step in path:
            beyond = step_into(here, str(step))
            while beyond is None and (ref := ref_of(here.value)) is not None:
                here = self._component(ref)
                beyond = step_into(here, str(step))
            if beyond is None:
                break
            here = beyond
        for length in range(len(here.pointer), 0, -1):
            if origin := self._origins.get(here.pointer[:length]):
                return (*origin, *here.pointer[length:])
        return ()

    def _add(self, operation: Operation) -> None:
        """Take in one operation; the parameters of its path become its own."""
        fields = self._paths.setdefault(operation.path, {})
        place: Pointer = ("paths", operation.path, operation.method.lower())
        if operation.method not in METHODS:
            fields = self._additional.setdefault(operation.path, {})
            place = ("paths", operation.path, "additionalOperations", operation.method)
        self._origins[place] = operation.pointer
        pruned = self._fields(mapping(self._references.value_at(operation.pointer)))
        parameters: list[JSON] = []
        for index, parameter in enumerate(operation.parameters):
            self._origins[(*place, "parameters", index)] = parameter.pointer
            parameters.append(self._copied(self._references.value_at(parameter.pointer)))
        fields[str(place[-1])] = {**pruned, "parameters": parameters}
        for media in operation.body.media if operation.body else ():
            # The validator visits the schemas of answers, but among those of requests only
            # the components (openapi-spec-validator 0.8.5, validation/keywords.py).
            declared = mapping(self._references.value_at(media.pointer))
            if "schema" in declared:
                self._place(Target(media.schema_pointer, declared["schema"]))

    def _copied(self, value: JSON) -> JSON:
        if isinstance(value, list):
            return [self._copied(item) for item in value]
        if not isinstance(value, dict):
            return value
        ref = ref_of(value)
        if ref is None:
            return self._fields(value)
        target = self._references.found(ref)
        fields = self._fields(value) if self._siblings_count else {}
        if target is None:
            # It is told where it is read; here anything may stand in its place.
            return {key: field for key, field in fields.items() if key != "$ref"}
        return {**fields, "$ref": join_ref(self._place(target))}

    def _fields(self, node: dict[str, JSON]) -> dict[str, JSON]:
        copied: dict[str, JSON] = {}
        for key, value in node.items():
            if key in MAPS_OF_NAMES and isinstance(value, dict):
                # The validator would take a property called `$ref` for a reference.
                names = (name for name in value if name != "$ref")
                copied[key] = {name: self._copied(value[name]) for name in names}
            elif key == "$dynamicRef" and isinstance(value, str):
                if (target := self._references.found(value)) is not None:
                    copied["$ref"] = join_ref(self._place(target))
            elif key in NOT_FOLLOWED or key == "examples" or key.startswith("x-"):
                copied[key] = value
            else:
                copied[key] = self._copied(value)
        if self._is_upgraded:
            _leave_out_words_of_2(copied)
        return {key: copied[key] for key in copied if key not in _LEFT_OUT}

    def _place(self, target: Target) -> Pointer:
        """Where the target will stand among the components."""
        if target.pointer not in self._places:
            kind = _kind(target.pointer, target.value)
            components = self._components.setdefault(kind, {})
            name = free_name(str(target.pointer[-1]), components)
            components[name] = None
            place = ("components", kind, name)
            self._places[target.pointer] = place
            self._origins[place] = target.pointer
            self._waiting.append((kind, name, target.value))
        return self._places[target.pointer]

    def _component(self, ref: str) -> Target:
        _, kind, name = split_ref(ref)
        return Target(("components", kind, name), self._components[kind][name])


def _kind_of_file(value: JSON) -> str:
    """Other files need no `components`, so only the value tells."""
    node = mapping(value)
    if {"in", "name"} <= node.keys():
        return "parameters"
    if "description" in node and not node.keys() & {
        "type",
        "properties",
        "allOf",
        "anyOf",
        "oneOf",
    }:
        return "responses"
    return "requestBodies" if "content" in node else "schemas"


def _leave_out_words_of_2(schema: dict[str, JSON]) -> None:
    """An upgrade leaves definitions as they are; these words mean something else in 3.0."""
    if isinstance(schema.get("discriminator"), str):
        del schema["discriminator"]
    if schema.get("type") == "file":
        schema["type"] = "string"


def repaired(document: dict[str, JSON]) -> dict[str, JSON]:
    """The same document without what its schemas say in vain, which makes some validators crash."""
    return {
        key: _repaired_schemas(value) if key == "schemas" else _repaired(key, value)
        for key, value in document.items()
    }


def _repaired(key: str, value: JSON) -> JSON:
    if isinstance(value, list):
        return [_repaired(key, item) for item in value]
    if not isinstance(value, dict) or key in NOT_FOLLOWED:
        return value
    return _repaired_schema(value) if key == "schema" else repaired(value)


def _repaired_schemas(value: JSON) -> JSON:
    return {name: _repaired_schema(schema) for name, schema in mapping(value).items()}


def _repaired_schema(schema: JSON) -> JSON:
    if not isinstance(schema, dict):
        return schema if isinstance(schema, bool) else {}
    return map_subschemas(sound(schema, []), _repaired_schema)


def _kind(pointer: Pointer, value: JSON) -> str:
    """Under which kind of components a target belongs; schemas can stand anywhere."""
    if pointer[0] == FILES:
        return _kind_of_file(value)
    if "requestBody" in pointer[-1:] or "requestBodies" in pointer[-2:-1]:
        return "requestBodies"
    return next((str(parent) for parent in pointer[-2:-1] if parent in _KINDS), "schemas")
