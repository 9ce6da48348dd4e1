"""What the media type of an answer says about reading it."""

import codecs
import re
from contextlib import suppress
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
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before that of UTF-16, which it begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_XML_DECLARATION: Final = re.compile(
    rb"""\s{0,100}<\?xml[^<>]{1,100}?\sencoding\s{0,9}=\s{0,9}["']([A-Za-z][\w.-]{0,40})["']"""
)
_DISPOSITION: Final = "Content-Disposition"
_LONGEST_NAME: Final = 128
_UNSAFE_CODECS: Final = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape"})
"""What Python calls text encodings, but no media type names; some are slow on hostile input."""


@dataclass(frozen=True, slots=True)
class Media:
    """A media type (RFC 9110 8.3.1).

    Attributes:
        essence: Lower case, without parameters; empty when none was given.
        charset: A codec of Python; empty where the type names none that is known.
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
            return "" if codec.replace("-", "_") in _UNSAFE_CODECS else codec
    return ""


def text_of(body: bytes, media: Media) -> str | None:
    """The body as text; None when it is none.

    Its encoding is told by a byte order mark, before the charset, before an XML declaration
    (RFC 7303 3); otherwise, and where that does not hold, it is UTF-8.
    """
    marked = next((codec for mark, codec in _MARKS if body.startswith(mark)), "")
    for codec in (marked or media.charset or _declared(body), "utf-8"):
        with suppress(UnicodeError, LookupError):  # LookupError: a codec that is not for text
            return body.decode(codec)
    return None


def _declared(body: bytes) -> str:
    """The encoding that an XML declaration names (XML 1.0 4.3.3); else UTF-8."""
    found = _XML_DECLARATION.match(body)
    if found is None:
        return "utf-8"
    return _charset(f"charset={found[1].decode()}") or "utf-8"


def json_of(body: bytes, media: Media) -> JsonValue:
    """The JSON value of a body; a byte order mark or another charset than UTF-8 is forgiven.

    Raises:
        ValueError: It is no JSON (RFC 8259).
    """
    try:
        return pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        text = text_of(body, media)
        if text is None:
            raise
        return pydantic_core.from_json(text, allow_inf_nan=False)


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
