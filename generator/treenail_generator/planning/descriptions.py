"""What a document says of arguments, as agents read it: without markup, and not too long."""

import re
from collections.abc import Iterator
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
# "Required. The id." says what `required` says; without a mark it is a word of the sentence.
_LEADING: Final = re.compile(
    r"(?:[\[(]\s?(required|optional)\s?[\])]|(required|optional)[.:;])\s?", re.IGNORECASE
)
_TRAILING: Final = re.compile(
    r"\s?[\[(]\s?(required|optional)\s?[\])]\.?$|(?<=[.!?)])\s(required|optional)\.$", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W_]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_EMPTY_WORDS: Final = frozenset({"a", "an", "the", "of", "for", "this", "unique", "s"})
_SAME_WORDS: Final = {"identifier": "id", "identifiers": "id"}
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[^a-z\s])")
_SEVERAL: Final = re.compile(r"[.!?;:][\s.]|\betc\.$|\.\w+\.$")
"""More than one sentence, or a last full stop that belongs to a word."""
_ABBREVIATIONS: Final = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "no.")
_LEAST_KEPT: Final = 0.5
"""Of the length that is allowed; a first sentence that is shorter is followed by words of the next."""


class Descriptions:
    """Makes descriptions of the document fit for agents."""

    def __init__(self, longest: int | None = None) -> None:
        """`longest` counts characters; None leaves texts as long as they are."""
        self._longest = longest
        self._known: dict[tuple[str, str, bool | None], str] = {}

    def of(self, told: object, name: str = "", *, required: bool | None = None) -> str:
        """`told` in one line; empty when it only repeats `name`, or is no text.

        `required` tells whether the schema requires what is described, so that its words need not.
        """
        if not isinstance(told, str):
            return ""
        key = (told, name, required)
        if key not in self._known:
            self._known[key] = self._made(told, name, required=required)
        return self._known[key]

    def _made(self, told: str, name: str, *, required: bool | None) -> str:
        text = unmarked(told)
        if required is not None:
            text = _without_need(text, "required" if required else "optional")
        if name and _repeats(text, name):
            return ""
        if self._longest is None or len(text) <= self._longest:
            return text if _SEVERAL.search(text) else text.removesuffix(".")
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


def _without_need(text: str, need: str) -> str:
    """`text` without a mark at either end that says the same as the schema: `need`."""
    if need not in text.lower():
        return text
    for place in (_LEADING.match, _TRAILING.search):
        found = place(text)
        if found is not None and need in found[0].lower():
            text = text[: found.start()] + text[found.end() :]
    return text


def _repeats(text: str, name: str) -> bool:
    """Whether every word of `text` stands in `name`, up to articles and a plural."""
    known = {_singular(word) for word in _words(_HUMP.sub(" ", name))}
    joined = "".join(_words(name))
    told, is_known = "", True
    for word in _words(text):
        if word not in _EMPTY_WORDS:
            told, is_known = told + word, is_known and _singular(word) in known
            if not is_known and len(told) > len(joined) + len("s"):
                return False
    return is_known or _singular(told) == _singular(joined)


def _words(text: str) -> Iterator[str]:
    return (found[0].lower() for found in _WORD.finditer(text))


def _singular(word: str) -> str:
    return _SAME_WORDS.get(word) or word.removesuffix("s")
