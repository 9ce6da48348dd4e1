"""Characters that nobody sees, or that make others look different, as escapes that everybody sees."""

import unicodedata
from typing import Final

# Zero-width joiners belong to the spelling of many languages, and emoji; only lint tells of them.
_KEPT: Final = frozenset("\u200c\u200d")


def visible(text: str, *, keep: str = "") -> str:
    """`text` with control, format and bidirectional characters as escapes that are read as text.

    So no text from outside moves the cursor of a terminal, colours it, or reads otherwise than it
    is written.

    Args:
        text: From anywhere.
        keep: Control characters that stay, like line ends.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep or _is_harmless(each) else _escaped(each)
        for each in text
    )


def _is_harmless(character: str) -> bool:
    """Spaces of any width, and characters that this Unicode does not know yet, show as they are."""
    return character in _KEPT or unicodedata.category(character) in {"Zs", "Cn", "Co"}


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"  # noqa: PLR2004  # as JSON
