"""What is sent: parameters, bodies, and the proof of them."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
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
}
