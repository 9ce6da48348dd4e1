"""Regular expressions of other dialects as ECMA-262 with the flag `u`, as JSON Schema asks for.

JSON Schema 2020-12, core 6.4. Documents are written with Java, .NET, PCRE and Python at hand.
"""

import re
from functools import lru_cache
from typing import Final

import jsonschema_rs

# The work of compiling one grows with the square; the longest known has 22,000.
_MOST_CHARACTERS: Final = 25_000
_LITERAL: Final = re.compile(r"/(\^.*\$)/[gmsuy]*", re.DOTALL)
_POSIX: Final = {
    "alpha": "a-zA-Z",
    "alnum": "a-zA-Z0-9",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
    "blank": r" \t",
    "punct": "!-\\/:-@\\[-`\\{-~",
}
_JAVA: Final = {
    "Alpha": "a-zA-Z",
    "Alnum": "a-zA-Z0-9",
    "ASCII": "\\x00-\\x7F",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Punct": _POSIX["punct"],
    "Space": r"\s",
    "XDigit": "0-9A-Fa-f",
    "Print": "\\x20-\\x7E",
    "Graph": "\\x21-\\x7E",
    "IsAlphabetic": r"\p{L}",
    "IsLetter": r"\p{L}",
    "IsDigit": r"\p{Nd}",
    "all": r"\s\S",
}
_TOKEN: Final = re.compile(
    r"\\[pP]\{\^?[A-Za-z_=]+\}|\\[pP][A-Z]|\\u\{[0-9A-Fa-f]+\}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
    r"|\\c[A-Za-z]|\\k<\w+>|\\.|\[:\^?\w+:\]|\(\?P?<\w+>|\(\?[a-zA-Z-]+[:)]|\(\?.|.",
    re.DOTALL,
)
_QUANTIFIER: Final = re.compile(r"\{[0-9]+(,[0-9]*)?\}")
_LONGEST_SIGN: Final = len(r"\uFFFF")
_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/")
_CLASSES: Final = frozenset("dDwWsSbBtnvfr0123456789")
_ENDS: Final = {r"\A": "^", r"\Z": "$", r"\z": "$"}
_SIGNS: Final = {r"\h": r"[ \t]", r"\a": r"\x07", r"\e": r"\x1B"}


@lru_cache(8192)
def _rewritten(pattern: str) -> str | None:
    literal = _LITERAL.fullmatch(pattern)
    text = _translated(literal[1] if literal else pattern)
    return text if text is not None and _compiles(text) else None


def as_ecma(pattern: object) -> str | None:
    """`pattern` in the dialect of JSON Schema; None when it cannot be said there."""
    if not isinstance(pattern, str) or len(pattern) > _MOST_CHARACTERS:
        return None
    return _rewritten(pattern)


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _translated(pattern: str) -> str | None:
    """`pattern` sign by sign; None for what has no counterpart, like `(?i)` in the middle."""
    out: list[str] = []
    inside = counted = False
    position = 0
    while position < len(pattern):
        found = _TOKEN.match(pattern, position)
        piece = found[0] if found is not None else pattern[position]
        if inside:
            said = _in_class(piece, out, pattern, position)
            inside = piece != "]"
        elif counted and piece in {"+", "?"}:
            # Possessive repetitions match the same texts or fewer; ECMA-262 has none.
            said, counted = ("" if piece == "+" else piece), False
        else:
            said = _outside(piece, pattern, position)
            inside = piece == "["
            counted = said in {"+", "*", "?", "}"}
            if (
                inside
                and pattern[position + 1 : position + 2] in ("]", "^")
                and (pattern[position + 1 : position + 3].lstrip("^")[:1] == "]")
            ):
                # Elsewhere, a bracket that comes first in a class belongs to it.
                negated = pattern[position + 1] == "^"
                said, position = ("[^\\]" if negated else "[\\]"), position + 1 + negated
        if said is None:
            return None
        out.append(said)
        position += len(piece)
    return None if inside else "".join(out)


def _outside(piece: str, pattern: str, position: int) -> str | None:
    if piece in _ENDS or piece in _SIGNS:
        return _ENDS.get(piece) or _SIGNS[piece]
    if piece in {"{", "}", "]"}:
        return _bracket(piece, pattern, position)
    if piece.startswith("(?"):
        return _group(piece)
    if piece.startswith("[:"):
        return None
    if piece.startswith((r"\p", r"\P")):
        said = _property(piece)
        return said if said is None or said.startswith((r"\p", r"\P")) else f"[{said}]"
    return _escape(piece, in_class=False)


def _bracket(piece: str, pattern: str, position: int) -> str:
    """A bracket as it is where it means something, else escaped."""
    if piece == "{":
        return piece if _QUANTIFIER.match(pattern, position) else r"\{"
    before = pattern.rfind("{", 0, position) if piece == "}" else -1
    counts = before >= 0 and _QUANTIFIER.fullmatch(pattern, before, position + 1)
    return piece if counts else f"\\{piece}"


def _group(piece: str) -> str | None:
    if piece.startswith("(?P<"):
        return "(?<" + piece[4:]
    if piece in ("(?:", "(?=", "(?!") or piece.startswith("(?<"):
        return piece
    # What the flags s, m, u, x would change stays out of nearly every pattern of a document.
    return "" if re.fullmatch(r"\(\?[msu]+\)", piece) else None


def _in_class(piece: str, out: list[str], pattern: str, position: int) -> str | None:
    if piece.startswith("[:"):
        return _POSIX.get(piece[2:-2])
    if piece == "[":
        return r"\["
    if piece == "&" and pattern[position : position + 3] == "&&[":
        return None
    if piece == "-":
        return _dash(out, pattern, position)
    if piece.startswith((r"\p", r"\P")):
        return _property(piece)
    if piece in _SIGNS:
        return {r"\h": r" \t"}.get(piece, _SIGNS[piece])
    return _escape(piece, in_class=True)


def _dash(out: list[str], pattern: str, position: int) -> str:
    """A dash between two signs is a range; beside a set of signs, or a range, it is a dash."""
    before, after = out[-1], pattern[position + 1 : position + 3]
    first = before == "[" or out[-2:] == ["[", "^"]
    is_set = (
        before[:2] in (r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", r"\p", r"\P")
        or len(before) > _LONGEST_SIGN
    )
    opened = out[-3:-2] == ["["] or out[-4:-2] == ["[", "^"]
    behind_range = out[-2:-1] == ["-"] and not opened and not first
    other = after[:2] in (r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", r"\p", r"\P")
    if first or after[:1] == "]":
        return "-" if after[:1] == "]" or first else r"\-"
    return r"\-" if is_set or behind_range or other else "-"


def _property(piece: str) -> str | None:
    if len(piece) == 3:  # noqa: PLR2004  # \pL
        return f"{piece[:2]}{{{piece[2]}}}"
    name = piece[3:-1]
    negated = name.startswith("^")
    name = name.removeprefix("^")
    if name in _JAVA:
        return None if negated or piece[1] == "P" else _JAVA[name]
    if negated:
        return f"\\{'p' if piece[1] == 'P' else 'P'}{{{name}}}"
    return piece


def _escape(piece: str, *, in_class: bool) -> str | None:
    """An escape that the flag `u` allows; needless ones stand for their sign."""
    if len(piece) != 2 or piece[0] != "\\":  # noqa: PLR2004  # a backslash and its sign
        return piece
    sign = piece[1]
    if sign in _SYNTAX or sign in _CLASSES or (sign == "-" and in_class):
        return piece
    if sign.isalpha():
        return None
    return sign
