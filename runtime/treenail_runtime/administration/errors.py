"""Why something cannot be done with an instance."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "unknown-instance",
    "unknown-service",
    "slug-malformed",
    "slug-reserved",
    "slug-taken",
    "too-many-instances",
    "invalid",
    "not-allowed",
    "wrong-state",
    "no-client",
    "changed-meanwhile",
    "other-version",
    "credentials-refused",
    "credentials-unclear",
    "declined",
    "upstream-unavailable",
]
"""Stable words, told to programs."""


class AdministrationError(Exception):
    """It was not done.

    Attributes:
        kind: Which of the reasons.
        detail: For people: what is wrong, and what to do; never a received value.
        faults: What is wrong with single fields, by their names.
        retry_after_s: When to try again; None when that alone will not help.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        faults: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind: Kind = kind
        self.detail = detail
        self.faults = faults or {}
        self.retry_after_s = retry_after_s


def unknown_instance() -> AdministrationError:
    """The same for an instance that is somebody else's, so that nobody learns of it."""
    return AdministrationError("unknown-instance", "there is no such instance")
