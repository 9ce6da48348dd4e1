"""A path to the raw texts of its parameters, by the template of the document."""

import re
from dataclasses import dataclass
from typing import Final

from .pairs import pairs_of
from .readings import DecodingError
from .styles import path_decoded, percent_decoded

_NAME: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two slashes.

    Attributes:
        literals: Around and between the names: one more than those.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]


class Template:
    """The path of an operation; a fragment is no part of a request (RFC 3986 3.5).

    Attributes:
        query: Names and values of the query that stands in the path itself.
        named: Names in that query, each with the path parameter that is its value.
    """

    def __init__(self, path: str) -> None:
        """Take the path as the document spells it."""
        bare, _, query = path.partition("#")[0].partition("?")
        self.query: list[tuple[str, str]] = []
        self.named: list[tuple[str, str]] = []
        for name, text in _pairs(query):
            if text.startswith("{") and text.endswith("}"):
                self.named.append((name, text[1:-1]))
            else:
                self.query.append((name, percent_decoded(text)))
        self._path = path
        # The host ends where the path begins (RFC 3986 3.2), also where the document has no slash.
        bare = bare if bare.startswith("/") else f"/{bare}"
        self._segments = [_segment(part) for part in bare.split("/")]

    def texts(self, path: str) -> list[tuple[str, str]]:
        """Name and raw text of each parameter.

        Raises:
            DecodingError: `path` does not follow the template, or does in two ways.
        """
        parts = path.split("/")
        if len(parts) != len(self._segments):
            raise DecodingError(f"{path!r} does not follow {self._path!r}")
        found: list[tuple[str, str]] = []
        for segment, text in zip(self._segments, parts, strict=True):
            if segment.literals == ("", "") and text:
                found.append((segment.names[0], text))
            elif segment.names:
                found += self._mixed(segment, text)
            elif not _is_same(segment.literals[0], text):
                raise DecodingError(f"{text!r} stands where {self._path!r} has another text")
        return found

    def _mixed(self, segment: _Segment, text: str) -> list[tuple[str, str]]:
        """The names of a segment that holds more than one of them, or literals."""
        shortest, longest = (
            re.fullmatch(_pattern(segment.literals, name), text) for name in ("(.+?)", "(.+)")
        )
        if shortest is None or longest is None:
            raise DecodingError(f"{text!r} does not follow {self._path!r}")
        if shortest.groups() != longest.groups():
            raise DecodingError(f"{text!r} follows {self._path!r} in two ways")
        return list(zip(segment.names, shortest.groups(), strict=True))


def _segment(part: str) -> _Segment:
    pieces = _NAME.split(part)
    return _Segment(tuple(pieces[::2]), tuple(pieces[1::2]))


def _pattern(literals: tuple[str, ...], name: str) -> str:
    return name.join(map(_literal_pattern, literals))


def _literal_pattern(literal: str) -> str:
    """The literal, each character raw or percent-encoded."""
    return "".join(
        f"(?:{re.escape(character)}|(?i:{_encoded(character)}))"
        for character in path_decoded(_escaped(literal))
    )


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _is_same(literal: str, text: str) -> bool:
    return literal == text or path_decoded(_escaped(literal)) == path_decoded(text)


def _escaped(literal: str) -> str:
    """A `%` of the document that begins no escape stands for itself."""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", literal)


def _pairs(query: str) -> list[tuple[str, str]]:
    return pairs_of(query.replace("+", "%2B"), percent_decoded)
