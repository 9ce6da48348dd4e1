"""Findings summed up: counts for `--json`, and one number for a badge."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from treenail_generator.build import Built

from .finding import Finding
from .parameters import described_share
from .tools import read_tools

_ERROR_COSTS: Final = 10
_WARNING_COSTS: Final = 2


def score(findings: Sequence[Finding]) -> int:
    """From 100 down to 0: each error costs ten points, each warning two, an info nothing."""
    count = Counter(finding.severity for finding in findings)
    return max(0, 100 - _ERROR_COSTS * count["error"] - _WARNING_COSTS * count["warning"])


def as_json(findings: Sequence[Finding], built: Built) -> dict[str, Any]:
    """The report of `gen lint --json`; `described` is a share from 0 to 1."""
    count = Counter(finding.severity for finding in findings)
    return {
        "findings": [finding.as_json() for finding in findings],
        "tools": len(built.tools),
        "described": round(described_share(read_tools(built)), 4),
        "errors": count["error"],
        "warnings": count["warning"],
        "score": score(findings),
    }
