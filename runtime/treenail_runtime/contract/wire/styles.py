"""A value together with the OpenAPI style it is sent in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Style: TypeAlias = Literal[
    "simple",
    "label",
    "matrix",
    "form",
    "spaceDelimited",
    "pipeDelimited",
    "tabDelimited",
    "deepObject",
    "cookie",
    "json",
    "urlencoded",
]

Arrays: TypeAlias = Literal["repeat", "brackets", "indexes"]
"""How an upstream reads an array inside deepObject, which has no definition: `a[b]=1&a[b]=2`,
`a[b][]=1&a[b][]=2` or `a[b][0]=1&a[b][1]=2`."""

_NO_FIELDS: Final[Mapping[str, "FormField"]] = {}


@dataclass(frozen=True, slots=True)
class FormField:
    """How one field of a form is written in a style (OpenAPI "Encoding Object").

    Attributes:
        style: As of a query parameter.
        explode: One `name=value` per item, or all items in one.
        reserved: `allowReserved`.
        content_type: `application/json` for JSON text, any other for text; goes before the style,
            and is for each item of an array.
        arrays: Arrays of a deepObject; None refuses them.
    """

    style: Style = "form"
    explode: bool = True
    reserved: bool = False
    content_type: str | None = None
    arrays: Arrays | None = None


@dataclass(frozen=True, slots=True)
class Styled:
    """What the functions below make; `value` may be `MISSING`."""

    value: object
    style: Style
    explode: bool = False
    reserved: bool = False
    arrays: Arrays | None = None
    fields: Mapping[str, FormField] = field(default_factory=lambda: _NO_FIELDS)


def simple(value: object, *, explode: bool = False, reserved: bool = False) -> Styled:
    """Path and header style `a,b` (RFC 6570 3.2.2)."""
    return Styled(value, "simple", explode, reserved)


def label(value: object, *, explode: bool = False, reserved: bool = False) -> Styled:
    """Path style `.a.b` (RFC 6570 3.2.5)."""
    return Styled(value, "label", explode, reserved)


def matrix(value: object, *, explode: bool = False, reserved: bool = False) -> Styled:
    """Path style `;name=a` (RFC 6570 3.2.7)."""
    return Styled(value, "matrix", explode, reserved)


def form(value: object, *, explode: bool = True, reserved: bool = False) -> Styled:
    """Query style `name=a&name=b`, or `name=a,b` without explode (RFC 6570 3.2.8)."""
    return Styled(value, "form", explode, reserved)


def space_delimited(value: object, *, reserved: bool = False) -> Styled:
    """Query style `name=a%20b`; as Swagger 2.0 has it, also for arrays in paths and headers."""
    return Styled(value, "spaceDelimited", reserved=reserved)


def pipe_delimited(value: object, *, reserved: bool = False) -> Styled:
    """Query style `name=a%7Cb`; as Swagger 2.0 has it, also for arrays in paths and headers."""
    return Styled(value, "pipeDelimited", reserved=reserved)


def tab_delimited(value: object) -> Styled:
    """`name=a%09b` in a query, `a%09b` in a path (Swagger 2.0 `collectionFormat: tsv`)."""
    return Styled(value, "tabDelimited")


def deep_object(value: object, *, reserved: bool = False, arrays: Arrays | None = None) -> Styled:
    """Query style `name[key]=a`, and `name[key][inner]=a` for objects inside.

    Args:
        value: An object; an array only with `arrays`.
        reserved: `allowReserved`.
        arrays: How this upstream reads arrays, since no specification says it; None refuses them.
    """
    return Styled(value, "deepObject", explode=True, reserved=reserved, arrays=arrays)


def cookie(value: object, *, explode: bool = True) -> Styled:
    """Cookie style `name=a; name=b` (OpenAPI 3.2): nothing is percent-encoded."""
    return Styled(value, "cookie", explode)


def json_text(value: object) -> Styled:
    """A parameter with `content: application/json`: its JSON text."""
    return Styled(value, "json")


def urlencoded_text(value: object, fields: Mapping[str, FormField] = _NO_FIELDS) -> Styled:
    """A parameter with `content: application/x-www-form-urlencoded`: an object as form text."""
    return Styled(value, "urlencoded", fields=fields)
