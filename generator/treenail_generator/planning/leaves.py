"""Types without parts: what pydantic says exactly, or None so that the schema itself is kept."""

import re
from typing import Any, Final, cast

from pydantic_core import SchemaError, SchemaValidator, core_schema

from treenail_generator.formats import CHECKED_FORMATS
from treenail_generator.plan import BooleanType, ChoiceType, NumberType, TextType, TypePlan

from .views import View

ANNOTATIONS: Final = frozenset(
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
_TEXT: Final = frozenset({"type", "format", "minLength", "maxLength", "pattern"})
_NUMBER: Final = frozenset(
    {"type", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
)
_NUMBER_FORMATS: Final = frozenset({"int32", "int64", "float", "double"})

# Outside these, ECMA-262 and the regular expressions of pydantic may differ (\d, \w, \b, \p, ., look-around).
_PLAIN_PATTERN: Final = re.compile(
    r"\^?(?:[A-Za-z0-9 _:;,@#%&!~'\"<>=/-]|\\[.+*?()\[\]{}|^$/\\-]|\[\^?(?:[A-Za-z0-9 _.:;,@#%!+*()/=]|-(?!-)|\\[\]\\^-])+\]"
    r"|\((?:\?:)?(?!\?)|\)|\||[*+?](?!\+)|\{[0-9]+(?:,[0-9]*)?\}(?!\+))*\$?"
)


def constraints(view: View) -> set[str]:
    """The keywords of `view` that decide what is valid."""
    return {key for key in view if key not in ANNOTATIONS and not key.startswith("x-")}


def leaf_type(view: View, *, formats: bool) -> TypePlan | None:
    """The plan of a string, number, boolean or enumeration; None for anything else.

    Args:
        view: Without null.
        formats: Whether those of texts are enforced, where JSON Schema knows them.
    """
    if "const" in view and "enum" not in view:
        view = {
            **{key: value for key, value in view.items() if key != "const"},
            "enum": [view["const"]],
        }
    if "enum" in view:
        return _choice(view)
    match view.get("type"):
        case "string":
            return _text(view, formats=formats)
        case "integer" | "number":
            return _number(view)
        case "boolean" if constraints(view) <= {"type", "format"}:
            return BooleanType()
        case _:
            return None


def _choice(view: View) -> ChoiceType | None:
    values = cast("list[Any]", view["enum"])
    if not constraints(view) <= {"type", "enum", "format"} or not values:
        return None
    if view.get("type", "string") == "string" and all(isinstance(value, str) for value in values):
        return ChoiceType(tuple(dict.fromkeys(values)))
    if view.get("type") == "integer" and all(type(value) is int for value in values):
        return ChoiceType(tuple(dict.fromkeys(values)))
    return None


def _text(view: View, *, formats: bool) -> TextType | None:
    pattern = view.get("pattern")
    if not constraints(view) <= _TEXT:
        return None
    if pattern is not None and not is_plain(str(pattern)):
        return None
    return TextType(
        format=view.get("format"),
        checked=formats and view.get("format") in CHECKED_FORMATS,
        min_length=view.get("minLength"),
        max_length=view.get("maxLength"),
        pattern=pattern,
    )


def is_plain(pattern: str) -> bool:
    """Whether `pattern` means the same to ECMA-262 and to pydantic."""
    if not _PLAIN_PATTERN.fullmatch(pattern):
        return False
    try:
        re.compile(pattern)
        # Repetitions of repetitions grow beyond what its engine takes.
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except (re.error, SchemaError):
        return False
    return True


def _number(view: View) -> NumberType | None:
    whole = view["type"] == "integer"
    multiple = view.get("multipleOf")
    if not constraints(view) <= _NUMBER or view.get("format", "int32") not in _NUMBER_FORMATS:
        return None
    if multiple is not None and not (whole and isinstance(multiple, int)):
        return None
    bounds = {
        name: view.get(name)
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    }
    if whole and any(isinstance(bound, float) for bound in bounds.values()):
        return None
    return NumberType(
        whole=whole,
        minimum=bounds["minimum"],
        maximum=bounds["maximum"],
        exclusive_minimum=bounds["exclusiveMinimum"],
        exclusive_maximum=bounds["exclusiveMaximum"],
        multiple_of=multiple,
    )
