"""Texts for made-up records: the document's example, varied as its looks and name suggest."""

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from treenail_generator.document import Schema
from treenail_generator.patterns import matching

from .identifiers import looks_like_id
from .letters import draw, letters
from .moments import START, moved

# Eleven and thirteen have no common divisor, so 143 people have names of their own.
_FIRST: Final = (
    "Aoife",
    "Nuala",
    "Bram",
    "Clara",
    "Dara",
    "Edda",
    "Finn",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
)
_LAST: Final = (
    "Marlowe",
    "Finch",
    "Alder",
    "Birch",
    "Cedar",
    "Dunne",
    "Elder",
    "Farrow",
    "Grove",
    "Hazel",
    "Ivers",
    "Joyce",
    "Kearns",
)
_CITIES: Final = ("Ballyfern", "Oakport", "Rosmere", "Tullybeg", "Carrowdale")

_NAMED: Final = {
    "phone": "353209100100",
    "mobile": "353209100100",
    "country": "IE",
    "currency": "EUR",
    "currencycode": "EUR",
    "language": "en",
    "timezone": "Europe/Dublin",
    "url": "https://example.com/record/1",
    "color": "#3399ff",
    "version": "1.0.0",
}
_FORMATS: Final = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T09:30:00.000Z",
    "time": "09:30:00Z",
    "duration": "PT45M",
    "uri": "https://example.com/record/1",
    "url": "https://example.com/record/1",
    "uri-reference": "/record/1",
    "iri": "https://example.com/record/1",
    "hostname": "host1.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "json-pointer": "/record/1",
    "regex": "^a+$",
    "binary": "data",
}
_CANDIDATES: Final = ("text", "a", "A", "1", "AB", "en", "EUR", "2026-11-20", "09:30")
_TRAILING_NUMBER = re.compile(r"(.*?)(\d+)([^\d]*)", re.DOTALL)
_CODE = re.compile(r"[A-Z][A-Z0-9_]*|[A-Za-z]+/[A-Za-z_/]+|[a-z]{2}(?:-[A-Z]{2})?")


def person(index: int) -> tuple[str, str]:
    """First and last name of one of 143 people."""
    return _FIRST[index % len(_FIRST)], _LAST[index % len(_LAST)]


def text_candidates(name: str, index: int, flat: Schema, example: str | None) -> Iterator[str]:
    """Texts for a property, the most telling first; the caller takes the first that is valid."""
    sample = example if example is not None else _sample(name, index, flat)
    if sample is not None:
        varied = sample if index == 0 else _varied(name, index, sample)
        yield varied
        yield from _resized(varied, flat)
        yield sample
    if isinstance(pattern := flat.get("pattern"), str):
        made = matching(pattern, draw("pattern", name, index))
        if made is not None:
            yield made
    for candidate in _CANDIDATES:
        yield candidate
        yield from _resized(candidate, flat)


def _sample(name: str, index: int, flat: Schema) -> str | None:
    """A text where the document gives no example; None when nothing is known of it."""
    match flat.get("format"):
        case "uuid":
            return str(uuid.UUID(int=draw("uuid", name, index) % 2**128, version=4))
        case "byte":
            return base64.b64encode(f"data {index}".encode()).decode()
        case "email" | "idn-email":
            return _email(index)
        case str(declared) if declared in _FORMATS:
            return _FORMATS[declared]
        case _:
            pass
    if "pattern" in flat:
        return None
    plain = letters(name)
    for ending, value in _NAMED.items():
        if plain.endswith(ending):
            return value
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " ")
    return words.strip().capitalize() or "Text"


def _varied(name: str, index: int, sample: str) -> str:
    """The sample as another record would have it."""
    plain = letters(name)
    for ending, change in _BY_NAME.items():
        if plain.endswith(ending):
            return change(index)
    if (shifted := moved(sample, _shift(sample, index))) is not None:
        return shifted
    if "@" in sample:
        return _email(index)
    if looks_like_id(sample) or _CODE.fullmatch(sample):
        return sample
    if found := _TRAILING_NUMBER.fullmatch(sample):
        return f"{found[1]}{int(found[2]) + index:0{len(found[2])}}{found[3]}"
    is_name = plain.endswith(("name", "title", "label"))
    return f"{sample} {index + 1}" if is_name else sample


def _shift(sample: str, index: int) -> timedelta:
    """Later records are a day older; times of day move on by quarters of an hour."""
    is_clock = ":" in sample and "-" not in sample
    return timedelta(minutes=15 * (index % 8)) if is_clock else timedelta(days=-index)


def _email(index: int) -> str:
    first, last = person(index)
    return f"{first}.{last}@example.com".lower()


_BY_NAME: Final[dict[str, Callable[[int], str]]] = {
    "firstname": lambda index: person(index)[0],
    "givenname": lambda index: person(index)[0],
    "lastname": lambda index: person(index)[1],
    "familyname": lambda index: person(index)[1],
    "surname": lambda index: person(index)[1],
    "fullname": lambda index: " ".join(person(index)),
    "email": _email,
    "city": lambda index: _CITIES[index % len(_CITIES)],
    "birthdate": lambda index: (START - timedelta(days=9000 + 97 * index)).date().isoformat(),
}


def _resized(text: str, flat: Schema) -> Iterator[str]:
    """The text, cut or filled up to the lengths that the schema asks for."""
    least, most = flat.get("minLength", 0), flat.get("maxLength")
    if isinstance(least, int) and len(text) < least:
        text = (text * (least // max(len(text), 1) + 1))[:least]
    if isinstance(most, int):
        text = text[:most]
    yield text
