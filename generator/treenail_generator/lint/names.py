"""Rules about tool names: do all clients take them, and do they look like one family?"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from .connector import LintedConnector
from .finding import Finding

LONGEST: Final = 64
"""Characters, prefix included (github.com/tadata-org/fastapi_mcp/issues/161)."""

# Claude Desktop takes ^[a-zA-Z0-9_-]{1,64}$ (github.com/hostinger/api-mcp-server/issues/49).
_REFUSED: Final = re.compile(r"[^A-Za-z0-9_-]")
_STYLES: Final = {
    "snake_case": re.compile(r"[a-z0-9]+(_[a-z0-9]+)+"),
    "kebab-case": re.compile(r"[a-z0-9]+(-[a-z0-9]+)+"),
    "camelCase": re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+"),
    "PascalCase": re.compile(r"([A-Z][a-z0-9]*){2,}"),
    "neutral": re.compile(r"[a-z0-9]+"),
}


def name_length(connector: LintedConnector) -> Iterator[Finding]:
    """Names that are too long once the client has put its prefix before them."""
    for tool in connector.tools:
        full = f"{connector.prefix}{tool.name}"
        if len(full) > LONGEST:
            over = len(full) - LONGEST
            yield Finding(
                rule="name-length",
                severity="error",
                tool=tool.name,
                message=f"{full} has {len(full)} characters; clients take {LONGEST}",
                hint=f"shorten the name by {over}",
                location=tool.location,
            )


def name_characters(connector: LintedConnector) -> Iterator[Finding]:
    """Names that MCP allows and some clients refuse, with the whole list of tools."""
    for tool in connector.tools:
        refused = sorted(set(_REFUSED.findall(tool.name)))
        if refused:
            yield Finding(
                rule="name-characters",
                severity="warning",
                tool=tool.name,
                message=f"the name holds {' '.join(map(repr, refused))}, which some clients refuse",
                hint="use letters, digits, _ and - only",
                location=tool.location,
            )


def name_style(connector: LintedConnector) -> Iterator[Finding]:
    """Names in another style than most."""
    styles = {tool.name: _style(tool.name) for tool in connector.tools}
    counted = Counter(style for style in styles.values() if style != "neutral")
    if len(counted) < 2:  # noqa: PLR2004  # one style is none too many
        return
    usual = counted.most_common(1)[0][0]
    for tool in connector.tools:
        if styles[tool.name] not in {usual, "neutral"}:
            yield Finding(
                rule="name-style",
                severity="warning",
                tool=tool.name,
                message=f"the name is in {styles[tool.name]}, most others are in {usual}",
                hint=f"write all names in {usual}",
                location=tool.location,
            )


def _style(name: str) -> str:
    found = (style for style, pattern in _STYLES.items() if pattern.fullmatch(name))
    return next(found, "a mixed style")
