"""Values that no request can carry faithfully, so that a tool is right to refuse them.

Source: RFC 6570 2.4 (undefined values), OpenAPI 3.1.1 "Style Values", RFC 9110 5.5 (field values),
RFC 3986 3.3 and 6.2.2.3 (dot segments).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote, unquote

from treenail_generator.document import Encoding, Media, Operation, Parameter
from treenail_generator.plan import ABSENT, Absent

from .decoding.media import charset_of, is_json
from .expectations import Wanted

_OUT_OF_SEGMENT: Final = re.compile(r"[/\\\x00-\x1f\x7f]")
_HEADER: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_COOKIE: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_FORM: Final = "application/x-www-form-urlencoded"
_DELIMITERS: Final = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
_ROUNDS: Final = 9
_EXACT: Final = 2**53
_LARGEST: Final = 2**1023


def why_unsayable(operation: Operation, wanted: Wanted) -> str | None:
    """Why no request of `operation` can say `wanted`; None when one can."""
    for value in wanted.values():
        if not isinstance(value, Absent) and _has_half_surrogate(value):
            return "half a surrogate pair is no text"
    declared = {(each.place, each.name): each for each in operation.parameters}
    for key, value in wanted.items():
        reason = None
        if isinstance(value, Absent):
            continue
        if key in declared:
            reason = _reason(operation, declared[key], value)
        elif key[0] == "path":
            # The path names it, and nothing declares it.
            reason = _segment_reason(operation, key[1], value, list(_texts(value)))
        if reason is not None:
            return f"{key[0]} {key[1]!r}: {reason}"
    return _body_reason(operation, wanted)


def _has_half_surrogate(value: Any) -> bool:
    return any("\ud800" <= character <= "\udfff" for text in _texts(value) for character in text)


def _reason(operation: Operation, parameter: Parameter, value: Any) -> str | None:
    if parameter.content_type is not None:
        return _content_reason(parameter, value)
    if parameter.style != "deepObject":
        undefined = _undefined(value)
        if undefined is not None:
            return undefined
    texts = list(_texts(value))
    match parameter.place:
        case "path":
            return (
                _dotted_reason(parameter, value, texts)
                or _delimiter_reason(parameter, texts)
                or _segment_reason(operation, parameter.name, value, texts)
            )
        case "header":
            return _delimiter_reason(parameter, texts) or _header_reason(parameter, value, texts)
        case "cookie":
            return _cookie_reason(parameter, texts)
        case _:
            return _query_reason(operation, parameter, value, texts)


def _undefined(value: Any) -> str | None:
    """RFC 6570 2.4: null and empty lists are not said at all; items are plain."""
    if value is None:
        return "null has no text"
    if not isinstance(value, dict | list):
        return None
    items = _items(value)
    if not items:
        return "an empty list or object is the same as none"
    if any(item is None or isinstance(item, dict | list) for item in items):
        return "an item has no text"
    return None


def _content_reason(parameter: Parameter, value: Any) -> str | None:
    if parameter.place == "header" and not is_json(parameter.content_type or ""):
        return None if _HEADER.fullmatch(str(value)) else "a header cannot hold it"
    if parameter.place == "path" and any(map(_leaves_segment, _texts(value))):
        return "a text in it would leave the path segment"
    if (parameter.content_type or "").startswith(_FORM) and isinstance(value, dict):
        unsayable = _unsayable_field(cast("dict[str, Any]", value), deep=frozenset())
        return None if unsayable is None else f"a form cannot say its {unsayable!r}"
    return None


def _delimiter_reason(parameter: Parameter, texts: list[str]) -> str | None:
    delimiter = _DELIMITERS.get(parameter.style)
    held = delimiter is not None and any(delimiter in text for text in texts)
    return "an item holds the delimiter" if held else None


def _dotted_reason(parameter: Parameter, value: Any, texts: list[str]) -> str | None:
    """Style label parts by dots, which are never percent-encoded (RFC 3986 2.3)."""
    items = _items(value)
    if (parameter.style, parameter.explode) != ("label", True) or not items:
        return None
    fractions = any(isinstance(item, float) for item in items)
    return "an item holds a dot" if fractions or any("." in text for text in texts) else None


def _segment_reason(operation: Operation, name: str, value: Any, texts: list[str]) -> str | None:
    if any(map(_leaves_segment, texts)):
        return "a text would leave the path segment"
    path = operation.path.partition("#")[0].partition("?")[0]
    near = re.search(r"[^/]*\{" + re.escape(name) + r"\}[^/]*", path)
    literals = re.split(r"\{[^{}]*\}", near.group()) if near is not None else []
    said = [unquote(text) for text in (*texts, *map(str, _items(value)), str(value))]
    said += [quote(text, safe="") for text in said]
    # Beyond this, a number may be a fraction with an exponent.
    said += [repr(float(each)) for each in (value, *_items(value)) if _is_large(each)]
    if any(literal and unquote(literal) in text for literal in literals for text in said):
        return "it holds what parts it from the rest of its segment"
    return None


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and _EXACT <= abs(value) < _LARGEST


def _leaves_segment(text: str) -> bool:
    seen = unicodedata.normalize("NFKC", text)
    for _ in range(_ROUNDS):
        if seen.partition(";")[0] in {"", ".", ".."} or _OUT_OF_SEGMENT.search(seen):
            return True
        decoded = unquote(seen)
        if decoded == seen:
            return False
        seen = decoded
    return True


def _header_reason(parameter: Parameter, value: Any, texts: list[str]) -> str | None:
    if not all(text.isascii() and text.isprintable() for text in texts):
        return "a header holds printable ASCII"
    if not isinstance(value, dict | list):
        return None if all(map(_HEADER.fullmatch, texts)) else "a header has no outer spaces"
    delimiters = ",=" if parameter.explode else ","
    if parameter.style in _DELIMITERS:
        delimiters = _DELIMITERS[parameter.style]
    if any(not text or text != text.strip() or set(delimiters) & set(text) for text in texts):
        return "an item holds a delimiter, or nothing, or an outer space"
    return None


def _cookie_reason(parameter: Parameter, texts: list[str]) -> str | None:
    if parameter.style == "cookie" and not all(map(_COOKIE.fullmatch, texts)):
        return "a cookie cannot hold it as it is (RFC 6265 4.1.1)"
    return None


def _query_reason(
    operation: Operation, parameter: Parameter, value: Any, texts: list[str]
) -> str | None:
    if parameter.style == "deepObject":
        return _deep_reason(value)
    delimited = _delimiter_reason(parameter, texts)
    if delimited is not None:
        return delimited
    if parameter.explode and isinstance(value, dict):
        others = {each.name for each in operation.parameters if each.place == "query"}
        if others & set(cast("dict[str, Any]", value)) - {parameter.name}:
            return "a property has the name of another parameter"
    return None


def _deep_reason(value: Any) -> str | None:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if any(not key or set("[]") & set(key) for key in fields):
            return "a key is empty or holds brackets"
        if not fields:
            return "an empty object is the same as none"
        return next(filter(None, map(_deep_reason, fields.values())), None)
    if isinstance(value, list):
        return _undefined(value)
    return "null has no text" if value is None else None


def _body_reason(operation: Operation, wanted: Wanted) -> str | None:
    """Forms say no null and no empty list; what JSON cannot say, no argument can be."""
    body = wanted.get(("body", ""))
    media = operation.body.media if operation.body is not None else ()
    if body in (None, {}, [], ABSENT) and any(
        each.content_type.startswith("multi") for each in media
    ):
        return "a multipart body has at least one part (RFC 2046 5.1.1)"
    is_parts = any(each.content_type.startswith("multi") for each in media[:1])
    if is_parts and isinstance(body, list) and None in body:
        return "null is no part"
    if isinstance(body, Absent) or any(is_json(each.content_type) for each in media[:1]):
        return None
    if isinstance(body, str) and any(_is_lost(body, each.content_type) for each in media):
        return "the charset of the body cannot carry it"
    lost = next(filter(None, (_lost_part(body, each) for each in media)), None)
    if lost is not None:
        return f"body {lost!r}: the charset of its part cannot carry it"
    deep = {name for each in media for name, told in each.encoding.items() if _is_deep(told)}
    unsayable = _unsayable_field(body, deep) if isinstance(body, dict) else None
    if unsayable is None and isinstance(body, dict):
        unsayable = next(filter(None, (_undelimited_field(body, each) for each in media)), None)
    return None if unsayable is None else f"body {unsayable!r}: a form cannot say it"


def _undelimited_field(form: dict[str, Any], media: Media) -> str | None:
    """The first field of a form with an item that holds what parts it from the next.

    In a part nothing is percent-encoded, so that a comma is a delimiter there, too.
    """
    in_parts = media.content_type.startswith("multi")
    for name, encoding in media.encoding.items():
        style = encoding.style or "form"
        delimiter = _DELIMITERS.get(style)
        if in_parts and style == "form" and encoding.explode is False:
            delimiter = ","
        value = form.get(name)
        several = isinstance(value, dict | list)
        if several and delimiter is not None and any(delimiter in each for each in _texts(value)):
            return name
    return None


def _is_lost(text: str, content_type: str) -> bool:
    try:
        text.encode(charset_of(content_type) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _lost_part(parts: Any, media: Media) -> str | None:
    """The first part with a text that the charset of its content type does not have."""
    if not isinstance(parts, dict) or not media.content_type.startswith("multi"):
        return None
    for name, encoding in media.encoding.items():
        kind = encoding.content_type or ""
        value = cast("dict[str, Any]", parts).get(name)
        if not is_json(kind) and any(_is_lost(text, kind) for text in _texts(value)):
            return name
    return None


def _unsayable_field(form: dict[str, Any], deep: Collection[str]) -> str | None:
    """The first field of a form that holds null or nothing; all that is in a `deep` one counts."""
    for name, value in form.items():
        if name in deep and _holds_nothing(value):
            return name
        if value is None or value in ({}, []) or (isinstance(value, list) and None in value):
            return name
        nested = _items(value) if isinstance(value, dict) else []
        if any(each is None or each in ({}, []) for each in nested):
            return name
    return None


def _is_deep(encoding: Encoding) -> bool:
    return encoding.style == "deepObject"


def _holds_nothing(value: Any) -> bool:
    """Whether null, or an empty list or object, stands anywhere in a value."""
    return value in (None, {}, []) or any(map(_holds_nothing, _items(value)))


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield key
            yield from _texts(item)
