"""Texts as YAML values and comments that say exactly them, whatever they hold."""

import re
from typing import Any, Final

from treenail_generator.yaml_source import JSON

# Plain style is only for what no YAML version takes for anything else.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ /.-][A-Za-z0-9_]+)*\.?")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quoted(text: str) -> str:
    """`text` as one YAML scalar on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_character, text))}"'


def value(data: JSON) -> str:
    """`data` in flow style on one line."""
    match data:
        case None:
            return "null"
        case bool():
            return "true" if data else "false"
        case int() | float():
            return repr(data)
        case str():
            return quoted(data)
        case list():
            return f"[{', '.join(map(value, data))}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)}: {value(each)}' for key, each in data.items())}}}"


def comment(text: str) -> str:
    """`text` for a comment: one line, and nothing that could end it."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _key(text: Any) -> str:
    return quoted(str(text))


def _character(character: str) -> str:
    """YAML 1.2.2, 5.7: escapes for what a text file should not hold."""
    if character in _ESCAPED:
        return _ESCAPED[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004  # the surrogates: no text can hold one
        return "\\uFFFD"
    if character.isprintable():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"  # noqa: PLR2004  # one code unit
