"""What an upgrade changed: one note for each kind of change, however often it was made."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from treenail_generator.diagnostics import Diagnostic, Location

BODIES: Final = "body parameters became request bodies"
FORMS: Final = "forms of formData parameters became request bodies"
FILES: Final = "values of type 'file' became binary texts"
FORMATS: Final = "values of collectionFormat became style and explode"
ANSWERS: Final = "answers got the media types of 'produces'"
SERVERS: Final = "host, basePath and schemes became servers"
SECURITY: Final = "security definitions became security schemes"

# What follows was guessed, because the document does not say it or contradicts itself.
NO_CONSUMES: Final = "bodies without 'consumes' are sent as application/json"
NO_PRODUCES: Final = "answers without 'produces' are read as application/json"
NO_SCHEMES: Final = "hosts without 'schemes' are reached by https"
NO_FORM_TYPE: Final = "forms are sent as forms, though 'consumes' names no type of a form"
MULTI: Final = "values of collectionFormat 'multi' outside query and form are read as 'csv'"
UNKNOWN_FORMAT: Final = "values of an unknown collectionFormat are read as 'csv'"
OTHER_PATHS: Final = "the paths under 'x-ms-paths' are left aside"


@dataclass(slots=True)
class Notes:
    """Counts changes by kind, and remembers the first place of each."""

    _first: dict[str, Location] = field(default_factory=dict[str, Location])
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, kind: str, place: Location) -> None:
        """One more change of a kind."""
        self._first.setdefault(kind, place)
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def diagnostics(self) -> Iterator[Diagnostic]:
        """One `upgraded` note for each kind, in the order of discovery."""
        for kind, count in self._counts.items():
            yield Diagnostic(self._first[kind], "upgraded", f"{kind} ({count})", severity="note")
