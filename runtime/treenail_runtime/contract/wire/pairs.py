"""Pairs of name and value: `form`, the delimited styles, `deepObject`, and JSON text."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote

from treenail_runtime.contract.errors import InvalidArguments

from .styles import Styled
from .texts import given_items, json_of, plain, quoted, refuse_empty, text_of

_RESERVED_KEPT: Final = ":/?@!$'()*,;[]"
"""RFC 3986 reserved characters that stay raw under `allowReserved`; `#&+=` would change the query.

Nor does `%`, so that text which looks percent-encoded reads as it was given: OpenAPI leaves it to
the sender to encode what is data (3.2.1 Appendix C, "Expansion with Non-RFC6570-Supported Options").
"""

_KEPT_INSIDE: Final = _RESERVED_KEPT.replace(",", "")
"""The same between delimiters."""

DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
"""Of URLs, percent-encoded; headers have them as they are."""


class Pair(NamedTuple):
    """One `name=value`, percent-encoded; `key` is the name as the upstream reads it."""

    key: str
    text: str


def refuse_taken(name: str, pairs: list[Pair], taken: set[str]) -> None:
    """Refuse keys of an object that would read as another parameter; the others are taken now.

    Raises:
        InvalidArguments: A key is among `taken`.
    """
    keys = {pair.key for pair in pairs} - {name}
    for key in keys & taken:
        raise InvalidArguments([f"{name}: {key!r} is a parameter of its own"])
    taken |= keys


def styled_pairs(name: str, styled: Styled) -> list[Pair]:
    """What is sent for one parameter: at least one pair.

    Raises:
        InvalidArguments: When the style has no form for the value.
    """
    key = quoted(name, name)
    value = plain(styled.value)
    match styled.style:
        case "json":
            return [Pair(name, f"{key}={_encoded(json_of(value), styled, name)}")]
        case "deepObject":
            pairs = list(_deep(name, key, value, styled))
            refuse_empty(pairs, name)
            return pairs
        case "form" if styled.explode:
            return _exploded(name, key, value, styled)
        case "form" | "spaceDelimited" | "pipeDelimited" | "tabDelimited":
            return [Pair(name, f"{key}={_delimited(value, styled, name)}")]
        case _:
            raise InvalidArguments([f"{name}: style {styled.style} is not for queries"])


def _encoded(text: str, styled: Styled, name: str, kept: str = _RESERVED_KEPT) -> str:
    return quoted(text, name, kept if styled.reserved else "")


def _exploded(name: str, key: str, value: Any, styled: Styled) -> list[Pair]:
    if isinstance(value, Mapping):
        items = given_items(cast("Mapping[str, object]", value))
        refuse_empty(items, name)
        return [
            Pair(part, f"{quoted(part, name)}={_encoded(text_of(item, name), styled, name)}")
            for part, item in items
        ]
    if isinstance(value, list | tuple):
        refuse_empty(cast("list[object]", value), name)
        return [
            Pair(name, f"{key}={_encoded(text_of(item, name), styled, name)}")
            for item in cast("list[object]", value)
        ]
    return [Pair(name, f"{key}={_encoded(text_of(value, name), styled, name)}")]


def _delimited(value: Any, styled: Styled, name: str) -> str:
    delimiter = DELIMITERS.get(styled.style, ",")
    if isinstance(value, Mapping):
        parts = [part for item in given_items(cast("Mapping[str, object]", value)) for part in item]
    elif isinstance(value, list | tuple):
        parts = list(cast("list[object]", value))
    elif styled.style == "form":
        return _encoded(text_of(value, name), styled, name)
    else:
        raise InvalidArguments([f"{name}: style {styled.style} is for arrays and objects"])
    refuse_empty(parts, name)
    texts = [text_of(part, name) for part in parts]
    if delimiter != ",":
        for text in texts:
            refuse_delimiter(text, unquote(delimiter), name)
    return delimiter.join(_encoded(text, styled, name, _KEPT_INSIDE) for text in texts)


def refuse_delimiter(text: str, delimiter: str, name: str) -> None:
    """Refuse an item that holds the delimiter.

    These delimiters are percent-encoded themselves, so nothing would tell them from data.

    Raises:
        InvalidArguments: It does.
    """
    if delimiter in text:
        raise InvalidArguments([f"{name}: an item must not hold {delimiter!r}: {text!r}"])


def _deep(key: str, encoded_key: str, value: Any, styled: Styled) -> Iterator[Pair]:
    """`key[inner]=...` for each value inside, however deep."""
    value = plain(value)
    if isinstance(value, Mapping):
        items = given_items(cast("Mapping[str, object]", value))
        refuse_empty(items, key)
        for part, item in items:
            inner = f"{encoded_key}%5B{_bare(part, key)}%5D"
            yield from _deep_value(f"{key}[{part}]", inner, item, styled)
    elif isinstance(value, list | tuple) and styled.arrays is not None:
        yield from _deep_array(key, encoded_key, cast("list[object]", value), styled)
    elif styled.arrays is not None:
        yield from _deep_value(key, encoded_key, cast("object", value), styled)
    else:
        raise InvalidArguments([f"{key}: style deepObject is for objects"])


def _deep_value(key: str, encoded_key: str, value: object, styled: Styled) -> Iterator[Pair]:
    value = plain(value)
    if isinstance(value, Mapping):
        yield from _deep(key, encoded_key, value, styled)
    elif isinstance(value, list | tuple):
        if styled.arrays is None:
            raise InvalidArguments([f"{key}: an array has no defined form inside deepObject"])
        yield from _deep_array(key, encoded_key, cast("list[object]", value), styled)
    else:
        yield Pair(key, f"{encoded_key}={_encoded(text_of(value, key), styled, key)}")


def _deep_array(key: str, encoded_key: str, items: list[object], styled: Styled) -> Iterator[Pair]:
    refuse_empty(items, key)
    for index, item in enumerate(items):
        step = {"repeat": "", "brackets": "[]", "indexes": f"[{index}]"}[styled.arrays or "repeat"]
        inside = encoded_key + quoted(step, key)
        if styled.arrays != "indexes" and isinstance(plain(item), Mapping | list | tuple):
            # Where no index tells them apart, the members of two items would mix.
            raise InvalidArguments([f"{key}: an array of objects has no defined form here"])
        yield from _deep_value(key + step, inside, item, styled)


def _bare(part: str, name: str) -> str:
    """A key of a deepObject; brackets in it would read as another level."""
    if not part or "[" in part or "]" in part:
        raise InvalidArguments([f"{name}: a key must not be empty or hold brackets"])
    return quoted(part, name)
