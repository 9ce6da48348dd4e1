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
    "DOC-HASHES": Requirement(
        "docs/drift.md, the lock",
        "The hash of an operation changes with anything that it reaches and with nothing else; the"
        " hashes of all operations together cost no more than reading what they share once.",
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
    "DOC-NOTES": Requirement(
        "docs/documents.md, versions",
        "What is read otherwise than it is written is told: each kind of change once, with its"
        " count and first place.",
    ),
    "DOC-PARTS": Requirement(
        "docs/documents.md, operations",
        "A broken reference in an optional parameter or in an answer costs that part, with a"
        " warning by name; in what a request needs it costs the operation.",
    ),
    "DOC-TWICE": Requirement(
        "docs/documents.md, operations",
        "A parameter that stands twice in the same words is one; in different words it is refused.",
    ),
    "DOC-WORK": Requirement(
        "docs/documents.md, bounds",
        "Schemas by which one value would be looked at again and again are refused before any"
        " value is.",
    ),
    "DOC-SWAGGER": Requirement(
        "OpenAPI 2.0",
        "A 2.0 document is read in full: parameters, answers, servers, security, with every place"
        " in the original file.",
    ),
    "DOC-SWAGGER-BODIES": Requirement(
        "OpenAPI 2.0, Parameter Object",
        "Body and formData parameters, shared ones and those of a path too, become request bodies"
        " of the media types that `consumes` names.",
    ),
    "DOC-SWAGGER-FORMATS": Requirement(
        "OpenAPI 2.0, Parameter Object and Items Object, collectionFormat",
        "Every collectionFormat becomes style and explode wherever 2.0 allows it, in arrays of"
        " arrays too.",
    ),
    "DOC-ODD": Requirement(
        "docs/documents.md, text",
        "Unquoted statuses and words, dates, octal and hexadecimal numbers, anchors, merge keys,"
        " any line end, references into paths, `$defs` and other keys, and circles through allOf"
        " mean what they say.",
    ),
    "DOC-ODD-PARTS": Requirement(
        "docs/documents.md, odd parts",
        "What a document says in vain costs that part only: it is left out with a warning, and"
        " refuses nothing that would be sent right.",
    ),
    "DOC-FILES": Requirement(
        "docs/documents.md, several files",
        "With `refs: file` references lead to files in the document's folder or below, and to no"
        " other; every place names its file, and the lock holds every hash.",
    ),
    "OVERLAY-ACTIONS": Requirement(
        "OpenAPI Overlay 1.1.0, Action Object",
        "Actions are applied in order: update and copy merge, remove takes away, by the rules of"
        " the specification.",
    ),
    "OVERLAY-FAULTS": Requirement(
        "OpenAPI Overlay 1.1.0, Schema; RFC 9535",
        "Faults of an overlay are told at once, each with its place; an action that selects"
        " nothing is a warning.",
    ),
    "OVERLAY-PLACES": Requirement(
        "docs/documents.md, overlays",
        "What an overlay brings has its place in the overlay, all else in the document.",
    ),
    "OVERLAY-BOUNDS": Requirement(
        "docs/documents.md, bounds",
        "Overlays whose actions multiply what is there are refused at the action that adds too"
        " much.",
    ),
    "DOC-32": Requirement(
        "OpenAPI 3.2.0",
        "`query`, additional methods, whole query strings, the style cookie, shared media types,"
        " items of streams, nested encodings and data of examples are read.",
    ),
    "HOSTILE-TEXTS": Requirement(
        "docs/documents.md, hostile documents",
        "No name and no text of a document becomes code, template, path or markup, wherever it"
        " stands.",
    ),
    "HOSTILE-BOMBS": Requirement(
        "docs/documents.md, hostile documents",
        "What multiplies (references, combinations, overlays, patterns, counts) is refused or"
        " carried in bounded time and memory.",
    ),
    "HOSTILE-REFERENCES": Requirement(
        "docs/documents.md, hostile documents",
        "A reference that leads out, in a circle or nowhere costs what reaches it; nothing is"
        " fetched or opened.",
    ),
    "HOSTILE-READING": Requirement(
        "docs/documents.md, hostile documents",
        "A text that is meant to break the reader is refused with its place, in bounded time and"
        " memory.",
    ),
}
