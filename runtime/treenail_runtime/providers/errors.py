"""What can go wrong between us and a provider, by what the caller has to do about it."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

Concerned: TypeAlias = Literal["provider", "client", "grant", "keys"]

_LONGEST_DESCRIPTION: Final = 200


class ProviderError(Exception):
    """The provider gave no tokens; the text is for the log and holds no secret."""


class ProviderRefused(ProviderError):  # noqa: N818  # named for what the provider did
    """It said no (RFC 6749 4.1.2.1 and 5.2), and will say so again.

    Attributes:
        error: Its code, such as `invalid_grant` or `access_denied`; the provider's words.
    """

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"the provider refused: {error}")
        self.error = error
        self._said = "".join(letter for letter in description if letter.isprintable())

    @property
    def description(self) -> str:
        """The beginning of its text, for the log only; empty when it gave none."""
        return self._said[:_LONGEST_DESCRIPTION]

    def without(self, secrets: Iterable[str]) -> "ProviderRefused":
        """The same, with nothing of the provider's words where they repeat one of `secrets`."""
        hidden = tuple(secrets)
        if any(secret in self.error for secret in hidden):
            return ProviderRefused("unreadable_error")
        # In all of it: the end of the beginning may be a part of a secret.
        if any(secret in self._said for secret in hidden):
            return ProviderRefused(self.error)
        return self

    @property
    def ends_the_grant(self) -> bool:
        """Whether the person has to log in again; otherwise the client itself is at fault."""
        return self.error == "invalid_grant"


class ProviderUnavailable(ProviderError):  # noqa: N818  # the same
    """No connection, no answer in time, or an answer that says "later"; everything is kept.

    Attributes:
        retry_after_s: When the provider wants to be asked again; None when it does not say.
        concerns: The whole provider; this client alone, whose quota is used up; this code or refresh
            token alone, for all we know; or the keys of its ID tokens, without which it still gives
            tokens.
    """

    def __init__(
        self, reason: str, retry_after_s: float | None = None, *, concerns: Concerned = "provider"
    ) -> None:
        super().__init__(f"the provider is unavailable: {reason}")
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.concerns: Concerned = concerns


class ProviderBroken(ProviderError):  # noqa: N818  # the same
    """What came is no answer, or one that must not be believed; somebody has to look at it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the provider cannot be used: {reason}")
        self.reason = reason
