"""HTML as the text that a person would read."""

import html
import re
from collections.abc import Iterator
from typing import Final

_UNREAD: Final = frozenset({"script", "style", "template", "title"})
_APART: Final = frozenset(
    {"blockquote", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li"}
    | {"ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)
_TOKEN: Final = re.compile(r"<!--|-->|<[/!?]?([A-Za-z][A-Za-z0-9]{0,20})|[>\"']")
_SPACE: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"\s*\n\s*")


def plain_text(text: str) -> str:
    """The text of a piece of HTML: without tags, scripts and comments, blocks on lines of their own.

    What is no HTML stays as it is, apart from its white space. Takes one pass, whatever comes:
    parsers that look ahead take minutes for some answers that a hostile upstream could send.
    """
    flat = _SPACE.sub(" ", "".join(_pieces(text)))
    return _LINES.sub("\n", flat).strip()


def _pieces(text: str) -> Iterator[str]:
    """Texts outside of tags, and a line break where a block begins or ends."""
    start = 0
    tag: str | None = None  # inside the brackets of one; "!--" inside a comment
    quote = ""  # inside a quoted value of an attribute
    unread = ""  # between the tags of a script
    for token in _TOKEN.finditer(text):
        told, name = token[0], (token[1] or "").lower()
        match tag:
            case None if told == "<!--" or (name and (not unread or told[1:2] == "/")):
                if not unread:
                    yield _read(text[start : token.start()])
                tag = name or "!--"
            case "!--" if told == "-->":
                tag, start = None, token.end()
            case str() if tag != "!--" and quote:
                quote = "" if told == quote else quote
            case str() if told in {'"', "'"} and text.endswith("=", 0, token.start()):
                quote = told
            case str() if told == ">" and tag != "!--":
                unread, start = _unread_behind(tag, unread), token.end()
                if tag in _APART:
                    yield "\n"
                tag = None
            case _:
                pass
    if tag is None and not unread:
        yield _read(text[start:])


def _unread_behind(tag: str, unread: str) -> str:
    """The tag whose end is waited for, behind the end of `tag`."""
    if unread:
        return "" if tag == unread else unread
    return tag if tag in _UNREAD else ""


def _read(text: str) -> str:
    # A line break in HTML is a space.
    return html.unescape(" ".join(re.split(r"\s", text)))
