"""What agents are told of arguments, and what is enforced."""

from typing import Final

from .requirement import Requirement

_CORE: Final = "JSON Schema 2020-12 core"
_VALIDATION: Final = "JSON Schema 2020-12 validation"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "JS-KEYWORDS": Requirement(
        f"{_VALIDATION} 6, and documents that exist",
        "A keyword whose value JSON Schema does not know is rewritten by a named rule or left out, "
        "and every published schema is valid.",
    ),
    "JS-FORMATS": Requirement(
        f"{_VALIDATION} 7.2, 7.3",
        "Formats that JSON Schema knows are enforced or only told, as the connector file says, in every "
        "argument; any other is only told.",
    ),
    "SCHEMA-DISCRIMINATOR": Requirement(
        "OpenAPI 3.1.1, 4.8.25 Discriminator Object",
        "The name that a mapping gives chooses the alternative; what is derived from an object may stand for it.",
    ),
    "JS-REGEX": Requirement(
        f"{_CORE} 6.4",
        "Patterns are ECMA-262 with the flag u; those of other dialects are translated or left out.",
    ),
    "SCHEMA-TOKENS": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "Arguments over the connector's limit name what lies deepest instead of telling it, each tool by "
        "itself; what is required or plain stays, and all of it is enforced.",
    ),
    "SCHEMA-DESCRIBE": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "Whatever a published schema only names is told exactly by a tool that sends nothing.",
    ),
    "SCHEMA-OPENNESS": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "Arguments and models are closed and refuse unknown names by name, which the published schema says at its "
        "root and where the document does; definitions are as open as the "
        "document; apart from that both accept exactly what it accepts.",
    ),
    "SCHEMA-CONSTRAINTS": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "Values of known fields are accepted, by what is published and by what is enforced, exactly when "
        "the document's schema accepts them.",
    ),
    "SCHEMA-ERRORS": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "A refused value is told by its place and by what is expected there, never by itself.",
    ),
    "SCHEMA-DEPTH": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "The connector file says how deep types that are used once are told inside each other.",
    ),
    "JS-SAMPLES": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "An example value is found for schemas with patterns, bounds, formats, alternatives and circles.",
    ),
    "TOKENS-DESCRIPTIONS": Requirement(
        "Any real OpenAPI document, proven on the wire",
        "Descriptions of a document are told without markup, and cut where the connector file says so.",
    ),
}
