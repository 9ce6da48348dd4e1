"""Why a value does not satisfy a schema, in few words: place, expectation, kind of value."""

import json
from typing import Any, Final

import jsonschema_rs

_MOST_SHOWN: Final = 8
_LONGEST: Final = 120
_BOUNDS: Final = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
_SIZES: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} fields",
    "maxProperties": "at most {} fields",
}
_OTHERS: Final = {
    "uniqueItems": "should hold no item twice",
    "not": "is a value that is excluded",
    "falseSchema": "should not be given",
    "contains": "should hold an item of the kind that is asked for",
    "propertyNames": "has a field whose name is not allowed",
}


def problem_of(error: jsonschema_rs.ValidationError) -> str:
    """The place below the argument, and what is wrong there; never the value itself."""
    error, alternatives = _nearest(error)
    where = "".join(f"[{step!r}]" for step in error.instance_path)
    told = _told(error)
    if alternatives > 1:
        told = f"{told} (the nearest of {alternatives} alternatives)"
    return f"{where} {told}".strip()


def _nearest(error: jsonschema_rs.ValidationError) -> tuple[jsonschema_rs.ValidationError, int]:
    """The failure of the alternative that came closest, where one did; else `error` itself."""
    kind: Any = error.kind
    if kind.name not in {"anyOf", "oneOf"} or not getattr(kind, "context", None):
        return error, 0
    context: list[list[jsonschema_rs.ValidationError]] = kind.context
    depth = len(error.instance_path)
    inside = [each for each in context if each and _fits_outside(each, depth)]
    if not inside:
        return error, 0
    best = min(inside, key=lambda each: (len(each), -len(each[0].instance_path)))
    return _nearest(best[0])[0], len(context)


def _fits_outside(errors: list[jsonschema_rs.ValidationError], depth: int) -> bool:
    """Whether an alternative takes this kind of value and fails inside it."""
    return all(
        len(each.instance_path) > depth or each.kind.name not in {"type", "const", "enum"}
        for each in errors
    )


def _told(error: jsonschema_rs.ValidationError) -> str:
    kind: Any = error.kind
    name: str = kind.name
    got = f", not {kind_of(error.instance)}"
    if name == "type":
        return f"should be {_listed([_article(each) for each in kind.types])}{got}"
    if name in _BOUNDS:
        return f"should be {_BOUNDS[name]} {_shown(kind.value)}"
    if name in _SIZES:
        return f"should have {_SIZES[name].format(kind.value)}"
    if name == "required":
        return f"lacks the field {kind.property!r}"
    if name in {"additionalProperties", "unevaluatedProperties"}:
        return f"has no field {_listed([repr(each) for each in kind.unexpected])}"
    return _other(name, kind, got)


def _other(name: str, kind: Any, got: str) -> str:
    match name:
        case "enum":
            return f"should be {_listed([_shown(each) for each in kind.options])}"
        case "const":
            return f"should be {_shown(kind.expected_value)}"
        case "pattern":
            return f"should match {kind.pattern}"
        case "format":
            return f"should be in the format {kind.format}"
        case "anyOf" | "oneOf" if getattr(kind, "context", None):
            count = len(kind.context)
            fitting = sum(not each for each in kind.context)
            many = f"fits {fitting} of {count} alternatives, where one is asked for"
            return many if fitting > 1 else f"fits none of {count} alternatives{got}"
        case _:
            return _OTHERS.get(name, f"does not satisfy {name!r}")


def kind_of(value: object) -> str:
    """What JSON calls the kind of `value`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _article(kind: str) -> str:
    if kind == "null":
        return kind
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _listed(texts: list[str]) -> str:
    more = [f"{len(texts) - _MOST_SHOWN} more"] if len(texts) > _MOST_SHOWN else []
    shown = [*texts[:_MOST_SHOWN], *more]
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else "".join(shown)
