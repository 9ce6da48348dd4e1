"""Where everything stands in a JSON text: found by reading the text again, and only if asked."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from json import JSONDecoder

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source.data import Pointer

_SPACE = re.compile(r"[ \t\n\r]*")
_LINE_BREAK = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a mapping or list, by offsets into the text.

    Attributes:
        name: Its key, or its index.
        key: Where its key stands; of an item of a list, where the item does.
        value: Where it stands itself.
        is_odd: Whether a key that repeats, `NaN` or `Infinity` stands inside it.
    """

    name: str | int
    key: int
    value: int
    is_odd: bool = False


class JsonPlaces:
    """The places of one text that is known to be JSON.

    A collection is read when something inside it is asked for, and then remembered. What lies
    inside its values is skipped by the parser itself, which builds nothing then and is fast.
    """

    def __init__(self, file: str, text: str) -> None:
        """Nothing is read yet."""
        self.file = file
        self.text = text
        self._read: dict[int, dict[str | int, Member]] = {}
        self._oddities = 0

    @property
    def root(self) -> Member:
        """The whole value."""
        start = self._next(0)
        return Member("", start, start)

    def value_at(self, pointer: Pointer) -> tuple[int, int]:
        """Line and column of a value, or of its nearest ancestor that exists."""
        return self.line_and_column(self._nearest(pointer).value)

    def key_at(self, pointer: Pointer) -> tuple[int, int]:
        """Line and column of its key; of an item of a list, of the item itself."""
        return self.line_and_column(self._nearest(pointer).key)

    def written(self, pointer: Pointer) -> str:
        """A value that exists, as written."""
        return self.written_at(self._nearest(pointer).value)

    def written_at(self, offset: int) -> str:
        """The value that starts at an offset, as written."""
        _, end = self._parser.raw_decode(self.text, offset)
        return self.text[offset:end]

    def location(self, offset: int) -> Location:
        """The place of a character."""
        return Location(self.file, *self.line_and_column(offset))

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """The same in numbers."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def members(self, offset: int) -> Iterator[Member]:
        """What stands in the collection at an offset, in its order; a scalar holds nothing."""
        opening = self.text[offset]
        if opening not in "[{":
            return
        here, index = self._next(offset + 1), 0
        while self.text[here] not in "]}":
            name, key = index, here
            if opening == "{":
                name, here = self._parser.raw_decode(self.text, here)
                here = self._next(self._next(here) + 1)
            before = self._oddities
            _, end = self._parser.raw_decode(self.text, here)
            yield Member(name, key, here, is_odd=self._oddities > before)
            here, index = self._next(end), index + 1
            if self.text[here] == ",":
                here = self._next(here + 1)

    def _nearest(self, pointer: Pointer) -> Member:
        member = self.root
        for step in pointer:
            if member.value not in self._read:
                inside = {inner.name: inner for inner in self.members(member.value)}
                self._read[member.value] = inside
            found = self._read[member.value].get(step)
            if found is None:
                break
            member = found
        return member

    def _next(self, offset: int) -> int:
        """The first character from an offset on that is no white space."""
        found = _SPACE.match(self.text, offset)
        return found.end() if found else offset

    @cached_property
    def _parser(self) -> JSONDecoder:
        return JSONDecoder(
            object_pairs_hook=self._mapping,
            parse_float=len,
            parse_int=len,
            parse_constant=self._no_number,
        )

    def _mapping(self, pairs: list[tuple[str, object]]) -> None:
        self._oddities += len(dict(pairs)) != len(pairs)

    def _no_number(self, _: str) -> None:
        self._oddities += 1

    @cached_property
    def _line_starts(self) -> "array[int]":
        return array("Q", (0, *(found.end() for found in _LINE_BREAK.finditer(self.text))))
