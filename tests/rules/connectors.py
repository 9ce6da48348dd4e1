"""The connectors of this repository, and the kinds of credentials that a connector may have."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "ANS-PLAIN": Requirement(
        "treenail",
        "HTML of a field that `plain` names is told as its text, in one pass whatever comes",
    ),
    "AUTH-KINDS": Requirement(
        "OpenAPI 3.1.1, 4.8.27 Security Scheme Object",
        "Each kind of credentials, alone and in chains, is declared, compared with the document, and checked "
        "by the mock",
    ),
    "AUTH-NO-CLIENT": Requirement(
        "RFC 6749 2.3.1", "No client secret stands in a connector file or in a module made of it"
    ),
    "CONN-ALL": Requirement(
        "CONTRIBUTING.md", "Every connector is published, sends and answers as its snapshots say"
    ),
    "CONN-FERGUS": Requirement(
        "live notes on Fergus's API, April and May 2026",
        "Pages by offset up to the end of the links; finalise by PUT, calendar updates by POST; no "
        "Content-Type on DELETE; duplicates told with their place; no pay rates",
    ),
    "CONN-WEATHER": Requirement(
        "seed 001: get_weather", "One call finds the place on one host and its forecast on another"
    ),
    "CONN-SEARCH": Requirement(
        "seed 001: search_web",
        "Search goes to the Wikipedia of the chosen language; excerpts are text",
    ),
    "CONN-CALCULATOR": Requirement(
        "seed 001: calculator",
        "Arithmetic alone is worked out, within bounds; nothing of Python is in reach",
    ),
    "CONN-GITHUB": Requirement(
        "@octokit/openapi 23.0.2",
        "Thirty chosen tools over a document of 1,223 operations build, are checked and are served",
    ),
    "CONN-NO-UPSTREAM": Requirement(
        "docs/custom-tools.md", "A connector without a document builds, is served and sends nothing"
    ),
    "MOCK-LINKS": Requirement(
        "docs/mock.md", "Links of a page lead to its true neighbours, and nowhere at the ends"
    ),
}
