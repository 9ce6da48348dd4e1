"""What is wrong, and where: the one shape in which every stage of the build reports faults."""

import re
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches
from functools import total_ordering
from typing import Final, Literal, TypeAlias

from treenail_generator.visible import visible

Severity: TypeAlias = Literal["error", "warning", "note"]


@total_ordering
class Location:
    """A place in an input file; line and column count from 1, columns in characters.

    Immutable. Every part of a document has one and hardly any is ever told, so a large document
    gives places that are looked up when somebody asks.
    """

    __slots__ = ("_place", "file")

    def __init__(self, file: str, line: int, column: int) -> None:
        """A place that is known already."""
        self.file: Final = file
        self._place: tuple[int, int] | Callable[[], tuple[int, int]] = (line, column)

    @classmethod
    def found_by(cls, file: str, find: Callable[[], tuple[int, int]]) -> "Location":
        """The place whose line and column `find` tells; it is asked at most once."""
        location = cls(file, 0, 0)
        location._place = find
        return location

    @property
    def line(self) -> int:
        """The line, the first is 1."""
        return self._found()[0]

    @property
    def column(self) -> int:
        """The column, the first is 1."""
        return self._found()[1]

    def _found(self) -> tuple[int, int]:
        if callable(self._place):
            self._place = self._place()
        return self._place

    def _key(self) -> tuple[str, int, int]:
        return (self.file, *self._found())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Location) and (self is other or self._key() == other._key())

    def __lt__(self, other: "Location") -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __repr__(self) -> str:
        return f"Location(file={self.file!r}, line={self.line}, column={self.column})"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault, its place, and what to do about it.

    Attributes:
        location: Where a person has to look.
        code: Stable kebab-case name that tests, documentation and `--json` readers rely on.
        message: What is wrong, without a final full stop.
        hint: What would make it right; None when the message says it.
        severity: A warning never stops a build; a note tells what was read otherwise than written.
    """

    location: Location
    code: str
    message: str
    _: KW_ONLY
    hint: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        head = visible(f"{self.location}: {self.code}: {self.message}")
        return head if self.hint is None else f"{head}\n  hint: {visible(self.hint)}"

    def as_json(self) -> dict[str, str | int | None]:
        """The diagnostic as one flat JSON object, for `--json`."""
        return {
            "file": self.location.file,
            "line": self.location.line,
            "column": self.location.column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


class BuildError(Exception):
    """The input cannot become a connector; carries every fault found so far.

    Attributes:
        diagnostics: All faults, in the order of the files they stand in.
    """

    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take the faults in any order."""
        self.diagnostics = tuple(sorted(diagnostics, key=lambda found: found.location))
        super().__init__("\n".join(map(str, self.diagnostics)))


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` most likely meant, None when nothing is close.

    Case and word separators do not count: `updated_after` finds `updatedAfter`.
    """
    by_letters: dict[str, str] = {}
    for candidate in candidates:
        by_letters.setdefault(_letters(candidate), candidate)
    close = get_close_matches(_letters(word), by_letters, n=1, cutoff=0.6)
    return by_letters[close[0]] if close else None


def _letters(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).casefold()
