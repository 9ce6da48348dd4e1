"""A text that matches a pattern, for the regular expressions that API documents use."""

import re
import string
from dataclasses import dataclass, field
from typing import Final

_PRINTABLE: Final = "".join(chr(code) for code in range(0x20, 0x7F))
_WORD: Final = string.ascii_letters + string.digits + "_"
_CLASSES: Final = {
    "d": string.digits,
    "w": _WORD,
    "s": " ",
    "D": "".join(sign for sign in _PRINTABLE if sign not in string.digits),
    "W": "".join(sign for sign in _PRINTABLE if sign not in _WORD),
    "S": _PRINTABLE[1:],
}
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r"}
_COUNTS: Final = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_MORE: Final = 3  # how much longer than its least an open repetition may get
_LONGEST: Final = 64


class UnsupportedPatternError(Exception):
    """The pattern uses what is not understood here."""


@dataclass(frozen=True, slots=True)
class _Signs:
    allowed: str


@dataclass(slots=True)
class _Repeat:
    inner: "_Signs | _Choice"
    least: int
    most: int


@dataclass(slots=True)
class _Choice:
    branches: list[list[_Repeat]] = field(default_factory=lambda: [[]])


def matching(pattern: str, number: int) -> str | None:
    """The text of that number in which the pattern is found; None when none could be made up."""
    try:
        text = _Speller(number).spell(_Parser(pattern).parse())
        return text if re.search(pattern, text) else None
    except (UnsupportedPatternError, re.error):
        return None


class _Speller:
    def __init__(self, number: int) -> None:
        self._rest = number

    def spell(self, node: _Signs | _Choice) -> str:
        if isinstance(node, _Signs):
            return node.allowed[self._draw(len(node.allowed))]
        branch = node.branches[self._draw(len(node.branches))]
        return "".join(
            self.spell(part.inner)
            for part in branch
            for _ in range(part.least + self._draw(part.most - part.least + 1))
        )

    def _draw(self, limit: int) -> int:
        self._rest, found = divmod(self._rest, limit)
        return found


class _Parser:
    """ECMA-262 without look-around, references and property escapes."""

    def __init__(self, pattern: str) -> None:
        self._rest = pattern

    def parse(self) -> _Choice:
        choice = self._choice()
        if self._rest:
            raise UnsupportedPatternError
        return choice

    def _choice(self) -> _Choice:
        choice = _Choice()
        while self._rest and not self._rest.startswith(")"):
            if self._take("|"):
                choice.branches.append([])
            elif not (self._take("^") or self._take("$")):
                choice.branches[-1].append(self._repeated(self._atom()))
        return choice

    def _take(self, text: str) -> bool:
        found = self._rest.startswith(text)
        if found:
            self._rest = self._rest[len(text) :]
        return found

    def _next(self) -> str:
        if not self._rest:
            raise UnsupportedPatternError
        sign, self._rest = self._rest[0], self._rest[1:]
        return sign

    def _atom(self) -> _Signs | _Choice:
        if self._take("("):
            if self._rest.startswith("?") and not self._take("?:"):
                raise UnsupportedPatternError
            inner = self._choice()
            if not self._take(")"):
                raise UnsupportedPatternError
            return inner
        if self._take("["):
            return self._class()
        sign = self._next()
        if sign == ".":
            return _Signs(_WORD)
        return _Signs(self._escaped() if sign == "\\" else sign)

    def _escaped(self) -> str:
        sign = self._next()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum() and sign not in _ESCAPES:
            raise UnsupportedPatternError
        return _ESCAPES.get(sign, sign)

    def _class(self) -> _Signs:
        excluded = self._take("^")
        signs: list[str] = []
        while not self._take("]"):
            sign = self._next()
            if sign == "\\":
                signs.append(self._escaped())
            elif sign == "-" and signs and not self._rest.startswith("]"):
                signs.append(self._range(signs[-1]))
            else:
                signs.append(sign)
        listed = "".join(signs)
        allowed = [sign for sign in _PRINTABLE if (sign in listed) != excluded]
        if not allowed:
            raise UnsupportedPatternError
        return _Signs("".join(allowed))

    def _range(self, first: str) -> str:
        last = self._next()
        if last == "\\":
            last = self._escaped()
        if len(first) != 1 or len(last) != 1 or last < first:
            raise UnsupportedPatternError
        return "".join(chr(code) for code in range(ord(first), ord(last) + 1))

    def _repeated(self, inner: _Signs | _Choice) -> _Repeat:
        least, most = 1, 1
        if self._rest[:1] in _COUNTS and self._rest:
            least, ceiling = _COUNTS[self._next()]
            most = ceiling if ceiling is not None else least + _MORE
        elif found := re.match(r"\{(\d+)(,?)(\d*)\}", self._rest):
            self._rest = self._rest[found.end() :]
            least = int(found[1])
            most = int(found[3]) if found[3] else least + _MORE if found[2] else least
        self._take("?")
        if not least <= most <= 10 * _LONGEST:
            raise UnsupportedPatternError
        return _Repeat(inner, least, min(most, max(least, _LONGEST)))
