"""Text from outside as plain words of Markdown."""

import re
from typing import Final

from treenail_generator.visible import visible

# An underscore inside a word is no emphasis (GitHub Flavored Markdown, 6.2).
_SPECIAL: Final = re.compile(r"([\\`*{}\[\]<>#|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
# At the start of a line these make lists, rules and headings.
_FIRST: Final = re.compile(r"^(?:(?=[-+=])|([0-9]+)(?=[.)]))")
_BARE: Final = re.compile(r"\b(www)\.", re.IGNORECASE)


def escaped(text: str) -> str:
    """`text` on one line, of which nothing becomes markup, a link or a mention."""
    flat = visible(" ".join(text.split()))
    plain = _FIRST.sub(r"\1\\", _SPECIAL.sub(r"\\\1", flat))
    # A zero-width space keeps `@name` and bare addresses from becoming mentions and links.
    plain = plain.replace("@", "@\u200b").replace("://", ":\u200b//")
    return _BARE.sub("\\1.\u200b", plain)


def code(text: str) -> str:
    """`text` as a code span that may stand in a table: no backtick ends it, no bar splits the cell."""
    return "`" + visible(" ".join(text.split())).replace("`", "'").replace("|", "\\|") + "`"
