"""What a document is read from, besides its own text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

ReadOther: TypeAlias = Callable[[str], "str | None"]
"""Reads the text of another document, by its path from the folder of the first; None when there
is none that may be read. The rest of the path's meaning is the caller's."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read already.

    Attributes:
        file: The name that locations carry.
    """

    text: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is read together with a document.

    Attributes:
        overlays: In the order in which they are applied.
        read_other: None where references to other files are refused.
    """

    overlays: Sequence[TextFile] = ()
    read_other: ReadOther | None = None
