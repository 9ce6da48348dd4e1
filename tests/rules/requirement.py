"""One rule, as the manifest tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule: where it stands, and the behaviour it asks for.

    Attributes:
        reason: Why no test can prove it here; empty for every rule that is proven.
    """

    source: str
    behaviour: str
    reason: str = ""
