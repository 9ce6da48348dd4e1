"""Schemas as data is made from them: references followed, `allOf` merged, checks at hand."""

import jsonschema_rs

from treenail_generator.document import JSON, Document, Schema
from treenail_generator.document.values import items, mapping
from treenail_generator.formats import validator_of
from treenail_generator.planning.exact import requestable

_NULLS = ("null", ["null"])


class Shapes:
    """The schemas of one document; remembers what it has worked out.

    Schemas are recognised by identity, so each one asked about is kept.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._flat: dict[int, tuple[JSON, Schema]] = {}
        self._variants: dict[int, tuple[Schema, ...]] = {}
        self._validators: dict[int, tuple[JSON, jsonschema_rs.Draft202012Validator | None]] = {}
        self._of_requests: dict[int, tuple[JSON, jsonschema_rs.Draft202012Validator | None]] = {}

    def flat(self, schema: JSON) -> Schema:
        """One level of the schema without `$ref` and `allOf`; equal references give one object."""
        known = self._flat.get(id(schema))
        if known is not None:
            return known[1]
        self._flat[id(schema)] = (schema, {})
        resolved = self._document.resolve(schema)
        found = self._merged(resolved) if resolved is schema else self.flat(resolved)
        self._flat[id(schema)] = (schema, found)
        return found

    def variants(self, flat: Schema) -> tuple[Schema, ...]:
        """One flat schema for each branch of its `oneOf` or `anyOf`, null last; none without."""
        if id(flat) not in self._variants:
            keyword = next((key for key in ("oneOf", "anyOf") if key in flat), None)
            branches = items(flat.get(keyword)) if keyword else []
            rest: Schema = {key: value for key, value in flat.items() if key != keyword}
            found = [self.flat({"allOf": [rest, branch]}) for branch in branches]
            self._variants[id(flat)] = tuple(
                sorted(found, key=lambda branch: branch.get("type") in _NULLS)
            )
            self._flat[id(flat)] = (flat, flat)
        return self._variants[id(flat)]

    def properties(self, schema: JSON) -> dict[str, JSON]:
        """The schemas of the object's properties, in order."""
        return mapping(self.flat(schema).get("properties"))

    def item(self, schema: JSON) -> JSON:
        """The schema of an array's items; `{}` where the document says nothing."""
        found = self.flat(schema).get("items", {})
        return found if isinstance(found, dict) else {}

    def kind(self, schema: JSON) -> str:
        """The JSON type, null aside; empty where the schema leaves it open."""
        flat = self.flat(schema)
        declared = flat.get("type")
        if isinstance(declared, list):
            declared = next((name for name in declared if name != "null"), "null")
        if isinstance(declared, str):
            return declared
        if "properties" in flat or "additionalProperties" in flat:
            return "object"
        if "items" in flat or "prefixItems" in flat:
            return "array"
        kinds = {self.kind(variant) for variant in self.variants(flat)} - {"null"}
        return kinds.pop() if len(kinds) == 1 else ""

    def is_flagged(self, schema: JSON, flag: str) -> bool:
        """Whether the schema has a boolean annotation like `readOnly`."""
        return self.flat(schema).get(flag) is True

    def fits(self, schema: JSON, value: JSON) -> bool:
        """Whether the value is valid, formats included."""
        validator = self._validator(schema)
        return validator is None or validator.is_valid(value)

    def fault(self, schema: JSON, value: JSON) -> str | None:
        """Why the value is not valid, None when it is."""
        validator = self._validator(schema)
        error = None if validator is None else next(validator.iter_errors(value), None)
        return None if error is None else f"{error.instance_path}: {error.message}"

    def request_faults(self, schema: JSON, value: JSON) -> list[str]:
        """Why a request may not hold the value, each with its place; what is readOnly, it may not."""
        if id(schema) not in self._of_requests:
            allowed = requestable(self._document.bundle(schema), forbid=True)
            self._of_requests[id(schema)] = (schema, _compiled(allowed))
        validator = self._of_requests[id(schema)][1]
        if validator is None:
            return []
        return [
            f"{''.join(f'.{step}' for step in error.instance_path)}: {error.message}"
            for error in validator.iter_errors(value)
        ]

    def _validator(self, schema: JSON) -> jsonschema_rs.Draft202012Validator | None:
        """None for a schema that cannot be compiled, say for its pattern."""
        if id(schema) not in self._validators:
            self._validators[id(schema)] = (schema, _compiled(self._document.bundle(schema)))
        return self._validators[id(schema)][1]

    def _merged(self, schema: Schema) -> Schema:
        """Annotations and single constraints: the outer one holds, then the earliest."""
        parts = [self.flat(part) for part in items(schema.get("allOf"))]
        if not parts:
            return schema
        merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            _join(merged, part)
        return merged


def _compiled(schema: Schema) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return validator_of(schema)
    except (ValueError, jsonschema_rs.ValidationError):
        return None


def _join(merged: Schema, part: Schema) -> None:
    for key, value in part.items():
        if key == "properties":
            joined = dict(mapping(merged.get("properties")))
            for name, schema in mapping(value).items():
                joined[name] = {"allOf": [joined[name], schema]} if name in joined else schema
            merged["properties"] = joined
        elif key == "required":
            both = [*items(merged.get("required")), *items(value)]
            merged["required"] = [
                name for index, name in enumerate(both) if name not in both[:index]
            ]
        else:
            merged.setdefault(key, value)
