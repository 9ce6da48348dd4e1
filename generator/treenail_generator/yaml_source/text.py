"""The text that the YAML parser gets, and how it is refused."""

import re
from dataclasses import dataclass
from typing import NoReturn

from treenail_generator.diagnostics import BuildError, Diagnostic, Location

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text without a byte order mark; `file` is the name that locations carry."""

    file: str
    content: str

    def location(self, line: int, column: int) -> Location:
        """The place with the 0-based line and column that the parser gives."""
        return Location(self.file, line + 1, column + 1)

    def fail(
        self, line: int, column: int, *, code: str, message: str, hint: str | None = None
    ) -> NoReturn:
        """Refuse the text because of what stands at a 0-based place."""
        raise BuildError([Diagnostic(self.location(line, column), code, message, hint=hint)])

    def refuse_unprintable(self) -> None:
        """Refuse the first character that YAML forbids (YAML 1.2.2, section 5.1).

        Raises:
            BuildError: `yaml-syntax`.
        """
        if unprintable := _UNPRINTABLE.search(self.content):
            start = unprintable.start()
            self.fail(
                self.content.count("\n", 0, start),
                start - (self.content.rfind("\n", 0, start) + 1),
                code="yaml-syntax",
                message=f"the character U+{ord(unprintable.group()):04X} is not allowed",
                hint="write it as an escape in a double-quoted text",
            )
