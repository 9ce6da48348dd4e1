"""When a token is refreshed, and when again after that failed. Pure; time and chance are given."""

from dataclasses import dataclass
from math import ceil
from typing import Final, Literal, TypeAlias

EARLY_S: Final = 300.0
"""So long before its end a token is refreshed, while it is still used; a quarter of a short life."""

SPREAD_S: Final = 120.0
"""Up to so much earlier, by chance: tokens that were given together are not refreshed together."""

URGENT_S: Final = 20.0
"""With less left than that a token is not sent any more: it might be over when it arrives. Of a
short life, a twentieth."""

REVOCATION_LEASE_S: Final = 60
"""How long one worker keeps the others from revoking; longer than a provider may take for two tokens."""

LONGEST_REVOCATION_PAUSE_S: Final = 3600.0

GIVE_UP_S: Final = 86_400
"""So long a provider is asked to forget tokens."""

_LONGEST_PAUSE_S: Final = 300.0
_SHORTEST_PAUSE_S: Final = 1.0

RENEWALS: Final = 3
"""So often in a minute a worker asks for a token because the upstream answers 401: one endpoint that
always does would have the provider asked at every call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long a refresh takes at most, in seconds.

    Attributes:
        lease_s: So long one attempt keeps the others away.
        asking_s: So long it asks the provider: for its document, and for the tokens.
        courtesy_s: So long an attempt waits first that takes the lease over from one that did not give
            it back. That one may have new tokens, and offer them to a database that was away: it does
            so twice a second, and connects within 5 s.
        patience_s: So long a call waits for it.
        farewell_s: So long one may take that runs when the server ends.

    Raises:
        ValueError: The lease could end while the provider is asked. Another worker would show it the
            same refresh token, and many providers end the grant then.
    """

    lease_s: int = 30
    asking_s: float = 22.0
    courtesy_s: float = 5.5
    patience_s: float = 10.0
    farewell_s: float = 5.0

    def __post_init__(self) -> None:
        if self.courtesy_s + self.asking_s >= self.lease_s:
            raise ValueError("a refresh may take longer than its lease")


Moment: TypeAlias = Literal["later", "soon", "now"]
"""Whether to refresh: not yet, beside the calls that still use the old token, or before them."""


def moment(left_s: float | None, life_s: float, chance: float) -> Moment:
    """What to do about a token that is good for `left_s` more seconds.

    Args:
        left_s: None for a token whose end nobody told; it is used until it is refused.
        life_s: For how long it was given.
        chance: 0 to 1.
    """
    early_s = min(EARLY_S + SPREAD_S * chance, life_s / 4)
    if left_s is None or left_s > early_s:
        return "later"
    return "soon" if left_s > min(URGENT_S, life_s / 20) else "now"


def pause_s(
    attempts: int, told_s: float | None, chance: float, *, longest_s: float = _LONGEST_PAUSE_S
) -> int:
    """Whole seconds until the next attempt: doubling, with jitter, and as long as was told.

    Args:
        attempts: Failed ones in a row, this one included.
        told_s: What the provider asked for, heeded up to `longest_s`; None for nothing.
        chance: 0 to 1.
        longest_s: The most that it comes to.
    """
    doubled = min(_SHORTEST_PAUSE_S * 2 ** min(attempts - 1, 30), longest_s)
    jittered = doubled * (0.5 + 0.5 * chance)
    return ceil(max(jittered, min(told_s or 0.0, longest_s)))
