"""One finding: which rule, how bad, about which tool, and where to look."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from treenail_generator.diagnostics import Location

Severity: TypeAlias = Literal["error", "warning", "info"]
RuleId: TypeAlias = Literal[
    "description-missing",
    "description-repeats-name",
    "description-too-short",
    "description-too-long",
    "parameter-descriptions",
    "missing-example",
    "untold-age",
    "annotations",
    "name-length",
    "name-characters",
    "name-style",
    "invocation-cost",
    "shadowed-pairs",
    "prompt-injection",
    "hidden-unicode",
    "secrets",
    "client-names",
    "client-arguments",
    "client-schemas",
    "client-tools",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule has to say about one place.

    Attributes:
        rule: Stable kebab-case name that tests, documentation and `--json` readers rely on.
        severity: An error stops `gen lint`; an info is for the record.
        tool: Empty when it is about the connector as a whole.
        message: What is wrong, without a final full stop.
        location: The tool or the text, in the connector file or in the document.
        hint: What would make it right; None when the message says it.
    """

    rule: RuleId
    severity: Severity
    tool: str
    message: str
    location: Location
    hint: str | None = None

    def __str__(self) -> str:
        about = f"{self.tool}: " if self.tool else ""
        head = f"{self.location}: {self.severity}: {self.rule}: {about}{self.message}"
        return head if self.hint is None else f"{head}\n  hint: {self.hint}"

    def as_json(self) -> dict[str, str | int | None]:
        """The finding as one flat JSON object, for `--json`."""
        return {
            "file": self.location.file,
            "line": self.location.line,
            "column": self.location.column,
            "severity": self.severity,
            "rule": self.rule,
            "tool": self.tool,
            "message": self.message,
            "hint": self.hint,
        }
