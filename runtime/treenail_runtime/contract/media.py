"""What the media type of an answer says about reading it."""

import codecs
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import pydantic_core
from pydantic import JsonValue

from .media_types import TEXTS, is_lines

Kind: TypeAlias = Literal["json", "lines", "html", "text", "file", "unknown"]

_UNKNOWN: Final = frozenset({"", "*/*", "application/*", "application/octet-stream"})
_DISPOSITION: Final = "Content-Disposition"
_LONGEST_NAME: Final = 128
_UNSAFE_CODECS: Final = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape"})
"""What Python calls text encodings, but no media type names; some are slow on hostile input."""


@dataclass(frozen=True, slots=True)
class Media:
    """A media type (RFC 9110 8.3.1).

    Attributes:
        essence: Lower case, without parameters; empty when none was given.
        charset: A codec of Python.
    """

    essence: str
    kind: Kind
    charset: str


@lru_cache(maxsize=512)
def media_of(content_type: str) -> Media:
    """What a `Content-Type` says."""
    essence, _, parameters = content_type.partition(";")
    essence = essence.strip().lower()
    return Media(essence, _kind(essence), _charset(parameters))


def _kind(essence: str) -> Kind:
    if essence in _UNKNOWN:
        return "unknown"
    if is_lines(essence):
        return "lines"
    if essence.endswith(("/json", "+json")):
        return "json"
    if essence in ("text/html", "application/xhtml+xml"):
        return "html"
    if essence.startswith("text/") or essence in TEXTS or essence.endswith(("+xml", "+yaml")):
        return "text"
    return "file"


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            try:
                codec = codecs.lookup(value.strip().strip("\"'")).name
            except (LookupError, ValueError):
                break
            return "utf-8" if codec.replace("-", "_") in _UNSAFE_CODECS else codec
    return "utf-8"


def text_of(body: bytes, media: Media) -> str:
    """The body as text; what its charset does not know is replaced."""
    codec = "utf-8-sig" if media.charset == "utf-8" else media.charset
    try:
        return body.decode(codec, errors="replace")
    except LookupError:  # a codec that is not for text
        return body.decode(errors="replace")


def json_of(body: bytes, media: Media) -> JsonValue:
    """The JSON value of a body; a byte order mark or another charset than UTF-8 is forgiven.

    Raises:
        ValueError: It is no JSON (RFC 8259).
    """
    try:
        return pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        if media.charset == "utf-8" and not body.startswith(codecs.BOM_UTF8):
            raise
        return pydantic_core.from_json(text_of(body, media), allow_inf_nan=False)


def lines_of(body: bytes) -> list[JsonValue]:
    """The values of a body with one JSON text per line, or per record (RFC 7464).

    Raises:
        ValueError: A line is no JSON.
    """
    lines = body.replace(b"\x1e", b"\n").split(b"\n")
    return [pydantic_core.from_json(line, allow_inf_nan=False) for line in lines if line.strip()]


def file_name(disposition: str) -> str:
    """The plain file name of a `Content-Disposition` (RFC 6266); empty when there is none."""
    if not disposition:
        return ""
    message = Message()
    try:
        message[_DISPOSITION] = disposition
        named = [
            value for name, value in message.get_params([], _DISPOSITION) if name == "filename"
        ]
        # RFC 6266 4.3: the extended form, which comes as a tuple, goes before the plain one.
        named.sort(key=lambda value: not isinstance(value, tuple))
        told = collapse_rfc2231_value(named[0]) if named else ""
    except (ValueError, LookupError):
        return ""
    plain = told.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in plain if letter.isprintable())[:_LONGEST_NAME]
