"""What a document says of arguments, as agents read it: without markup, and not too long."""

import re
from typing import Final

_BLOCKS: Final = (
    "blockquote|br|dd|div|dl|dt|h[1-6]|hr|img|li|ol|p|pre|table|tbody|td|tfoot|th|thead|tr|ul"
)
_INLINE: Final = "a|abbr|b|big|code|em|font|i|kbd|s|small|span|strong|sub|sup|tt|u"
_MARKED: Final = re.compile(r"[<\[&*]")
_REPLACED: Final = (
    (re.compile(r"<!--.{0,2000}?-->", re.DOTALL), " "),
    # Tags that HTML knows: `<branch>` stands for something.
    (re.compile(rf"</?(?:{_BLOCKS})(?:\s[^<>]{{0,500}})?/?>", re.IGNORECASE), " "),
    (re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]{{0,500}})?/?>", re.IGNORECASE), ""),
    (re.compile(r"!\[[^\[\]]{0,300}\]\((?:https?:|/|#|\.)[^()\s]{0,500}\)"), " "),
    (re.compile(r"\[([^\[\]]{1,300})\]\((?:https?:|mailto:|/|#|\.)[^()\s]{0,500}\)"), r"\1"),
    (re.compile(r"\*\*([^*]{1,300})\*\*"), r"\1"),
)
_ENTITIES: Final = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&nbsp;": " ",
    # Last: what it spells is not read again.
    "&amp;": "&",
}
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[^a-z\s])")
_ABBREVIATIONS: Final = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "no.")
_LEAST_KEPT: Final = 0.5
"""Of the length that is allowed; a first sentence that is shorter is followed by words of the next."""


class Descriptions:
    """Makes descriptions of the document fit for agents."""

    def __init__(self, longest: int | None = None) -> None:
        """`longest` counts characters; None leaves texts as long as they are."""
        self._longest = longest

    def of(self, told: object, name: str = "") -> str:
        """`told` in one line; empty when it only repeats `name`, or is no text."""
        if not isinstance(told, str):
            return ""
        text = unmarked(told)
        if _letters(text) == _letters(name):
            return ""
        if self._longest is None or len(text) <= self._longest:
            return text
        return cut(text, self._longest)


def unmarked(text: str) -> str:
    """`text` in one line, without HTML tags and Markdown links."""
    if _MARKED.search(text):
        for pattern, new in _REPLACED:
            text = pattern.sub(new, text)
        for entity, character in _ENTITIES.items():
            text = text.replace(entity, character)
    return " ".join(text.split())


def cut(text: str, longest: int) -> str:
    """The first `longest` characters of a longer `text`, to the end of a sentence or word."""
    room = text[: longest - 2]
    ends = [
        end.end()
        for end in _SENTENCE_END.finditer(text, 0, longest)
        if end.end() <= len(room) and not room[: end.end()].lower().endswith(_ABBREVIATIONS)
    ]
    if ends and ends[-1] >= longest * _LEAST_KEPT:
        return f"{room[: ends[-1]]} …"
    words = room.rpartition(" ")[0] or room
    return f"{words.rstrip(' ,;:')} …"


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
