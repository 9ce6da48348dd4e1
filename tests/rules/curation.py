"""Proposing and selecting tools."""

from typing import Final

from .requirement import Requirement

_INIT: Final = "docs/init.md"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "CLI-OWN-FAULT": Requirement(
        "sysexits.h, EX_SOFTWARE", "A fault of the program itself is told without a stack trace"
    ),
    "INIT-FILES": Requirement(
        _INIT, "Overlays and other files are read as asked for, or as the file to replace has it"
    ),
    "INIT-BUILDS": Requirement(_INIT, "What `gen init` writes builds as it is"),
    "INIT-NAMED": Requirement(
        _INIT, "Whatever is refused or hidden is named with its code, in the file and the output"
    ),
    "INIT-STABLE": Requirement(
        _INIT, "A name is made of its operation alone: whatever is added or shuffled, it stays"
    ),
    "INIT-LEGAL": Requirement(
        "MCP 2026-07-28, Tools: tool names",
        "Proposed names are legal with a client's prefix, each once",
    ),
    "INIT-CHOICE": Requirement(
        _INIT, "Tags and patterns choose operations; what matches nothing is told"
    ),
    "INIT-AUTH": Requirement(
        "OpenAPI 3.1.1, 4.8.27 Security Scheme Object",
        "Credentials go the way that most of the operations accept, from login fields",
    ),
    "INIT-TEXTS": Requirement(
        "OWASP LLM01:2025", "Texts become plain and short; what gives orders to agents is left out"
    ),
    "INIT-QUOTED": Requirement(
        "YAML 1.2.2, 5.7", "Any text reads back as it was, or without what no text may hold"
    ),
    "LINT-NOTES": Requirement(
        "docs/lint.md",
        "`gen lint` lists what the build read otherwise or decided by rule, with places",
    ),
    "CORPUS-CHECKER": Requirement(
        "docs/benchmarks.md", "The checker of the corpus finds each kind of flaw that it counts"
    ),
}
