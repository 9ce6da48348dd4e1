"""How values become URL text and header text (OpenAPI 3.1.1 "Parameter Object", RFC 6570).

A value is carried faithfully or refused with `InvalidArguments`: what the upstream decodes by the
same rules equals what was given. A plain value takes the default style of its place; the functions
below name another one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import quote, unquote

import pydantic_core
from pydantic import MISSING, BaseModel

from .errors import InvalidArguments
from .segments import inside_segment

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

_RESERVED_KEPT: Final = ":/?@!$'()*,;[]"
"""RFC 3986 reserved characters that stay raw under `allowReserved`; `#&+=%` would change the query."""

_DELIMITERS: Final = {
    "form": ",",
    "spaceDelimited": "%20",
    "pipeDelimited": "%7C",
    "tabDelimited": "%09",
}
_EXACT_INTEGERS: Final = 2.0**53
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Styled:
    """A value together with the OpenAPI `style` and `explode` it is sent in."""

    value: object
    style: Style
    explode: bool = False
    reserved: bool = False


def simple(value: object, *, explode: bool = False) -> Styled:
    """Path and header style `a,b` (RFC 6570 3.2.2)."""
    return Styled(value, "simple", explode)


def label(value: object, *, explode: bool = False) -> Styled:
    """Path style `.a.b` (RFC 6570 3.2.5)."""
    return Styled(value, "label", explode)


def matrix(value: object, *, explode: bool = False) -> Styled:
    """Path style `;name=a` (RFC 6570 3.2.7)."""
    return Styled(value, "matrix", explode)


def form(value: object, *, explode: bool = True, reserved: bool = False) -> Styled:
    """Query style `name=a&name=b`, or `name=a,b` without explode (RFC 6570 3.2.8)."""
    return Styled(value, "form", explode, reserved)


def space_delimited(value: object) -> Styled:
    """Query style `name=a%20b`."""
    return Styled(value, "spaceDelimited")


def pipe_delimited(value: object) -> Styled:
    """Query style `name=a%7Cb`."""
    return Styled(value, "pipeDelimited")


def tab_delimited(value: object) -> Styled:
    """Query style `name=a%09b` (Swagger 2.0 `collectionFormat: tsv`)."""
    return Styled(value, "tabDelimited")


def cookie(value: object, *, explode: bool = True) -> Styled:
    """Cookie style `name=a; name=b`, as it is given (OpenAPI 3.2)."""
    return Styled(value, "cookie", explode)


def deep_object(value: object) -> Styled:
    """Query style `name[key]=a`, one level deep (deeper levels have no definition)."""
    return Styled(value, "deepObject", explode=True)


def json_text(value: object) -> Styled:
    """A parameter with `content: application/json`: its JSON text."""
    return Styled(value, "json")


def urlencoded_text(value: object) -> Styled:
    """A parameter with `content: application/x-www-form-urlencoded`: its form text."""
    return Styled(value, "urlencoded")


def text_of(value: object, name: str) -> str:
    """The text of one primitive value.

    Raises:
        InvalidArguments: For null, objects and arrays, which have no text of their own.
    """
    match value:
        case str():
            return _unicode(value, name)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return (
                str(int(value))
                if value.is_integer() and abs(value) < _EXACT_INTEGERS
                else repr(value)
            )
        case _:
            raise InvalidArguments(
                [f"{name}: {type(value).__name__} cannot be sent as a parameter"]
            )


def _unicode(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArguments([f"{name}: half a surrogate pair is no text"]) from None
    return text


def json_bytes(value: object, *, ascii_only: bool = False) -> bytes:
    """JSON text, by the upstream's names.

    Raises:
        InvalidArguments: For half a surrogate pair, which UTF-8 cannot carry.
    """
    try:
        return pydantic_core.to_json(value, by_alias=True, ensure_ascii=ascii_only)
    except pydantic_core.PydanticSerializationError:
        raise InvalidArguments(["an argument holds text that is no Unicode"]) from None


def plain(value: object) -> object:
    """A pydantic model as the mapping the upstream knows; anything else as it is."""
    if isinstance(value, BaseModel):
        return cast("object", pydantic_core.to_jsonable_python(value, by_alias=True))
    return value


def path_text(name: str, value: object) -> str:
    """Percent-encoded text for one `{name}` of a path template.

    Raises:
        InvalidArguments: When the text could leave its path segment: empty, `.`, `..`, a slash or
            backslash, a control character, also behind (repeated) percent-encoding.
    """
    styled = value if isinstance(value, Styled) else Styled(value, "simple")

    dotted = styled.style == "label" and styled.explode
    parts = dotted and isinstance(plain(styled.value), Mapping | list | tuple)

    def atom(item: object) -> str:
        text = text_of(item, name)
        if parts and "." in text:
            # A dot is never percent-encoded (RFC 3986 2.3), so it would read as a delimiter.
            raise InvalidArguments([f"{name}: an item must not hold '.': {text!r}"])
        return quote(inside_segment(text, name), safe="")

    if styled.style == "json":
        return atom(_json(styled.value))
    pairs = _pairs(styled, name, atom)
    match styled.style:
        case "simple":
            return (",").join(_joined(pairs, styled.explode))
        case "label":
            return "." + ("." if styled.explode else ",").join(_joined(pairs, styled.explode))
        case "matrix":
            return _matrix(quote(name, safe=""), styled, pairs)
        case _:
            raise InvalidArguments([f"{name}: style {styled.style} is not for paths"])


def query_text(parameters: Mapping[str, object]) -> str:
    """The query string, without `?`, of the parameters that have a value, in their order."""
    pairs: list[str] = []
    for name, value in parameters.items():
        styled = value if isinstance(value, Styled) else Styled(value, "form", explode=True)
        if styled.value is not MISSING:
            own = _query_pairs(name, styled)
            _refuse_foreign(name, own, parameters)
            pairs.extend(own)
    return "&".join(pairs)


def cookie_text(parameters: Mapping[str, object]) -> str:
    """The `Cookie` field of the parameters that have a value, in their order."""
    pairs: list[str] = []
    for name, value in parameters.items():
        styled = value if isinstance(value, Styled) else Styled(value, "form", explode=True)
        if styled.value is not MISSING:
            pairs.extend(_query_pairs(name, styled))
    return "; ".join(pairs)


def querystring_text(value: object) -> str:
    """The query that is one value as a whole (OpenAPI 3.2 `in: querystring`)."""
    styled = value if isinstance(value, Styled) else Styled(value, "urlencoded")
    if styled.value is MISSING:
        return ""
    if styled.style == "json":
        return quote(_json(styled.value), safe="")
    return query_text(cast("Mapping[str, object]", plain(styled.value)))


def header_text(name: str, value: object) -> str:
    """The field value of one header parameter (style `simple`; headers are not percent-encoded).

    Raises:
        InvalidArguments: When a header cannot carry it: controls, non-ASCII, outer spaces, or a
            delimiter inside an item.
    """
    styled = value if isinstance(value, Styled) else Styled(value, "simple")
    if styled.style == "json":
        text = _json(styled.value, ascii_only=True)
    else:
        nested = isinstance(plain(styled.value), Mapping | list)

        def atom(item: object) -> str:
            text = text_of(item, name)
            if nested and re.search(r"[,=]" if styled.explode else ",", text):
                raise InvalidArguments([f"{name}: an item must not hold a delimiter: {text!r}"])
            if nested and (not text or text != text.strip()):
                # RFC 9110 5.6.1: readers of lists skip empty items and spaces around others.
                raise InvalidArguments(
                    [f"{name}: an item must not be empty, nor begin or end with a space"]
                )
            return text

        text = ",".join(_joined(_pairs(styled, name, atom), styled.explode))
    if not _HEADER_TEXT.fullmatch(text):
        raise InvalidArguments(
            [f"{name}: only printable ASCII without outer spaces can be sent in a header"]
        )
    return text


def _json(value: object, *, ascii_only: bool = False) -> str:
    return json_bytes(value, ascii_only=ascii_only).decode()


def _pairs(
    styled: Styled, name: str, atom: Callable[[object], str]
) -> list[tuple[str | None, str]]:
    """(key or None, text) for each part: one for a primitive, many for an array or object."""
    value = plain(styled.value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        pairs: list[tuple[str | None, str]] = [
            (atom(key), atom(item)) for key, item in items if item is not MISSING
        ]
    elif isinstance(value, list | tuple):
        pairs = [(None, atom(item)) for item in cast("Iterable[object]", value)]
    else:
        return [(None, atom(value))]
    if not pairs:
        raise InvalidArguments([f"{name}: nothing would be sent of an empty value; leave it out"])
    return pairs


def _joined(pairs: list[tuple[str | None, str]], explode: bool) -> list[str]:  # noqa: FBT001  # an OpenAPI keyword
    parts: list[str] = []
    for key, text in pairs:
        if key is None:
            parts.append(text)
        elif explode:
            parts.append(f"{key}={text}")
        else:
            parts.extend((key, text))
    return parts


def _matrix(name: str, styled: Styled, pairs: list[tuple[str | None, str]]) -> str:
    if styled.explode:
        return "".join(f";{key or name}={text}" for key, text in pairs)
    return f";{name}={','.join(_joined(pairs, explode=False))}"


def _query_pairs(name: str, styled: Styled) -> list[str]:
    key = quote(name, safe="[]" if styled.style == "deepObject" else "")
    safe = _RESERVED_KEPT if styled.reserved else ""
    if styled.style == "json":
        return [f"{key}={quote(_json(styled.value), safe=safe)}"]
    delimiter = unquote(_DELIMITERS.get(styled.style, ","))
    compound = isinstance(plain(styled.value), Mapping | list | tuple)
    joins = compound and not styled.explode

    def atom(item: object) -> str:
        text = text_of(item, name)
        if joins and delimiter != "," and delimiter in text:
            raise InvalidArguments([f"{name}: an item must not hold {delimiter!r}: {text!r}"])
        return quote(text, safe=safe.replace(",", "") if joins else safe)

    pairs = _pairs(styled, name, atom)
    if styled.style == "deepObject":
        return [f"{key}%5B{_bare(part, name)}%5D={text}" for part, text in pairs]
    if styled.explode:
        return [f"{key if part is None else part}={text}" for part, text in pairs]
    return [f"{key}={_DELIMITERS[styled.style].join(_joined(pairs, explode=False))}"]


def _bare(key: str | None, name: str) -> str:
    """A key of a deepObject; brackets in it would read as another level."""
    if not key or re.search("%5[BD]", key):
        raise InvalidArguments([f"{name}: a key must not be empty or hold brackets"])
    return key


def _refuse_foreign(name: str, pairs: list[str], parameters: Mapping[str, object]) -> None:
    """Refuse keys of an object that would read as another parameter."""
    for pair in pairs:
        key = unquote(pair.partition("=")[0])
        if key != name and key in parameters:
            raise InvalidArguments([f"{name}: {key!r} is a parameter of its own"])
