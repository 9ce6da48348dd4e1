"""The rule about answers that are given again: does the agent know that they may be old?"""

import re
from collections.abc import Iterator
from typing import Final

from .connector import LintedConnector
from .finding import Finding

UNNOTICED_S: Final = 300
"""Seconds by which hardly anything asked for is wrong."""

_TELLING: Final = re.compile(
    r"\b(?:old|older|cached?|minutes?|hours?|hourly|recent|late)\b", re.IGNORECASE
)


def untold_age(connector: LintedConnector) -> Iterator[Finding]:
    """Tools whose answers may be older than anybody would think."""
    for tool in connector.tools:
        kept_s = tool.section.cache if tool.section is not None else None
        if kept_s is None or kept_s <= UNNOTICED_S or _TELLING.search(tool.description):
            continue
        yield Finding(
            rule="untold-age",
            severity="warning",
            tool=tool.name,
            message=f"answers may be {kept_s:g} s old, and the description does not tell",
            hint="tell the agent, or shorten `cache`",
            location=tool.location,
        )
