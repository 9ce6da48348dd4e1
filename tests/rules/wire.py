"""What is sent: parameters, bodies, and the proof of them."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "AUTH-ASKED": Requirement(
        "OpenAPI 3.1.1, Security Requirement Object",
        "a tool whose operation does not accept the connection's credentials is told at build",
    ),
    "AUTH-NAME": Requirement(
        "ours", "no argument goes where the credentials go; a name is never sent twice"
    ),
    "WIRE-HOST": Requirement(
        "RFC 3986 3.2, 5.2.4; OpenAPI 3.1.1, Paths Object",
        "No path of a document changes the host of a request, or is shortened on its way",
    ),
    "WIRE-NAMES": Requirement(
        "product",
        "Each argument has a legal name of its own, made by rule; the wire has the document's name",
    ),
    "WIRE-PATH": Requirement(
        "OpenAPI 3.1.1 Paths Object, RFC 3986 3.5",
        "A path's query is sent as it stands, its fragment never; its parameters are those it names",
    ),
    "WIRE-STYLE": Requirement(
        "OpenAPI 3.1.1 and 3.2.1 Style Examples; RFC 6570 3.2",
        "Each style, explode and type is sent as the table has it; what it leaves undefined is refused by name.",
    ),
    "WIRE-STABLE": Requirement(
        "product",
        "A tool's module text depends on its own operation: order and other operations change nothing",
    ),
    "PROOF-DECODER": Requirement(
        "OpenAPI 3.1.1 Style Examples and Encoding Object, OpenAPI 3.2 Parameter Object, RFC 6570",
        "The build's own decoder reads each style, place, content type and body as the tables have it",
    ),
    "MOCK-READS": Requirement(
        "docs/mock.md",
        "The mock reads every style, place and kind of body, and says what is wrong with a request",
    ),
    "PROOF-EDGES": Requirement(
        "product",
        "Edge values are sent faithfully, or refused where no request can carry them, and only there",
    ),
    "PROOF-NONE": Requirement(
        "product",
        "A tool without a proven request is told, and none publishes an example that it refuses",
    ),
    "PROOF-SIZE": Requirement(
        "product",
        "An operation has the same verdict in documents of any size; a second reader only warns",
    ),
    "PROOF-COMMAND": Requirement(
        "product",
        "`gen check --prove` tries more arguments, always the same for a seed, and names what is wrong",
    ),
    "WIRE-RESERVED": Requirement(
        "OpenAPI 3.2.1 allowReserved; RFC 6570 3.2.3",
        "Reserved characters stay raw, apart from delimiters of the place and the percent sign.",
    ),
    "WIRE-DEEP": Requirement(
        "OpenAPI 3.2.1 Style Values, deepObject",
        "Objects inside nest by brackets; arrays only in the way that a connector names.",
    ),
    "WIRE-CONTENT": Requirement(
        "OpenAPI 3.2.1 Parameter Object, content",
        "A parameter with content is sent as that text, percent-encoded where it is part of a URL.",
    ),
    "WIRE-COOKIE": Requirement(
        "RFC 6265 4.1.1, 4.2.1; OpenAPI 3.2.1 Appendix D",
        "Cookie parameters and credentials make one Cookie field; what a cookie cannot hold is refused.",
    ),
    "WIRE-QUERYSTRING": Requirement(
        "OpenAPI 3.2.1 Parameter Locations, querystring",
        "One value makes the whole query, by its media type.",
    ),
    "WIRE-SEGMENT": Requirement(
        "RFC 3986 3.3, 5.2.4; OpenAPI 3.2.1 Path Templating",
        "No value leaves its path segment or reads as another part of a mixed one; literal text of a path is percent-encoded.",
    ),
    "WIRE-JSON": Requirement(
        "RFC 8259; RFC 7396; RFC 7464",
        "A JSON body is any JSON value; null is sent, what was left out is not.",
    ),
    "WIRE-FORM": Requirement(
        "WHATWG URL 5.2; OpenAPI 3.2.1 Encoding the x-www-form-urlencoded Media Type",
        "A form is written by the content of each field, or by the style that its encoding names.",
    ),
    "WIRE-MULTIPART": Requirement(
        "RFC 2046 5.1; RFC 2387; RFC 7578; HTML Multipart form data",
        "Each value is a part of the right type, whose names are escaped and whose boundary is in none of them.",
    ),
    "WIRE-PARTS": Requirement(
        "OpenAPI 3.1.1 Encoding Object; OpenAPI 3.2.1 Encoding By Position; RFC 2046 5.1.3; docs/requests.md",
        "What may be a file is one wherever its schema says so, and no part is sent without a header that it needs.",
    ),
    "WIRE-SERVER": Requirement(
        "OpenAPI 3.1.1 Server Object; docs/connector-file.md",
        "An operation is sent to the server that the document says, and credentials to no host that the connector file does not name.",
    ),
    "WIRE-TEXT": Requirement(
        "RFC 2046 4.1.2; RFC 6838 4.2.1",
        "Text and XML go as they are, in the charset that the request names.",
    ),
    "WIRE-FILE": Requirement(
        "RFC 2397; RFC 4648 4, 5",
        "A file is strict base64 or a data URI of limited size and accepted type, and is never shown.",
    ),
    "WIRE-CAPTURE": Requirement(
        "docs/testing-connectors.md",
        "A test sees the request that a tool would send, and the result for an answer, through the real code.",
    ),
    "WIRE-BODY": Requirement(
        "OpenAPI 3.1.1 Request Body Object, Encoding Object; RFC 7578",
        "Each kind of body and each cookie is planned, sent and read back as its arguments say",
    ),
    "WIRE-MEDIA": Requirement(
        "RFC 9110 8.3, RFC 8259 8.1",
        "A body is what the media type beside it says; bytes are given as a file, and what a request cannot "
        "name is passed over or refused",
    ),
    "WIRE-ALTERNATIVES": Requirement(
        "OpenAPI 3.1.1 Style Values",
        "Of a mixed schema, what its style has a form for is offered; what has none is told",
    ),
}
