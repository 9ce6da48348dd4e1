"""What the project itself decided, and rules of the generator and of MCP beside authorization."""

from typing import Final

from .requirement import Requirement

MCP: Final = "https://modelcontextprotocol.io/specification/2026-07-28"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    # The generator.
    "GEN-BYTES": Requirement(
        "ours", "the same inputs give the same bytes; an edit changes only the lines it is about"
    ),
    "GEN-FAULTS": Requirement(
        "ours",
        "all faults of a build at once, each with file:line:column and a hint; nothing written",
    ),
    "GEN-INJECTION": Requirement(
        "ours; T-125", "no text of a document or connector file becomes code or a template"
    ),
    "GEN-PROOF": Requirement(
        "ours", "each tool's request, decoded by the rules of OpenAPI, equals its arguments"
    ),
    "GEN-REFUSED": Requirement(
        "ours", "what cannot be carried faithfully is refused at build time, by name and place"
    ),
    "GEN-NARROWING": Requirement("ours", "a connector file narrows the document, never widens it"),
    "GEN-DRIFT": Requirement("ours", "an upstream change is told tool by tool, with its severity"),
    "GEN-IMPORTS": Requirement("ours", "a module imports what its code uses, and nothing else"),
    "GEN-PARTS": Requirement("ours", "a module compiled in parts does what it does in one piece"),
    "GEN-BUDGET": Requirement("ours", "a build over its token budget fails"),
    "GEN-CUSTOM": Requirement(
        "ours", "hand-written tools stand beside the module, never overwritten"
    ),
    "GEN-WRITE-DONE": Requirement(
        "ours", "a surprise in an answer never turns a write that took place into an error"
    ),
    "GEN-REMOTE-REF": Requirement("V-11, T-125", "nothing is fetched at build time"),
    "OAS-STYLE": Requirement(
        "OpenAPI 3.1.1, Style Values and Style Examples; RFC 6570",
        "parameters are written in their style, to the letter",
    ),
    "OAS-READONLY": Requirement(
        "OpenAPI 3.1.1, Schema Object",
        "readOnly properties stay out of requests, writeOnly ones out of answers",
    ),
    "OAS-HEADERS": Requirement(
        "OpenAPI 3.1.1, Parameter Object",
        "header parameters called Accept, Content-Type or Authorization are ignored",
    ),
    "JS-2020": Requirement(
        f"{MCP}/server/tools, inputSchema",
        "input schemas are JSON Schema 2020-12 with an object at the root, closed",
    ),
    "LINT-READY": Requirement(
        "ours", "agent-readiness is checked: words, names, cost, hidden text"
    ),
    # The runtime.
    "MCP-ERAS": Requirement(
        f"{MCP}/basic/lifecycle", "2026-07-28 and the handshake versions are served by one endpoint"
    ),
    "MCP-TOOLS": Requirement(
        f"{MCP}/server/tools",
        "results carry text and structuredContent; failures are isError results",
    ),
    "MCP-HINTS": Requirement(
        f"{MCP}/schema, ToolAnnotations",
        "hints are told where they differ from what clients assume, and mean the same",
    ),
    "MCP-ADVICE": Requirement("ours", "a failure tells the agent what to do next"),
    "MCP-UNKNOWN": Requirement(
        "ours", "an unknown argument is refused by name, with the nearest name"
    ),
    "MCP-FRAMING": Requirement(
        "ours", "our own framing answers as the SDK's does, status and body"
    ),
    "UP-RETRY": Requirement(
        "RFC 9110 9.2.2, 10.2.3; T-121",
        "only repeatable requests are tried again, within the deadline; Retry-After is honoured",
    ),
    "UP-LIMITS": Requirement("T-120", "answers are bounded, also when compressed or endless"),
    "UP-REDIRECT": Requirement("T-119", "redirects are not followed, cookies not kept"),
    "UP-BREAKER": Requirement("S2-28", "an upstream that keeps failing is left alone for a while"),
    "NO-SECRETS": Requirement(
        "S1-38, S2-38", "no credential in a log, an error, an answer or a repr"
    ),
    "NO-AUTH": Requirement(
        "ours", "without authorization the server runs only on request, on loopback, and says so"
    ),
    # Rows of the seed checklist.
    "S2-16": Requirement(
        "seed 002", "the API client retries, maps errors, follows pages and keeps to limits"
    ),
    "S4-26": Requirement("seed 004", "SIGTERM and SIGINT drain and stop the server"),
    "S4-27": Requirement("seed 004", "unknown routes answer 404 in JSON"),
    # The resource server's rules that hold before there is authorization.
    "T-090": Requirement(
        "H7, RFC 9112 6.3", "Content-Length beside Transfer-Encoding is refused and closes"
    ),
    "H11": Requirement(
        "security design, finding H11",
        "secrets under 32 bytes, placeholders, repeats and published ones are refused at the start, and never shown",
    ),
    "EX-04": Requirement(
        "MCP conformance suite",
        "the official suite's authorization-server scenarios and both requirement sets pass, but for"
        " what a tools server has not, which is listed with the reasons",
    ),
}
