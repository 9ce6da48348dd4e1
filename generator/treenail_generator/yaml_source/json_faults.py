"""What is wrong with a JSON text that Python's parser takes, and where."""

import re
from collections.abc import Iterator
from typing import NoReturn

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.yaml_source.json_places import JsonPlaces, Member

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[][{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HIGH, _LOW = r"u[dD][89abAB][0-9a-fA-F]{2}", r"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"\\(?:{_HIGH}\\{_LOW}|(?P<half>{_HIGH}|{_LOW})|.)", re.DOTALL)


class JsonFaults:
    """Refuses one text; looks at it only as far as there is reason to."""

    def __init__(self, places: JsonPlaces) -> None:
        """The places of the text to look at."""
        self._places = places
        self._text = places.text

    def refuse_size(self, most: int) -> None:
        """Refuse more values than `most`.

        Every value but the first follows a comma or a bracket; those in texts are counted too.

        Raises:
            BuildError: `too-large`.
        """
        if sum(map(self._text.count, ",[{")) > most:
            self._refuse((0, "too-large", f"more than {most:,} values"))

    def refuse_depth(self, most: int) -> NoReturn:
        """Refuse the first bracket that opens more than `most` levels.

        Raises:
            BuildError: `too-large`.
        """
        self._refuse(
            (self._deep_bracket(most), "too-large", f"nested more than {most} levels deep")
        )

    def refuse_syntax(self, offset: int, message: str) -> NoReturn:
        """Refuse what stands at an offset, in the words of Python's parser.

        Raises:
            BuildError: `yaml-syntax`.
        """
        self._refuse((offset, "yaml-syntax", f"no JSON: {message[:1].lower()}{message[1:]}"))

    def refuse_oddities(self) -> NoReturn:
        """Refuse keys that repeat, and `NaN` and `Infinity`.

        Raises:
            BuildError: `duplicate-key` and `yaml-syntax`.
        """
        self._refuse(*self._oddities())

    def refuse_half_characters(self) -> None:
        """Refuse halves of surrogate pairs, which no UTF-8 text can carry (RFC 8259, 8.2).

        Raises:
            BuildError: `yaml-syntax`.
        """
        if not self._text.isascii():
            try:
                self._text.encode()
            except UnicodeEncodeError as error:
                self._refuse((error.start, "yaml-syntax", "half a surrogate pair is no character"))
        if not _SURROGATE.search(self._text):
            return
        halves = [found for found in _ESCAPE.finditer(self._text) if found["half"]]
        if halves:
            says = "is half a surrogate pair"
            self._refuse(*((each.start(), "yaml-syntax", f"{each[0]} {says}") for each in halves))

    def _deep_bracket(self, most: int) -> int:
        level = 0
        for token in _TOKEN.finditer(self._text):
            if token.group() in ("[", "{"):
                level += 1
                if level > most:
                    return token.start()
            elif token.group() in ("]", "}"):
                level -= 1
        return 0

    def _oddities(self) -> Iterator[tuple[int, str, str]]:
        waiting = [self._places.root]
        while waiting:
            member = waiting.pop()
            if self._text[member.value] not in "[{":
                written = self._places.written_at(member.value)
                yield member.value, "yaml-syntax", f"{written} is no number of JSON"
            first: dict[str | int, Member] = {}
            for inner in self._places.members(member.value):
                if (earlier := first.setdefault(inner.name, inner)) is not inner:
                    line, _ = self._places.line_and_column(earlier.key)
                    message = f"the key {inner.name!r} stands twice, first in line {line}"
                    yield inner.key, "duplicate-key", message
                if inner.is_odd:
                    waiting.append(inner)

    def _refuse(self, *faults: tuple[int, str, str]) -> NoReturn:
        raise BuildError(
            Diagnostic(self._places.location(offset), code, message)
            for offset, code, message in faults
        )
