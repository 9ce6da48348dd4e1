"""The connectors of this repository, and the kinds of credentials that a connector may have."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "CONN-ALL": Requirement(
        "CONTRIBUTING.md", "Every connector is published, sends and answers as its snapshots say"
    ),
}
