"""Why there is no usable token of the upstream, by what has to be done about it."""

from typing import Final

CLIENT_REFUSED: Final = frozenset({"invalid_client", "unauthorized_client"})
"""Errors that are about our client (RFC 6749 5.2)."""


class UpkeepError(Exception):
    """There is no usable token; the text is for the log and holds no secret."""


class ReauthNeeded(UpkeepError):  # noqa: N818  # named for what is needed
    """The provider has ended the grant: a person has to log in again."""


class ProviderAway(UpkeepError):  # noqa: N818  # named for what is the matter
    """The provider gave none this time; everything is kept.

    Attributes:
        retry_after_s: When to try again, in whole seconds.
        asked: Whether it was asked; else it is left alone just now.
    """

    def __init__(self, reason: str, retry_after_s: int, *, asked: bool = True) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.asked = asked


class ClientRefused(ProviderAway):
    """The provider refuses the client of this server: an affair of its operator."""


def failed_before(reason: str | None, retry_after_s: int) -> ProviderAway:
    """That the next attempt is to be made later, by what was noted of the last one."""
    kind = ClientRefused if reason in CLIENT_REFUSED else ProviderAway
    return kind(reason or "an attempt has just failed", retry_after_s)
