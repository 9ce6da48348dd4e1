"""A large module to code, a few statements at a time.

The parser of Python keeps all that it has tried, a hundred megabytes for a thousand tools.
"""

import re
from collections.abc import Iterator
from types import CodeType
from typing import Final

_BEGINNING: Final = re.compile(r"\n\n(?=(?:class|async def) |[A-Z][A-Z0-9_]*: Final)")
_LENGTH: Final = 50_000
"""Characters; much less would cost time, much more memory."""


def statements(text: str, file: str) -> list[CodeType]:
    """The code of `text`, in parts to be run one after the other.

    Raises:
        SyntaxError: It is no Python.
    """
    try:
        return [compile(part, file, "exec") for part in _parts(text)]
    except SyntaxError:
        # A docstring may have a line that looks like a statement. What comes before that line then
        # lacks its closing quotes, and is never run.
        return [compile(text, file, "exec")]


def _parts(text: str) -> Iterator[str]:
    start = 0
    while (found := _BEGINNING.search(text, start + _LENGTH)) is not None:
        yield text[start : found.start()]
        start = found.end()
    yield text[start:]
