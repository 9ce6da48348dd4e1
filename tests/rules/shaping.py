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
        "RFC 9110 8.3, RFC 7303 3",
        "Text is answered as text in the encoding that its first bytes or the upstream name, XML too; what is "
        "no text in it is handed on as bytes.",
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
    "ANS-JMESPATH": Requirement(
        "JMESPath Specification",
        "An expression makes the payload, within bounds; its names are checked by the document, and the output "
        "schema is derived of it or asked for.",
    ),
    "ANS-REDACT": Requirement(
        "treenail",
        "What is redacted is nowhere told in clear, at any depth, and takes nothing else with it.",
    ),
    "ANS-NULLS": Requirement(
        "treenail", "Null fields are left out everywhere, nowhere, or by records."
    ),
    "ANS-PAGES": Requirement(
        "RFC 8288 3, treenail",
        "The next page of a list is told with the name of the argument that asks for it, by page number, "
        "offset, cursor or link, and not behind the last one.",
    ),
    "ANS-PAGES-AUTO": Requirement(
        "treenail",
        "One call may read several pages, within its time and its number of items; where it ends early it "
        "tells how to go on, and no item is lost.",
    ),
    "ANS-LOCATION": Requirement(
        "RFC 9110 10.2.2",
        "A success without a body tells the location that the upstream names; never one with a credential.",
    ),
    "ANS-REDIRECTED": Requirement(
        "RFC 9110 15.4",
        "A redirect that is not documented is told with its location; a write may have been made, and "
        "nobody is asked to correct arguments.",
    ),
    "ANS-REDIRECT": Requirement(
        "RFC 9110 15.4",
        "A documented status 3xx is an answer that tells where it leads; it is not followed.",
    ),
}
