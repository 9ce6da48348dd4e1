"""A text that matches a pattern, for the regular expressions that API documents use."""

import re
import string
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import jsonschema_rs

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
_MOST_REPEATED: Final = 4096


_CODE: Final = re.compile(
    r"(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2})(?![0-9A-Fa-f]))"
)
_PROPERTIES: Final = {
    "L": string.ascii_letters,
    "Lu": string.ascii_uppercase,
    "Ll": string.ascii_lowercase,
    "N": string.digits,
    "Nd": string.digits,
    "P": "-_.,;:!?()",
    "S": "+$<=>",
    "Z": " ",
    "Zs": " ",
    "M": "\u0301",
    "C": "\u0000",
    "alpha": string.ascii_letters,
    "alnum": string.ascii_letters + string.digits,
    "digit": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "space": " ",
    "punct": "-_.,;:!?()",
    "ascii": _PRINTABLE,
}


def _property(name: str, *, excluded: bool) -> str:
    """Some characters of a Unicode property or POSIX class."""
    plain = name.rpartition("=")[2]
    found = _PROPERTIES.get(plain) or _PROPERTIES.get({"Letter": "L", "Number": "N"}.get(plain, ""))
    if found is None:
        raise UnsupportedPatternError
    return "".join(sign for sign in _PRINTABLE if sign not in found) if excluded else found


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
    longest: int = 1


@dataclass(slots=True)
class _Choice:
    branches: list[list[_Repeat]] = field(default_factory=lambda: [[]])


def matching(pattern: str, number: int, *, stretch: int = 0) -> str | None:
    """The text of that number in which the pattern is found; None when none could be made up.

    Args:
        pattern: ECMA-262.
        number: Chooses among branches, characters and counts.
        stretch: How much longer than its least each repetition gets at least, where it may.
    """
    try:
        text = _Speller(number, stretch).spell(_Parser(pattern).parse())
        return text if is_found(pattern, text) else None
    except (UnsupportedPatternError, RecursionError):
        return None


def demands(pattern: str, sign: str) -> bool:
    """Whether every text in which the pattern is found holds `sign`; never when it is not understood."""
    try:
        return _holds(_Parser(pattern).parse(), sign)
    except (UnsupportedPatternError, RecursionError):
        return False


def _holds(node: _Signs | _Choice, sign: str) -> bool:
    if isinstance(node, _Signs):
        return node.allowed == sign
    return all(
        any(part.least > 0 and _holds(part.inner, sign) for part in branch)
        for branch in node.branches
    )


def is_found(pattern: str, text: str) -> bool:
    """Whether `text` holds what the ECMA-262 `pattern` asks for; never when it is no pattern."""
    validator = _validator(pattern)
    return validator is not None and validator.is_valid(text)


@lru_cache(4096)
def _validator(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return None


class _Speller:
    def __init__(self, number: int, stretch: int) -> None:
        self._rest = number
        self._stretch = stretch

    def spell(self, node: _Signs | _Choice) -> str:
        if isinstance(node, _Signs):
            return node.allowed[self._draw(len(node.allowed))]
        branch = node.branches[self._draw(len(node.branches))]
        return "".join(self.spell(part.inner) for part in branch for _ in range(self._count(part)))

    def _count(self, part: _Repeat) -> int:
        least = min(part.least + self._stretch, part.longest) if self._stretch else part.least
        return least + self._draw(max(part.most - least, 0) + 1)

    def _draw(self, limit: int) -> int:
        self._rest, found = divmod(self._rest, limit)
        return found


class _Parser:
    """ECMA-262 without references; what look-around asks for is left to luck, and checked."""

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
            elif not self._asserted():
                choice.branches[-1].append(self._repeated(self._atom()))
        return choice

    def _asserted(self) -> bool:
        """Whether what comes next takes no text; it is passed over."""
        if any(self._take(sign) for sign in ("^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z")):
            return True
        if not any(self._take(start) for start in ("(?=", "(?!", "(?<=", "(?<!")):
            return False
        self._choice()
        if not self._take(")"):
            raise UnsupportedPatternError
        return True

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
            named = re.match(r"\?(?::|P?<\w+>)", self._rest)
            if self._rest.startswith("?") and named is None:
                raise UnsupportedPatternError
            self._rest = self._rest[named.end() :] if named is not None else self._rest
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
        if sign in "pP" and (found := re.match(r"\{\^?([A-Za-z_=]+)\}", self._rest)):
            self._rest = self._rest[found.end() :]
            return _property(found[1], excluded=sign == "P")
        if sign in "xu" and (found := _CODE.match(self._rest)):
            self._rest = self._rest[found.end() :]
            return chr(int(found[1] or found[2] or found[3], 16))
        if sign.isalnum() and sign not in _ESCAPES:
            raise UnsupportedPatternError
        return _ESCAPES.get(sign, sign)

    def _class(self) -> _Signs:
        excluded = self._take("^")
        signs: list[str] = []
        ended = False
        while not self._take("]"):
            if found := re.match(r"\[:(\w+):\]", self._rest):
                self._rest = self._rest[found.end() :]
                signs.append(_property(found[1], excluded=False))
                continue
            sign = self._next()
            if sign == "\\":
                signs.append(self._escaped())
            elif sign == "-" and signs and not ended and not self._rest.startswith("]"):
                ended = self._add_range(signs)
                continue
            else:
                signs.append(sign)
            # Behind a range, or a class of its own, a dash is a dash.
            ended = len(signs[-1]) != 1
        listed = "".join(signs)
        allowed = [sign for sign in _PRINTABLE if (sign in listed) != excluded]
        # A class of other scripts, or of control characters, is what it lists.
        allowed = allowed or ([] if excluded else list(listed))
        if not allowed:
            raise UnsupportedPatternError
        return _Signs("".join(allowed))

    def _add_range(self, signs: list[str]) -> bool:
        """Whether what follows a dash made a range of it; else both stand for themselves."""
        if len(signs[-1]) == 1:
            signs.append(self._range(signs[-1]))
            return True
        signs.append("-")
        return False

    def _range(self, first: str) -> str:
        last = self._next()
        if last == "\\":
            last = self._escaped()
        if len(first) != 1 or len(last) != 1 or last < first:
            raise UnsupportedPatternError
        return "".join(chr(code) for code in range(ord(first), ord(last) + 1))

    def _repeated(self, inner: _Signs | _Choice) -> _Repeat:
        least, most = 1, 1
        ceiling: int | None = 1
        if self._rest[:1] in _COUNTS and self._rest:
            least, ceiling = _COUNTS[self._next()]
            most = ceiling if ceiling is not None else least + _MORE
        elif found := re.match(r"\{(\d+)(,?)(\d*)\}", self._rest):
            self._rest = self._rest[found.end() :]
            least = int(found[1])
            ceiling = int(found[3]) if found[3] else None if found[2] else least
            most = ceiling if ceiling is not None else least + _MORE
        if not self._take("?"):
            self._take("+")
        if not least <= most or least > _MOST_REPEATED:
            raise UnsupportedPatternError
        longest = _MOST_REPEATED if ceiling is None else ceiling
        return _Repeat(inner, least, min(most, max(least, _LONGEST)), min(longest, _MOST_REPEATED))
