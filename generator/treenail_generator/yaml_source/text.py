"""The text as the YAML parser accepts it, and the way back to the columns of the original."""

import re
from dataclasses import dataclass
from typing import NoReturn

from treenail_generator.diagnostics import BuildError, Diagnostic, Location

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A prepared text.

    Attributes:
        file: The name that locations carry.
        content: What the parser gets.
        shortened: By 0-based line, the columns at which the content is two characters shorter
            than the original.
    """

    file: str
    content: str
    shortened: dict[int, list[int]]

    def location(self, line: int, column: int) -> Location:
        """The place in the original of a 0-based place in the content."""
        before = sum(1 for start in self.shortened.get(line, ()) if start < column)
        return Location(self.file, line + 1, column + 2 * before + 1)

    def fail(
        self, line: int, column: int, *, code: str, message: str, hint: str | None = None
    ) -> NoReturn:
        """Refuse the text because of what stands at a 0-based place in the content."""
        raise BuildError([Diagnostic(self.location(line, column), code, message, hint=hint)])


def prepare(text: str, file: str) -> Text:
    """Drop a byte order mark, and rewrite what JSON can say and YAML cannot.

    Raises:
        BuildError: `yaml-syntax`, for a character that YAML forbids.
    """
    text = text.removeprefix("\ufeff")
    if unprintable := _UNPRINTABLE.search(text):
        start = unprintable.start()
        Text(file, text, {}).fail(
            text.count("\n", 0, start),
            start - (text.rfind("\n", 0, start) + 1),
            code="yaml-syntax",
            message=f"the character U+{ord(unprintable.group()):04X} is not allowed",
            hint="write it as an escape in a double-quoted text",
        )
    if text.lstrip().startswith(("{", "[")) and _SURROGATES.search(text):
        return _join_surrogates(text, file)
    return Text(file, text, {})


def _join_surrogates(text: str, file: str) -> Text:
    r"""Turn JSON's `\ud83d\ude00` into YAML's `\U0001f600`, which is two characters shorter."""
    lines = text.split("\n")
    shortened: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        pairs = list(_SURROGATES.finditer(line))
        if pairs:
            lines[number] = _SURROGATES.sub(_joined, line)
            shortened[number] = [pair.end(1) - 2 * index for index, pair in enumerate(pairs)]
    return Text(file, "\n".join(lines), shortened)


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16) - 0xD800, int(pair[3], 16) - 0xDC00
    return f"{pair[1]}\\U{0x10000 + (high << 10) + low:08x}"
