"""The faults of one build, collected so that all of them are told at once."""

from treenail_generator.diagnostics import Diagnostic, Location


class Faults:
    """A list of diagnostics that planning appends to and goes on."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def add(self, location: Location, code: str, message: str, *, hint: str | None = None) -> None:
        """Record an error."""
        found = Diagnostic(location, code, message, hint=hint)
        if found not in self.diagnostics:
            self.diagnostics.append(found)
