"""The differences of one connector, and the version that they ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["breaking", "compatible", "invisible"]
Found: TypeAlias = tuple[Severity, str]
"""What a difference means, and how it is told."""

_BUMPS: Mapping[Severity, str] = {"breaking": "major", "compatible": "minor", "invisible": "patch"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in one tool, or in how people log in, where `tool` is empty."""

    tool: str
    severity: Severity
    message: str

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.tool or "the login"


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences of one connector.

    Attributes:
        version: The committed version of the tool surface.
    """

    changes: tuple[Change, ...]
    version: str

    @property
    def severity(self) -> Severity:
        """The worst severity of all changes."""
        severities = {change.severity for change in self.changes}
        return (
            "breaking"
            if "breaking" in severities
            else "compatible"
            if "compatible" in severities
            else "invisible"
        )

    @property
    def status(self) -> int:
        """Of `gen diff`: 0 when agents see nothing of it, 1 compatible, 2 breaking."""
        return {"invisible": 0, "compatible": 1, "breaking": 2}[self.severity]

    @property
    def proposed_version(self) -> str:
        """The version that semantic versioning asks for; the same when nothing changed."""
        if not self.changes:
            return self.version
        major, minor, patch = map(int, self.version.split("."))
        match self.severity:
            case "breaking":
                return f"{major + 1}.0.0"
            case "compatible":
                return f"{major}.{minor + 1}.0"
            case "invisible":
                return f"{major}.{minor}.{patch + 1}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "severity": self.severity,
            "bump": _BUMPS[self.severity] if self.changes else None,
            "version": self.version,
            "proposed_version": self.proposed_version,
            "changes": [
                {"tool": change.tool, "severity": change.severity, "message": change.message}
                for change in self.changes
            ],
        }
