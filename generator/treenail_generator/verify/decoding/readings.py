"""What was read of a request: texts that may stand for several values, and when one equals a value.

A query says `1`; whether that is the integer or the text is known from the schema alone, and where
the schema allows both, the request says both. So a reading is compared with a value, not turned
into one.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import unquote_to_bytes

from treenail_generator.yaml_source import JSON

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "null", "array", "object"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class DecodingError(Exception):
    """The request does not follow the rules."""


class NothingRead:
    """The type of `NOTHING`: the request does not say this value."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = NothingRead()


@dataclass(frozen=True, slots=True)
class Word:
    """One text, and what it may stand for."""

    text: str
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class Known:
    """A value that says its own type, from JSON text."""

    value: JSON


@dataclass(frozen=True, slots=True)
class Octets:
    """The bytes of a body or part.

    Attributes:
        name: The file name that stands beside it.
        media: Its media type, without parameters.
    """

    data: bytes
    name: str | None = None
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """Readings that are all right by the rules."""

    readings: tuple["Reading", ...]


Reading: TypeAlias = "Word | Known | Octets | Several | list[Reading] | dict[str, Reading]"


def one_of(readings: list[Reading], what: str) -> Reading:
    """The readings as one.

    Raises:
        DecodingError: There is none.
    """
    if not readings:
        raise DecodingError(f"{what} has no form that its schema allows")
    return readings[0] if len(readings) == 1 else Several(tuple(readings))


def equals(reading: "Reading | NothingRead", wanted: Any) -> bool:
    """Whether the reading can be `wanted`, a JSON value or a file as the agent gives it."""
    match reading:
        case Word():
            return _word_equals(reading, wanted)
        case Known(value):
            return _is_same_text(value, wanted) or same(value, wanted)
        case Octets():
            return _octets_equal(reading, wanted)
        case Several(readings):
            return any(equals(each, wanted) for each in readings)
        case list():
            return _list_equals(reading, wanted)
        case dict():
            return _object_equals(reading, wanted)
        case NothingRead():
            return False


def _is_same_text(value: JSON, wanted: Any) -> bool:
    """Whether both are one JSON text, which says the same and is soon told of large values."""
    if not isinstance(value, dict | list):
        return False
    try:
        return json.dumps(value, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    except TypeError:
        return False


def _list_equals(reading: list[Reading], wanted: Any) -> bool:
    if not isinstance(wanted, list):
        return False
    items = cast("list[object]", wanted)
    return len(reading) == len(items) and all(map(equals, reading, items))


def _object_equals(reading: dict[str, Reading], wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return False
    fields = cast("dict[str, object]", wanted)
    return reading.keys() == fields.keys() and all(
        equals(each, fields[key]) for key, each in reading.items()
    )


def _word_equals(word: Word, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return "string" in word.kinds and word.text == wanted
    if isinstance(wanted, bool):
        return "boolean" in word.kinds and word.text == ("true" if wanted else "false")
    if isinstance(wanted, int | float):
        numeric = bool(word.kinds & {"integer", "number"})
        return numeric and _NUMBER.fullmatch(word.text) is not None and _says(word.text, wanted)
    return False


def _says(text: str, wanted: float) -> bool:
    if text.lstrip("-").isdigit() and isinstance(wanted, int):
        return int(text) == wanted
    return same(float(text), wanted)


def _octets_equal(octets: Octets, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return octets.data == wanted.encode()
    if not isinstance(wanted, dict):
        return False
    file = cast("dict[str, Any]", wanted)
    data, media = _file_data(str(file.get("data", "")))
    if data is None or data != octets.data:
        return False
    named = file.get("name")
    typed = file.get("type") or media
    return (named is None or octets.name in (None, named)) and (
        typed is None or octets.media is None or octets.media.lower() == typed.lower()
    )


def _file_data(text: str) -> tuple[bytes | None, str | None]:
    """Bytes and media type of base64 text, or of a data URI (RFC 2397).

    Of either alphabet (RFC 4648 4 and 5), with or without padding.
    """
    media = None
    if text.startswith("data:"):
        head, _, text = text[5:].partition(",")
        media = head.partition(";")[0] or None
        if not head.endswith(";base64"):
            return unquote_to_bytes(text), media
    try:
        whole = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        return base64.b64decode(whole, validate=True), media
    except (ValueError, binascii.Error):
        return None, media


def told(reading: "Reading | NothingRead") -> Any:
    """The reading as the plainest value that it can be."""
    match reading:
        case Word():
            return _plainest(reading)
        case Known(value):
            return value
        case Octets(data=data):
            return data
        case Several(readings):
            return told(readings[0])
        case list():
            return [told(each) for each in reading]
        case dict():
            return {key: told(each) for key, each in reading.items()}
        case NothingRead():
            return reading


def values(reading: Reading) -> Iterator[JSON]:
    """Each JSON value that the reading can be, the plainest first; bytes as Latin-1 text.

    A text that is of no type its schema allows stands for itself, so that the schema refuses it.
    """
    match reading:
        case Word():
            plain = _plainest(reading)
            yield from (plain, reading.text) if plain != reading.text else (plain,)
        case Known(value):
            yield value
        case Octets(data=data):
            yield data.decode("latin-1")
        case Several(readings):
            yield from chain.from_iterable(map(values, readings))
        case list():
            yield from map(list, product(*map(_listed, reading)))
        case dict():
            for fields in product(*map(_listed, reading.values())):
                yield dict(zip(reading, fields, strict=True))


def _listed(reading: Reading) -> tuple[JSON, ...]:
    return tuple(values(reading))


def _plainest(word: Word) -> JSON:
    if "boolean" in word.kinds and word.text in {"true", "false"}:
        return word.text == "true"
    if word.kinds & {"integer", "number"} and _NUMBER.fullmatch(word.text):
        return int(word.text) if word.text.lstrip("-").isdigit() else float(word.text)
    return word.text


def same(left: Any, right: Any) -> bool:
    """JSON equality: 1 equals 1.0, true equals only true, the order of keys does not matter."""
    match left, right:
        case (str(), str()) | (None, None) | (bool(), bool()):
            return left == right
        case (bool(), _) | (_, bool()):
            return False
        case int(), int():
            return left == right
        case (int() | float(), int() | float()):
            return left == right or math.isclose(left, right, rel_tol=1e-15)
        case dict(), dict():
            one, other = cast("dict[str, Any]", left), cast("dict[str, Any]", right)
            return one.keys() == other.keys() and all(
                same(each, other[key]) for key, each in one.items()
            )
        case list(), list():
            items, others = cast("list[Any]", left), cast("list[Any]", right)
            return len(items) == len(others) and all(map(same, items, others))
        case _:
            return False
