"""Texts to readings, by the style table (OpenAPI 3.1.1 "Style Values" and "Style Examples").

The table is RFC 6570: delimiters stand raw, and each part is percent-decoded on its own behind
them. A part of an array or object is a plain text; nothing else has a form.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote

from treenail_generator.document import JSON, Schema

from .readings import DecodingError, Kind, Reading, Word, one_of
from .schemas import PRIMITIVES, Schemas

Decode = Callable[[str], str]
DELIMITERS: Final = {
    "form": ",",
    "spaceDelimited": "%20",
    "pipeDelimited": "(?:%7[Cc]|[|])",
    "tabDelimited": "%09",
    "cookie": ",",
}
RAW_DELIMITERS: Final = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
"""The same in headers, where nothing is percent-encoded (Swagger 2.0 `collectionFormat`)."""
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def percent_decoded(text: str) -> str:
    """URL text as its characters; `+` is no space (RFC 3986), and is not taken for one.

    Raises:
        DecodingError: A `%` begins no escape, the bytes are no UTF-8, or a `+` stands raw, which
            readers of forms take for a space.
    """
    if "+" in text:
        raise DecodingError(f"{text!r} has a '+', which some readers take for a space")
    if "%" not in text:
        return text
    if _BAD_PERCENT.search(text):
        raise DecodingError(f"{text!r} has a % that begins no escape")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise DecodingError(f"{text!r} is no UTF-8") from None


def path_decoded(text: str) -> str:
    """Text of a path, where `+` is nothing but itself (RFC 3986 3.3)."""
    return percent_decoded(text.replace("+", "%2B"))


class Styles:
    """Reads the text of one value."""

    def __init__(self, schemas: Schemas) -> None:
        """`schemas` tell what each text may stand for."""
        self._schemas = schemas

    def word(self, schema: JSON, text: str) -> Word:
        """A text that has no parts."""
        return Word(text, self._schemas.kinds(schema) & PRIMITIVES)

    def simple(self, schema: Schema, text: str, *, explode: bool, decode: Decode) -> Reading:
        """`a`, `a,b`, `k,a` and, exploded, `k=a` (RFC 6570 3.2.2)."""
        return self._parted(schema, [text], text.split(","), explode=explode, decode=decode)

    def label(self, schema: Schema, text: str, *, explode: bool) -> Reading:
        """The same behind a dot, which parts them when exploded (RFC 6570 3.2.5)."""
        if not text.startswith("."):
            raise DecodingError(f"{text!r} begins with no dot, as style label has it")
        parts = text[1:].split("." if explode else ",")
        return self._parted(schema, [text[1:]], parts, explode=explode, decode=path_decoded)

    def matrix(self, schema: Schema, name: str, text: str, *, explode: bool) -> Reading:
        """`;name=a`, and `;name` for an empty text (RFC 6570 3.2.7)."""
        if not text.startswith(";"):
            raise DecodingError(f"{text!r} begins with no semicolon, as style matrix has it")
        pairs = [part.partition("=") for part in text[1:].split(";")]
        own = [value for key, _, value in pairs if path_decoded(key) == name]
        whole = own if len(own) == len(pairs) else []
        if not explode:
            parts = whole[0].split(",") if len(whole) == 1 else []
            return self._parted(schema, whole, parts, explode=False, decode=path_decoded)
        named = [f"{key}={value}" for key, _, value in pairs]
        kinds = self._schemas.kinds(schema)
        readings = _primitive(kinds, whole, path_decoded)
        if "array" in kinds:
            readings += self._array(schema, whole, path_decoded)
        if "object" in kinds:
            readings += self._object(schema, named, explode=True, decode=path_decoded)
        return one_of(readings, f"{text!r}")

    def repeated(self, schema: Schema, texts: Sequence[str], decode: Decode) -> Reading:
        """`name=a&name=b`: one text for each item, or one for a value without parts."""
        kinds = self._schemas.kinds(schema)
        readings = _primitive(kinds, texts, decode)
        if "array" in kinds:
            readings += self._array(schema, texts, decode)
        return one_of(readings, "&".join(texts))

    def delimited(
        self, schema: Schema, texts: Sequence[str], style: str, decode: Decode
    ) -> Reading:
        """`name=a,b` and the like: everything in one text."""
        if len(texts) != 1:
            raise DecodingError(f"{len(texts)} values stand where one holds all")
        parts = re.split(DELIMITERS[style], texts[0])
        return self._parted(schema, list(texts), parts, explode=False, decode=decode)

    def raw(self, schema: Schema, text: str, style: str) -> Reading:
        """`a|b` of a header, as it stands."""
        parts = text.split(RAW_DELIMITERS[style])
        return self._parted(schema, [text], parts, explode=False, decode=str)

    def fields(
        self, schema: Schema, pairs: Sequence[tuple[str, str]], decode: Decode
    ) -> dict[str, Reading]:
        """`k=a` for each property; the keys are decoded already."""
        if len({key for key, _ in pairs}) != len(pairs):
            raise DecodingError("a property stands twice")
        return {
            key: self.word(self._schemas.property(schema, key), decode(text)) for key, text in pairs
        }

    def _parted(
        self,
        schema: Schema,
        whole: list[str],
        parts: list[str],
        *,
        explode: bool,
        decode: Decode,
    ) -> Reading:
        kinds = self._schemas.kinds(schema)
        readings = _primitive(kinds, whole, decode)
        if "array" in kinds:
            readings += self._array(schema, parts, decode)
        if "object" in kinds:
            readings += self._object(schema, parts, explode=explode, decode=decode)
        return one_of(readings, ",".join(parts or whole))

    def _array(self, schema: Schema, parts: Sequence[str], decode: Decode) -> list[Reading]:
        if not parts:
            return []
        return [
            [
                self.word(self._schemas.item(schema, index), decode(part))
                for index, part in enumerate(parts)
            ]
        ]

    def _object(
        self, schema: Schema, parts: Sequence[str], *, explode: bool, decode: Decode
    ) -> list[Reading]:
        if not parts:
            return []
        if explode:
            if not all("=" in part for part in parts):
                return []
            pairs = [part.partition("=")[::2] for part in parts]
        else:
            if len(parts) % 2:
                return []
            pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return [self.fields(schema, [(decode(key), text) for key, text in pairs], decode)]


def _primitive(kinds: frozenset[Kind], texts: Sequence[str], decode: Decode) -> list[Reading]:
    if len(texts) != 1 or kinds.isdisjoint(PRIMITIVES):
        return []
    return [Word(decode(texts[0]), kinds & PRIMITIVES)]
