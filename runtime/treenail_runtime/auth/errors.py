"""Errors of the authorization server: what the client may know, and the reason for the log."""

from dataclasses import dataclass
from typing import Final

_STATUS: Final = {
    "invalid_client": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "access_denied": 403,
    "slow_down": 429,
    "temporarily_unavailable": 503,
    "server_error": 500,
}


@dataclass(slots=True)
class OAuthError(Exception):
    """A refusal in the words of RFC 6749 5.2, RFC 7591 3.2.2, RFC 8707 2 or RFC 6750 3.1.

    Attributes:
        error: The registered code.
        description: For the client's developer: ASCII without quotes, never a received value.
        reason: For the log; empty when the description says it all.
        basic: The client used HTTP Basic, so the answer names that scheme (RFC 6749 5.2).
        retry_after_s: Seconds after which another attempt makes sense.
    """

    error: str
    description: str
    reason: str = ""
    basic: bool = False
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"{self.error}: {self.reason or self.description}"

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return _STATUS.get(self.error, 400)


class StoreUnavailableError(Exception):
    """The database does not answer now; nothing was half done, and a later attempt may succeed."""

    retry_after_s: Final = 2
