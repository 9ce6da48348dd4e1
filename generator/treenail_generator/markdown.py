"""Text from outside as plain words of Markdown."""

import re
from typing import Final

# An underscore inside a word is no emphasis (GitHub Flavored Markdown, 6.2).
_SPECIAL: Final = re.compile(r"([\\`*{}\[\]<>#|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


def escaped(text: str) -> str:
    """`text` on one line, of which nothing becomes markup, a link or a mention."""
    flat = " ".join(text.split())
    # A zero-width space keeps `@name` and bare addresses from becoming mentions and links.
    return _SPECIAL.sub(r"\\\1", flat).replace("@", "@\u200b").replace("://", ":\u200b//")


def code(text: str) -> str:
    """`text` as a code span that may stand in a table: no backtick ends it, no bar splits the cell."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "\\|") + "`"
