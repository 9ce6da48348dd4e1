"""A schema as one flat mapping: references followed, `allOf` merged where that is exact."""

from collections.abc import Mapping
from typing import Any, Final, cast

import jsonschema_rs

from treenail_generator.document import Document
from treenail_generator.formats import validator_of
from treenail_generator.yaml_source import JSON

from .components import Components
from .descriptions import Descriptions

View = dict[str, Any]
"""A normalised schema at one position; subschemas may still hold references."""

_ANNOTATIONS: Final = frozenset(
    {
        "description",
        "title",
        "examples",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
    }
)
_NULL: Final = {"type": "null"}
# What says nothing about null, once `type` allows it.
_OF_ONE_TYPE: Final = frozenset(
    {
        *("type", "format", "enum", "minLength", "maxLength", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("items", "minItems", "maxItems", "uniqueItems"),
        *("properties", "required", "additionalProperties"),
    }
)
_TYPES: Final[Mapping[type, str]] = {str: "string", int: "integer", bool: "boolean"}
_DEPTH: Final = 32


class Views:
    """Views of one document's schemas.

    Attributes:
        components: The same document's components.
        descriptions: How its texts are told.
    """

    def __init__(
        self, document: Document, descriptions: Descriptions, *, formats: bool = True
    ) -> None:
        self._formats = formats
        self.descriptions = descriptions
        self.components = Components(document, descriptions)
        self._document = document
        self._known: dict[int, tuple[object, View]] = {}
        self._validators: dict[int, tuple[object, jsonschema_rs.Draft202012Validator]] = {}

    def of(self, schema: object, *, depth: int = 0) -> View:
        """The view of `schema`; keeps `allOf` when merging it would change what is valid.

        Not to be changed: whoever asks again for the same schema gets the same view.
        """
        known = self._known.get(id(schema))
        if known is None:
            # The schema is kept, so that no other one takes its id.
            known = self._known[id(schema)] = (schema, self._made(schema, depth))
        return known[1]

    def _made(self, schema: object, depth: int) -> View:
        target = self._only_target(schema)
        if target is not None:
            return self.of(target, depth=depth)
        resolved = cast("View", dict(self._document.resolve(cast("JSON", schema))))
        if depth > _DEPTH:
            return resolved
        other = self._beside_null(resolved)
        if other is not None:
            return _opened(self.of(other, depth=depth + 1), resolved) or resolved
        members = resolved.get("allOf")
        if not isinstance(members, list):
            return resolved
        views = [self.of(member, depth=depth + 1) for member in cast("list[object]", members)]
        own = {key: value for key, value in resolved.items() if key != "allOf"}
        merged: View | None = {}
        for each in (*views, own):
            merged = _merge(merged, each) if merged is not None else None
        return merged if merged is not None else resolved

    def _only_target(self, schema: object) -> object | None:
        """What a lone `$ref` leads to, so that a component is looked at once."""
        said = cast("View", schema) if isinstance(schema, dict) else {}
        if len(said) != 1 or not isinstance(said.get("$ref"), str):
            return None
        target = self._document.schemas.target(said["$ref"])
        return None if "$ref" in target else target

    def ref_name(self, schema: object) -> str | None:
        """The component that `schema`, or null, refers to; None when it stands for itself."""
        other = self._beside_null(cast("View", schema)) if isinstance(schema, dict) else None
        return self._document.ref_name(cast("JSON", schema if other is None else other))

    def component(self, schema: object) -> str | None:
        """The definition of the component that `schema`, or null, refers to and nothing more."""
        if not isinstance(schema, dict):
            return None
        other = self._beside_null(cast("View", schema))
        said = cast("View", schema if not isinstance(other, dict) else other)
        ref = said.get("$ref")
        if not isinstance(ref, str) or not said.keys() - {"$ref"} <= _ANNOTATIONS:
            return None
        return self.components.name_of(ref)

    def _beside_null(self, view: View) -> object | None:
        """The one alternative to null, where that is all that `view` says."""
        if "anyOf" not in view and "oneOf" not in view:
            return None
        said = {key for key in view if key not in _ANNOTATIONS and not key.startswith("x-")}
        if said not in ({"anyOf"}, {"oneOf"}):
            return None
        told = view[said.pop()]
        members = cast("list[object]", told) if isinstance(told, list) else []
        others = [each for each in members if each != _NULL]
        return others[0] if len(others) == 1 and len(others) < len(members) else None

    def bundle(self, schema: object) -> dict[str, JSON]:
        """Self-contained JSON Schema 2020-12 of `schema`."""
        return self._document.bundle(cast("JSON", schema))

    def why_not(self, schema: object, value: JSON) -> str | None:
        """Why `value` does not fit `schema`; None when it does, or when the schema is no schema."""
        if _is_met(schema, value):
            return None
        try:
            validator = self._validator(schema)
        except jsonschema_rs.ValidationError:
            return None
        for error in validator.iter_errors(value):
            return error.message
        return None

    def _validator(self, schema: object) -> jsonschema_rs.Draft202012Validator:
        known = self._validators.get(id(schema))
        if known is None:
            made = validator_of(self.bundle(schema), formats=self._formats)
            known = self._validators[id(schema)] = (schema, made)
        return known[1]


def _is_met(schema: object, value: JSON) -> bool:
    """Whether `schema` demands nothing but a type, and `value` is of it."""
    if not isinstance(schema, dict):
        return False
    demands = {key: each for key, each in cast("View", schema).items() if key not in _ANNOTATIONS}
    return demands == {"type": _TYPES.get(type(value))}


def _opened(view: View, outer: View) -> View | None:
    """`view`, or null, with the annotations of `outer`; None when one flat view cannot say that."""
    said = {key for key in view if key not in _ANNOTATIONS and not key.startswith("x-")}
    kind = view.get("type")
    if not said <= _OF_ONE_TYPE or kind is None:
        return None
    kinds = cast("list[str]", kind if isinstance(kind, list) else [kind])
    opened = {**view, "type": [*(each for each in kinds if each != "null"), "null"]}
    if isinstance(view.get("enum"), list) and None not in view["enum"]:
        opened["enum"] = [*view["enum"], None]
    return {**opened, **{key: value for key, value in outer.items() if key in _ANNOTATIONS}}


def _merge(left: View, right: View) -> View | None:
    """The view that both allow; None when that cannot be said as one flat view."""
    merged = dict(left)
    for key, value in right.items():
        if key not in merged or key in _ANNOTATIONS:
            merged[key] = value
        elif key == "properties":
            merged[key] = _merged_properties(merged[key], value)
        elif key == "required":
            merged[key] = list(dict.fromkeys([*merged[key], *value]))
        elif merged[key] != value:
            return None
    # A closed member of an `allOf` closes on its own properties only.
    closed = "additionalProperties" in left or "additionalProperties" in right
    return None if closed and left and not set(right) <= _ANNOTATIONS else merged


def _merged_properties(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(left)
    for name, schema in right.items():
        merged[name] = (
            schema if merged.get(name, schema) == schema else {"allOf": [merged[name], schema]}
        )
    return merged


def split_null(view: View) -> tuple[View, bool]:
    """`view` without null, and whether null was allowed; for the forms that say only that."""
    kinds = view.get("type")
    if isinstance(kinds, list) and "null" in kinds and view.get("const", 0) is not None:
        others = [kind for kind in cast("list[str]", kinds) if kind != "null"]
        inner = {**view, "type": others[0] if len(others) == 1 else others}
        choices = view.get("enum")
        if isinstance(choices, list):
            # Null has to be among the values, too.
            inner["enum"] = [value for value in cast("list[Any]", choices) if value is not None]
            return inner, None in choices
        # A constant is the only value.
        return inner, "const" not in view
    return view, False
