"""Every rule that this project follows and somebody else, or the project itself, decided.

A test carries the ids of the rules it proves: `@pytest.mark.requirement("RS-16")`. A rule without a
test fails `test_requirements.py`, and so does an id that is not here.

Ids: S0-S4 are features of the five systems the product grew from; RS, T and V come from the MCP
authorization rules and their adversarial cases; the others are named for what they are about.
"""

from dataclasses import dataclass
from typing import Final

MCP: Final = "https://modelcontextprotocol.io/specification/2026-07-28"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule: where it stands, and the behaviour it asks for."""

    source: str
    behaviour: str


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
    "S0-01": Requirement(
        "seed 000", "a hosted MCP server with 20 Phorest tools over Streamable HTTP"
    ),
    "S0-09": Requirement("seed 000", "an API client with central validation of ids"),
    "S0-16": Requirement(
        "seed 000", "a tool call reaches the upstream API and its JSON comes back"
    ),
    "S0-33": Requirement(
        "seed 000; T-112, T-113, V-09",
        "ids are matched whole before they enter a path; no value leaves its path segment",
    ),
    "S0-45": Requirement(
        "seed 000",
        "tools for branches, staff, services, clients, products, appointments, bookings, purchases,"
        " vouchers, rooms",
    ),
    "S0-46": Requirement(
        "seed 000", "get_connection_info tells region and default branch, no secret"
    ),
    "S1-04": Requirement("seed 001", "MCP over Streamable HTTP at /mcp"),
    "S1-12": Requirement("seed 001", "GET /healthz"),
    "S1-25": Requirement(
        "seed 001; T-084, T-085", "Host and Origin are matched against allowlists"
    ),
    "S1-26": Requirement("seed 001", "requests are served without session state in memory"),
    "S1-27": Requirement("seed 001; T-104", "GET and DELETE on /mcp answer 405 with Allow"),
    "S2-16": Requirement(
        "seed 002", "the API client retries, maps errors, follows pages and keeps to limits"
    ),
    "S4-26": Requirement("seed 004", "SIGTERM and SIGINT drain and stop the server"),
    "S4-27": Requirement("seed 004", "unknown routes answer 404 in JSON"),
    # The resource server's rules that hold before there is authorization.
    "RS-08": Requirement(
        "MCP authorization; V-10, T-118", "the client's headers never reach the upstream"
    ),
    "RS-12": Requirement("MCP transports", "a foreign Origin is refused with 403"),
    "RS-13": Requirement("MCP transports", "the server binds to loopback by default"),
    "RS-14": Requirement("MCP transports", "the protocol version header agrees with the body"),
    "RS-15": Requirement("MCP transports", "Mcp-Method and Mcp-Name agree with the body"),
    "RS-17": Requirement("MCP transports", "an unknown method is 404 with -32601"),
    "RS-24": Requirement("MCP lists", "lists are deterministic"),
    "T-090": Requirement(
        "H7, RFC 9112 6.3", "Content-Length beside Transfer-Encoding is refused and closes"
    ),
    "T-099": Requirement(
        "adversarial cases", "bodies over the limit are refused, chunked ones too"
    ),
    "T-100": Requirement(
        "adversarial cases", "broken, deep or non-standard JSON is a 400 with -32700, never a 500"
    ),
    "T-101": Requirement("adversarial cases", "malformed JSON-RPC is refused"),
}
