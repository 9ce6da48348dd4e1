"""What becomes of upstream answers."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "ANS-SUCCESS": Requirement(
        "OpenAPI 3.1.1 4.8.16",
        "A tool is made for the documented success: exact statuses before 2XX, default only where it stands "
        "alone, JSON before text before files; its requests accept that.",
    ),
    "ANS-WHOLE": Requirement(
        "OpenAPI 3.1.1 4.8.24, writeOnly",
        "An answer of which nothing is said passes as it is, without a line in the module; what is writeOnly "
        "never passes.",
    ),
    "ANS-STABLE": Requirement(
        "treenail",
        "What a module says of one answer depends on its operation and the connector file, on no other tool.",
    ),
    "ANS-OUTPUT": Requirement(
        "MCP 2026-07-28, Tools, Output Schema",
        "A lenient output schema is an object that names the fields that may come, each shared object once, "
        "and ends at a size of its own.",
    ),
    "ANS-FILES": Requirement(
        "MCP 2026-07-28, Tools, Tool Result",
        "An image is answered as image content, a sound as audio content, any other file as an "
        "embedded resource, in both eras; its type, size and name stand in the structured answer.",
    ),
    "ANS-FILE-CAP": Requirement(
        "treenail",
        "A file above its cap is not handed on: a read fails with its size and type, a write tells them.",
    ),
    "ANS-TEXT": Requirement(
        "RFC 9110 8.3",
        "Text is answered as text in the charset that the upstream names, XML too.",
    ),
    "ANS-JSON-KINDS": Requirement(
        "RFC 6839 3.1, RFC 7464",
        "JSON of any subtype is read, and JSON texts one per line as a list.",
    ),
    "ANS-WRONG-TYPE": Requirement(
        "treenail",
        "JSON under a wrong media type is read as JSON where the document promises it; a page in place of "
        "data fails a read and never a write; nothing passes unread where only a part may.",
    ),
    "ANS-PROBLEM": Requirement(
        "RFC 9457 3.1",
        "A problem is told by title, detail and type, where the connector says nothing else.",
    ),
    "ANS-REDIRECT": Requirement(
        "RFC 9110 15.4",
        "A documented status 3xx is an answer that tells where it leads; it is not followed.",
    ),
}
