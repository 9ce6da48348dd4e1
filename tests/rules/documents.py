"""Reading documents: versions of OpenAPI, overlays, YAML and JSON, bounds."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "DOC-BOUNDS": Requirement(
        "docs/documents.md, bounds",
        "Characters, values, depth and what aliases repeat are bounded; more is refused with its"
        " place, in bounded time and memory.",
    ),
    "DOC-DUPLICATES": Requirement(
        "RFC 8259 4; YAML 1.2.2 3.2.1.1",
        "Keys that repeat are refused, all at once, each with the place of the first.",
    ),
    "DOC-JSON-FALLBACK": Requirement(
        "RFC 8259; YAML 1.2.2 1.3",
        "JSON is read by its own rules, which allow characters that YAML forbids; what only looks"
        " like JSON is read as YAML; what neither allows is refused.",
    ),
    "DOC-JSON-PLACES": Requirement(
        "docs/documents.md, JSON",
        "Every value and key of a JSON text has the place that an editor would show.",
    ),
    "DOC-LAZY": Requirement(
        "docs/documents.md, operations",
        "An operation is read when it is asked for: its faults cost nobody else, a build does not"
        " look at what it does not use, and a check tells every fault there is.",
    ),
}
