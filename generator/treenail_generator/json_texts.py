"""JSON as text in one way only: for hashes, and for files that people compare."""

import json
from typing import Any, Final

import orjson

_SORTED: Final = orjson.OPT_SORT_KEYS
_LAID_OUT: Final = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def canonical(value: Any) -> bytes:
    """`value` without spaces and with its keys in order."""
    try:
        return orjson.dumps(value, option=_SORTED)
    except (TypeError, orjson.JSONEncodeError):
        # Numbers beyond 64 bits, halves of surrogate pairs, deep nesting.
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return text.encode()


def laid_out(value: Any) -> str:
    """`value` with one fact a line, its keys in order, in ASCII, and a line break at the end.

    The standard library writes indented text without its fast encoder, ten times slower; what people
    could not see, it escapes.
    """
    try:
        text = orjson.dumps(value, option=_LAID_OUT).decode()
    except (TypeError, orjson.JSONEncodeError):
        text = ""
    return text if text and text.isascii() else json.dumps(value, indent=2, sort_keys=True) + "\n"
