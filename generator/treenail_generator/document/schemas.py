"""Schema objects of OpenAPI 3.0 and 3.1 as one dialect: JSON Schema 2020-12."""

from collections.abc import Callable, Iterator, Mapping

from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document.dialect import TYPES, Odd, repaired
from treenail_generator.document.discriminators import discriminated
from treenail_generator.document.model import WITH_SIBLINGS, Schema, Version
from treenail_generator.document.references import References, ref_of, split_ref
from treenail_generator.document.soundness import applicable, sound
from treenail_generator.yaml_source import JSON, Pointer

_MAPS = {"dependentSchemas", "patternProperties", "properties"}
_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
_UNEVALUATED = {"unevaluatedItems", "unevaluatedProperties"}
_CONDITIONS = {"else", "if", "not", "then"}
_ITEMS = {"additionalProperties", "contains", "contentSchema", "items", "propertyNames"}
_SINGLES = _UNEVALUATED | _CONDITIONS | _ITEMS
_IN_PLACE = {"$ref", "allOf", "anyOf", "if", "not", "oneOf"}
_TEXTS = {"default", "description", "examples", "title"}
_ANNOTATIONS = _TEXTS | {"deprecated", "readOnly", "writeOnly"}
_BOUNDS = {"maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"}
_SIZES = {
    *("maxLength", "minLength", "pattern", "format", "contentEncoding", "contentMediaType"),
    *("maxItems", "minItems", "uniqueItems", "maxContains", "minContains"),
    *("maxProperties", "minProperties", "required", "dependentRequired"),
}
# All others are of no vocabulary that clients know, or would move the base of the references, which
# here is always the document.
_KEYWORDS = (
    {"$ref", "type", "enum", "const", "additionalItems", "dependencies"}
    | (_MAPS | _LISTS | _SINGLES)
    | (_ANNOTATIONS | _BOUNDS | _SIZES)
)
_READ = _KEYWORDS | {"$dynamicRef"}
_PLAIN: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("type", "format", "title", "description"), str),
    **dict.fromkeys(("nullable", "deprecated", "readOnly", "writeOnly"), bool),
    **dict.fromkeys(("example", "default"), object),
}
_REWORDED = {"example", "nullable"}
_NULL: Schema = {"type": "null"}


class Schemas:
    """The normalised schemas of one document; remembers those that references lead to.

    Attributes:
        faults: What was left out of the schemas asked for so far.
    """

    def __init__(self, version: Version, references: References) -> None:
        """Schemas are read in the dialect of `version`."""
        self.references = references
        self._version: Version = version
        self._named: dict[str, Schema] = {}
        self.faults: list[Diagnostic] = []

    def normalised(self, raw: JSON, pointer: Pointer) -> Schema:
        """The raw schema at a place as JSON Schema 2020-12; `{}` when it is none."""
        odd: list[Odd] = []
        schema = as_object(normalise(raw, self._version, odd))
        if odd:
            self.faults.extend(self._faults(raw, pointer))
        return schema

    def target(self, ref: str) -> Schema:
        """The normalised schema that `ref` names, which may be a reference itself.

        Raises:
            BuildError: It names nothing.
        """
        if ref not in self._named:
            found = self.references.find(ref)
            self._named[ref] = self.normalised(found.value, found.pointer)
        return self._named[ref]

    def resolve(self, schema: JSON) -> Schema:
        """See `Document.resolve`."""
        here = as_object(schema)
        chain: dict[str, Schema] = {}
        while (ref := ref_of(here)) is not None:
            if ref in chain:
                self.references.refuse_loop(ref)
            chain[ref] = here
            here = self.target(ref)
        for reference in reversed(chain.values()):
            siblings = {key: reference[key] for key in reference if key != "$ref"}
            # Without siblings the target itself, so that a component stays one thing to all who
            # remember schemas by identity.
            here = _combined(here, siblings) if siblings else here
        return here

    def _faults(self, raw: JSON, pointer: Pointer) -> Iterator[Diagnostic]:
        if not isinstance(raw, dict):
            return
        odd: list[Odd] = []
        _kept(raw, self._version, odd)
        for key, change in odd:
            location = self.references.source.at((*pointer, key))
            message = f"JSON Schema does not allow this value of {key!r}; it is {change}"
            yield Diagnostic(location, "invalid-openapi", message)
        for step, child in subschemas(raw):
            yield from self._faults(child, (*pointer, *step))


def ref_name(schema: JSON) -> str | None:
    """The last segment of the `$ref`, None when there is no `$ref`."""
    ref = ref_of(schema)
    return None if ref is None else split_ref(ref)[-1]


def normalise(raw: JSON, version: Version, odd: list[Odd]) -> JSON:
    """A raw schema and all its subschemas as JSON Schema 2020-12; references stay as they are.

    `odd` gains the keywords whose values mean nothing as they stand, and what was done to them.

    Source: OpenAPI 3.0.4, section 4.7.24 (Schema Object); OpenAPI 3.1.1, section 4.8.24.
    """
    if not isinstance(raw, dict):
        return raw if isinstance(raw, bool) else {}
    if _is_plain(raw):
        schema = _as_written(raw)
        return _with_null(schema) if raw.get("nullable") is True else schema
    kept = _kept(raw, version, odd)
    schema = map_subschemas(kept, lambda child: normalise(child, version, odd))
    if "discriminator" in raw:
        schema = discriminated(schema, raw)
    return _with_null(schema) if _is_nullable(raw, version) else schema


def _is_plain(raw: Schema) -> bool:
    """Whether a schema says one type and words, or nothing but a reference, as most do."""
    told = raw.get("type")
    if told is None:
        return len(raw) == 1 and ref_of(raw) is not None
    if not isinstance(told, str) or told not in TYPES:
        return False
    return all(isinstance(value, _PLAIN.get(key, ())) for key, value in raw.items())


def _as_written(raw: Schema) -> Schema:
    """What a plain schema says; `example` moves to the end, as with others."""
    if "example" not in raw and "nullable" not in raw:
        return dict(raw)
    schema = {key: value for key, value in raw.items() if key not in _REWORDED}
    return {**schema, "examples": [raw["example"]]} if "example" in raw else schema


def _kept(raw: Schema, version: Version, odd: list[Odd]) -> Schema:
    """The keywords that count, in the words of 2020-12; subschemas are still to be read."""
    if version not in WITH_SIBLINGS and (ref := ref_of(raw)) is not None:
        return {"$ref": ref}
    schema = {_keyword(key): value for key, value in raw.items() if key in _READ}
    _modernise(schema, raw)
    if version == "2.0" and schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    schema = repaired(schema, odd, or_null=_is_nullable(raw, version))
    left: list[str] = []
    schema = applicable(sound(schema, left))
    odd.extend((key, "left out") for key in left)
    return schema


def _is_nullable(raw: Schema, version: Version) -> bool:
    return raw.get("nullable") is True or (version == "2.0" and raw.get("x-nullable") is True)


def map_subschemas(schema: Schema, change: Callable[[JSON], JSON]) -> Schema:
    """A copy in which `change` has replaced every direct subschema."""
    return {key: _mapped(key, value, change) for key, value in schema.items()}


def subschemas(schema: Schema) -> Iterator[tuple[Pointer, JSON]]:
    """Every direct subschema, and the way to it."""
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            yield from (((key, name), child) for name, child in value.items())
        elif (key in _LISTS or key == "items") and isinstance(value, list):
            yield from (((key, index), child) for index, child in enumerate(value))
        elif key in _SINGLES:
            yield (key,), value


def _mapped(key: str, value: JSON, change: Callable[[JSON], JSON]) -> JSON:
    if key in _MAPS and isinstance(value, dict):
        return {name: change(child) for name, child in value.items()}
    if (key in _LISTS or key == "items") and isinstance(value, list):
        return [change(child) for child in value]
    return change(value) if key in _SINGLES else value


def _keyword(key: str) -> str:
    """Nothing here has dynamic anchors, and without one `$dynamicRef` is a plain `$ref`."""
    return "$ref" if key == "$dynamicRef" else key


def _modernise(schema: Schema, raw: Schema) -> None:
    """Say what `example`, boolean bounds, tuples and misplaced `examples` say, in 2020-12."""
    if isinstance(schema.get("items"), list):
        schema.setdefault("prefixItems", schema.pop("items"))
    if not isinstance(schema.get("examples", []), list):
        del schema["examples"]
    if "example" in raw:
        schema.setdefault("examples", [raw["example"]])
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(is_exclusive := schema.get(exclusive), bool):
            del schema[exclusive]
            if is_exclusive and limit in schema:
                schema[exclusive] = schema.pop(limit)


def _with_null(schema: Schema) -> Schema:
    """The schema, or null: within its `type` where that is enough, around it where it is not."""
    if schema.keys() & _IN_PLACE:
        annotations = {key: schema[key] for key in schema if key in _ANNOTATIONS}
        rest = {key: schema[key] for key in schema if key not in _ANNOTATIONS}
        return {**annotations, "anyOf": [rest, _NULL]}
    types, enum = schema.get("type"), schema.get("enum")
    if isinstance(enum, list) and None not in enum:
        # OpenAPI 3.0.4 4.7.24.1: `nullable` opens the type; an `enum` has to name null itself.
        return schema
    opened = dict(schema)
    if isinstance(types, str):
        types = [types]
    if isinstance(types, list) and "null" not in types:
        opened["type"] = [*types, "null"]
    return opened


def _combined(target: Schema, siblings: Schema) -> Schema:
    """What a `$ref` to the target and its siblings demand together."""
    annotations = {key: siblings[key] for key in siblings if key in _ANNOTATIONS}
    constraints = {key: siblings[key] for key in siblings if key not in _ANNOTATIONS}
    if not constraints:
        return {**target, **annotations}
    if (target.keys() | constraints.keys()) & _UNEVALUATED:
        return _apart(target, constraints, annotations)
    listed = target.get("allOf", [])
    if not isinstance(listed, list):
        return {**target, **annotations}
    return {**target, **annotations, "allOf": [*listed, constraints]}


def _apart(target: Schema, constraints: Schema, annotations: Schema) -> Schema:
    """Keep each `unevaluated…` beside the keywords that it must see, and away from others."""
    own = {key: constraints[key] for key in constraints if key in _UNEVALUATED}
    others = {key: constraints[key] for key in constraints if key not in _UNEVALUATED}
    kept = {key: target[key] for key in target if key in _ANNOTATIONS}
    return {**kept, **annotations, "allOf": [target, others], **own}


def as_object(schema: JSON) -> Schema:
    """The schema as a mapping: `{}` for True, `{"not": {}}` for False."""
    if isinstance(schema, dict):
        return schema
    return {"not": {}} if schema is False else {}
