"""What an unquoted YAML scalar means."""

import math
import re

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain_value(text: str) -> bool | int | float | str | None:
    """The value by the core schema of YAML 1.2.

    So `no`, `on`, `1:30` and `2026-01-01` are texts and `010` is ten. Numbers that JSON cannot
    carry (`.inf`, `1e999`) stay texts.

    Source: YAML 1.2.2, section 10.3.2.
    """
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        number = float(text) if _FLOAT.fullmatch(text) else math.nan
    except ValueError:  # over 4300 digits
        return text
    return number if math.isfinite(number) else text
