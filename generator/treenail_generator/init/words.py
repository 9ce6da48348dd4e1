"""Texts of documents as agents may read them: plain, short, and giving no orders."""

import html
import re
from typing import Final

from treenail_generator.lint.characters import plain, without_hidden
from treenail_generator.lint.injection import ORDERS
from treenail_generator.lint.words import name_words, words

_MOST_READ: Final = 4000
"""Characters of a description that are looked at; its first sentences stand there."""

_REPLACED: Final = (
    (re.compile(r"<!--.{0,2000}?-->", re.DOTALL), " "),
    (re.compile(r"```.{0,2000}?```", re.DOTALL), " "),
    (re.compile(r"<(?:br|p|li|div|tr|h[1-6])\b[^<>]{0,300}>", re.IGNORECASE), "\n"),
    (re.compile(r"</?[A-Za-z][^<>]{0,300}>"), ""),
    (re.compile(r"\[!\w{1,20}\]"), ""),
    (re.compile(r"!\[[^\]]{0,300}\]\([^()]{0,500}\)"), ""),
    (re.compile(r"\[([^\[\]]{1,300})\]\([^()]{0,500}\)"), r"\1"),
    (re.compile(r"\[([^\[\]]{1,300})\]\[[^\[\]]{0,100}\]"), r"\1"),
    (re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6}|>|[-*+])[ \t]+"), ""),
    (re.compile(r"(?m)^[ \t]{0,8}[|=-][-|=: \t]{2,}$"), ""),
    (re.compile(r"\*\*|__|`+"), ""),
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[^a-z\s])|\n\s*\n")
_ABBREVIATIONS: Final = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "no.")


def plain_text(text: str) -> str:
    """`text` without markup and unseen characters, paragraphs apart."""
    text = text[:_MOST_READ]
    for pattern, new in _REPLACED:
        text = pattern.sub(new, text)
    # Entities last: what they spell is text, not markup. Then again, for what was spelt twice.
    shown = without_hidden(html.unescape(text))
    return shown.encode("utf-8", "replace").decode().strip()


def first_sentences(text: str, longest: int) -> str:
    """As many whole sentences of the plain `text` as fit; the first one cut, if it does not."""
    told = plain_text(text)
    kept = ""
    for sentence in _sentences(told):
        joined = f"{kept} {sentence}".strip()
        if len(joined) > longest:
            break
        kept = joined
    return kept or shortened(" ".join(told.split()), longest)


def shortened(text: str, longest: int) -> str:
    """`text` in one line, cut between words, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1].rpartition(" ")[0] or line[: longest - 1]
    return f"{cut.rstrip(' ,;:')}…"


def says_more(title: str, name: str, description: str) -> bool:
    """Whether a title has a word that stands neither in the name nor in the description."""
    return not set(words(title)) <= {*name_words(name), *words(description)}


def gives_orders(text: str) -> bool:
    """Whether `text` speaks to the agent as only its user may."""
    read = plain(text)
    return any(order.pattern.search(read) for order in ORDERS)


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        piece = " ".join(text[start : end.end()].split())
        if piece.lower().endswith(_ABBREVIATIONS):
            continue
        start = end.end()
        if piece:
            sentences.append(piece)
    last = " ".join(text[start:].split())
    return [*sentences, last] if last else sentences
