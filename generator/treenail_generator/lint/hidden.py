"""The rule about characters that people do not see, or take for others."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

from .characters import code_point, hidden_in, lookalikes_in
from .connector import LintedConnector
from .finding import Finding
from .texts import Text

_MOST_TOLD: Final = 4


def hidden_unicode(connector: LintedConnector) -> Iterator[Finding]:
    """Texts that an agent reads differently from the person who reviewed them."""
    for text in connector.texts:
        hidden, lookalikes = hidden_in(text.content), lookalikes_in(text.content)
        if hidden:
            told = _told(text.content, hidden)
            yield _finding(text, f"the text holds what nobody sees: {told}")
        if lookalikes:
            told = _told(text.content, lookalikes)
            yield _finding(text, f"the text mixes scripts inside a word: {told}")


def _finding(text: Text, message: str) -> Finding:
    return Finding(
        rule="hidden-unicode",
        severity="error" if text.is_told else "info",
        tool=text.tool,
        message=message,
        hint="write the text again by hand"
        if text.is_ours
        else "replace the text in the connector file"
        if text.is_told
        else None,
        location=text.location,
    )


def _told(content: str, indexes: tuple[int, ...]) -> str:
    """`U+200B ZERO WIDTH SPACE (3 times)`, never the character itself."""
    counted = Counter(content[index] for index in indexes)
    parts = [
        f"{code_point(character)} {unicodedata.name(character, '')}".strip()
        + (f" ({count} times)" if count > 1 else "")
        for character, count in counted.most_common(_MOST_TOLD)
    ]
    if len(counted) > _MOST_TOLD:
        parts.append(f"and {len(counted) - _MOST_TOLD} others")
    return ", ".join(parts)
