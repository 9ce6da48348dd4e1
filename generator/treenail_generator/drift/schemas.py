"""What a change of a published JSON Schema means, for those who send and for those who read.

Of arguments, what an agent could send and cannot send any more breaks: narrower breaks, wider does
not. Of answers, what a reader could rely on and cannot rely on any more breaks: a field that is gone
or may be missing, another type. A further value of an enumeration and a wider bound are compatible,
but told, since a reader may not expect them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from .drift import Found, Severity

Side: TypeAlias = Literal["arguments", "answer"]
Schema: TypeAlias = Mapping[str, Any]

_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_NARROWING: Final = frozenset({"pattern", "format", "multipleOf", "uniqueItems"})
_MEMBERS: Final = frozenset({"anyOf", "oneOf", "allOf"})
_TOLD_ONLY: Final = frozenset(
    {"default", "examples", "title", "deprecated", "readOnly", "writeOnly", "$comment"}
)
_HANDLED: Final = frozenset(
    {"type", "enum", "const", "properties", "required", "items", "additionalProperties"}
    | {"description", "$defs", *_LOWER, *_UPPER}
)
_DEFINITION: Final = "#/$defs/"
_NULL: Final = {"type": "null"}
_NOTHING: Final[Schema] = {"not": {}}
_LONGEST: Final = 60


def schema_changes(old: Schema, new: Schema, side: Side) -> Iterator[Found]:
    """The changes between two self-contained schemas of objects."""
    return _Comparison(old, new, side).changes()


@dataclass(frozen=True, slots=True)
class _Inner:
    """Two schemas inside others, still to be compared."""

    path: str
    old: Any
    new: Any


_Step: TypeAlias = Found | _Inner


class _Comparison:
    """Two schemas and their definitions; what one place says is compared once."""

    def __init__(self, old: Schema, new: Schema, side: Side) -> None:
        self._whole = _Inner("", old, new)
        self._old = _definitions(old)
        self._new = _definitions(new)
        self._reads = side == "answer"
        self._seen: dict[tuple[int, int], tuple[object, object]] = {}

    def changes(self) -> Iterator[Found]:
        """All changes; without recursion, since schemas lead to each other in long chains."""
        open_steps = [self._schema(self._whole)]
        while open_steps:
            step = next(open_steps[-1], None)
            if step is None:
                open_steps.pop()
            elif isinstance(step, _Inner):
                open_steps.append(self._schema(step))
            else:
                yield step

    def _schema(self, inner: _Inner) -> Iterator[_Step]:
        path, old, new = inner.path, inner.old, inner.new
        if self._are_seen(old, new):
            return
        before, after = _plain(old, self._old), _plain(new, self._new)
        label = self._label(path)
        types = _types(before), _types(after)
        if types[0] != types[1]:
            yield self._type(label, *types)
            if _without_null(types[0]) != _without_null(types[1]):
                return
        yield from self._choices(label, before, after)
        yield from self._bounds(label, before, after)
        yield from self._object(path, before, after)
        if "items" in before or "items" in after:
            items = path if self._reads else f"{path}[]"
            yield _Inner(items, before.get("items", {}), after.get("items", {}))
        for key in sorted((set(before) | set(after)) - _HANDLED):
            yield from self._keyword(path, key, before.get(key), after.get(key))
        if before.get("description") != after.get("description"):
            yield "invisible", f"{label} is described differently"

    def _are_seen(self, old: object, new: object) -> bool:
        pair = (id(old), id(new))
        if pair in self._seen:
            # A boolean is the same object everywhere.
            return not isinstance(old, bool) and not isinstance(new, bool)
        # Kept, so that nothing else gets these ids meanwhile.
        self._seen[pair] = (old, new)
        return False

    def _keyword(self, path: str, key: str, old: Any, new: Any) -> Iterator[_Step]:
        if key == "prefixItems" and old and new and len(old) == len(new):
            for before, after in zip(old, new, strict=True):
                yield _Inner(path, before, after)
        elif key in _MEMBERS and old is not None and new is not None:
            yield from self._members(path, key, old, new)
        elif old != new:
            yield self._severity(key, old, new), self._other(path, key, old, new)

    def _members(self, path: str, key: str, old: list[Any], new: list[Any]) -> Iterator[_Step]:
        """Their order says nothing; those that both have may be references to what changed."""
        for same in (each for each in old if each in new):
            yield _Inner(path, same, same)
        lost, won = _without(old, new), _without(new, old)
        if len(lost) == len(won):
            for before, after in zip(lost, won, strict=True):
                yield _Inner(path, before, after)
            return
        narrowed = won if self._reads else lost
        is_choice = key == "anyOf" or (key == "oneOf" and self._are_apart(old, new))
        severity: Severity = "compatible" if is_choice and not narrowed else "breaking"
        yield severity, self._other(path, key, old, new)

    def _are_apart(self, old: list[Any], new: list[Any]) -> bool:
        """Whether no value can be of two members, so that a further one takes nothing away."""
        was = [_types(_plain(each, self._old)) for each in old]
        now = [_types(_plain(each, self._new)) for each in new]
        return _disjoint(was) and _disjoint(now)

    def _other(self, path: str, key: str, old: Any, new: Any) -> str:
        now = f"is {_shown(new)}" if new is not None else "is gone"
        was = f", was {_shown(old)}" if old is not None else ""
        return f"{self._label(path)}: {key} {now}{was}"

    def _label(self, path: str) -> str:
        if self._reads:
            return f"answer.{path}" if path else "the answer"
        return path or "the arguments"

    def _type(self, label: str, old: frozenset[str] | None, new: frozenset[str] | None) -> Found:
        fits = _covers(old, new) if self._reads else _covers(new, old)
        severity: Severity = "compatible" if fits else "breaking"
        return severity, f"{label} is {_named(new)}, was {_named(old)}"

    def _object(self, path: str, old: Schema, new: Schema) -> Iterator[_Step]:
        before = cast("Mapping[str, Any]", old.get("properties", {}))
        after = cast("Mapping[str, Any]", new.get("properties", {}))
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        prefix = f"{path}." if path else ""
        for name in before:
            if name not in after:
                gone = f"the answer no longer has {prefix}{name}"
                yield "breaking", gone if self._reads else f"{prefix}{name} is gone"
        for name, schema in after.items():
            if name not in before:
                yield self._new_field(f"{prefix}{name}", required=name in now)
                continue
            label = self._label(f"{prefix}{name}")
            if name in now and name not in was:
                required = "is always there now" if self._reads else "is required now"
                yield "compatible" if self._reads else "breaking", f"{label} {required}"
            if name in was and name not in now:
                optional = "may be missing now" if self._reads else "may be left out now"
                yield "breaking" if self._reads else "compatible", f"{label} {optional}"
            yield _Inner(f"{prefix}{name}", before[name], schema)
        key = "additionalProperties"
        if key in old or key in new:
            yield from self._further(path, old.get(key, True), new.get(key, True))

    def _new_field(self, path: str, *, required: bool) -> Found:
        if self._reads:
            return "compatible", f"the answer has {path}, too"
        if required:
            return "breaking", f"{path} is new and required"
        return "compatible", f"{path} is new"

    def _further(self, path: str, old: Any, new: Any) -> Iterator[_Step]:
        """Names that the schema does not tell; an answer's readers do not know them anyway."""
        label = self._label(path)
        if isinstance(old, dict) and isinstance(new, dict):
            yield _Inner(f"{path}.*" if path else "*", old, new)
        elif old != new and not self._reads:
            severity: Severity = "compatible" if new is True or old is False else "breaking"
            takes = "no further names" if new is False else "further names"
            yield severity, f"{label} takes {takes} now"

    def _choices(self, label: str, old: Schema, new: Schema) -> Iterator[Found]:
        before, after = _values(old), _values(new)
        narrower: Severity = "compatible" if self._reads else "breaking"
        if before is None and after is None:
            return
        if after is None:
            yield "compatible", f"{label} {'may be' if self._reads else 'takes'} any value now"
        elif before is None:
            yield narrower, f"{label} {'is' if self._reads else 'takes'} only {_listed(after)} now"
        else:
            lost = [value for value in before if value not in after]
            won = [value for value in after if value not in before]
            if lost:
                takes = "is no longer" if self._reads else "no longer takes"
                yield narrower, f"{label} {takes} {_listed(lost)}"
            if won:
                takes = "may be" if self._reads else "takes"
                yield "compatible", f"{label} {takes} {_listed(won)}, too"

    def _bounds(self, label: str, old: Schema, new: Schema) -> Iterator[Found]:
        for key in (*_LOWER, *_UPPER):
            before, after = old.get(key), new.get(key)
            if before == after:
                continue
            narrower = after is not None and (
                before is None or (after > before if key in _LOWER else after < before)
            )
            was = f", was {before}" if before is not None else ""
            now = f"is {after}" if after is not None else "is gone"
            severity: Severity = "breaking" if narrower and not self._reads else "compatible"
            yield severity, f"{label}: {key} {now}{was}"

    def _severity(self, key: str, old: object, new: object) -> Severity:
        if key in _TOLD_ONLY:
            return "invisible"
        gained, lost = old is None, new is None
        if key in _NARROWING and (gained if self._reads else lost):
            return "compatible"
        # A reader parses by the format; of the other keywords it need not know.
        return "compatible" if self._reads and key in _NARROWING - {"format"} else "breaking"


def _without(members: list[Any], others: list[Any]) -> list[Any]:
    return [each for each in members if each not in others]


def _disjoint(kinds: list[frozenset[str] | None]) -> bool:
    told = [kind for kinds_of in kinds for kind in (kinds_of or ())]
    both_numbers = {"integer", "number"} <= {*told}
    return all(kinds) and len(told) == len({*told}) and not both_numbers


def _definitions(schema: object) -> dict[str, Any]:
    """All `$defs` of a schema, those at the top going first."""
    found: dict[str, Any] = {}
    if isinstance(schema, list):
        for item in cast("list[object]", schema):
            found = _definitions(item) | found
    elif isinstance(schema, dict):
        mapping = cast("dict[str, Any]", schema)
        for value in mapping.values():
            found = _definitions(value) | found
        found |= mapping.get("$defs", {})
    return found


def _plain(schema: object, definitions: Schema) -> Schema:
    """The schema behind a reference; a boolean as a schema; `anyOf` with null as a type."""
    if not isinstance(schema, dict):
        return {} if schema is True else _NOTHING
    plain = cast("dict[str, Any]", schema)
    for _ in definitions:
        target = definitions.get(str(plain.get("$ref", "")).removeprefix(_DEFINITION))
        if not isinstance(target, dict):
            break
        beside = {key: value for key, value in plain.items() if key != "$ref"}
        plain = {**cast("dict[str, Any]", target), **beside}
    options = [each for each in plain.get("anyOf", ()) if each != _NULL]
    if len(options) == 1 and len(plain["anyOf"]) > 1:
        value = _plain(options[0], definitions)
        types = _types(value)
        beside = {key: each for key, each in plain.items() if key != "anyOf"}
        if types is not None:
            return {**value, **beside, "type": sorted({*types, "null"})}
    return plain


def _types(schema: Schema) -> frozenset[str] | None:
    """The types; None for any."""
    kind = schema.get("type")
    if kind is None:
        return None
    return frozenset({kind} if isinstance(kind, str) else cast("list[str]", kind))


def _without_null(types: frozenset[str] | None) -> frozenset[str] | None:
    return None if types is None else types - {"null"}


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and narrow <= (wide | {"integer"} if "number" in wide else wide)


def _named(types: frozenset[str] | None) -> str:
    if types is None:
        return "any type"
    return " or ".join(sorted(types, key=lambda each: (each == "null", each)))


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _listed(values: list[Any]) -> str:
    return ", ".join(map(repr, values))


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else "another"
