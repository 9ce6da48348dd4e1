"""The faults and notes of one build, collected so that all of them are told at once."""

from treenail_generator.diagnostics import Diagnostic, Location, Severity


class Faults:
    """Lists of diagnostics that planning appends to and goes on.

    Attributes:
        diagnostics: Errors; any of them stops the build.
        notes: What was decided by rule, and what a reader of the build should know.
    """

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self._known: dict[tuple[object, ...], list[Diagnostic]] = {}

    def __len__(self) -> int:
        """How much is told so far."""
        return len(self.diagnostics) + len(self.notes)

    def add(self, location: Location, code: str, message: str, *, hint: str | None = None) -> None:
        """Record an error."""
        self._record(self.diagnostics, Diagnostic(location, code, message, hint=hint))

    def note(
        self,
        location: Location,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = "note",
    ) -> None:
        """Record what does not stop the build."""
        found = Diagnostic(location, code, message, hint=hint, severity=severity)
        self._record(self.notes, found)

    def forget_notes(self) -> None:
        """Begin to take notes anew, so that what is told again is recorded again."""
        self.notes = []
        self._known = {}

    def _record(self, found_so_far: list[Diagnostic], found: Diagnostic) -> None:
        # By what is said, so that only of twins somebody asks where they stand: that takes long.
        twins = self._known.setdefault((found.code, found.message, found.hint, found.severity), [])
        if found not in twins:
            twins.append(found)
            found_so_far.append(found)
