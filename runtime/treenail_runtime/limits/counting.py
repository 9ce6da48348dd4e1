"""What a counter is, and what its count means."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .rules import Bucket, LimitRule

KeyMac: TypeAlias = Callable[[str, str], bytes]
"""Bucket and key to a keyed hash: what leaves this process must not tell who was counted."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often by now, and after how many seconds it begins anew."""

    hits: int
    reset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether somebody may go on.

    Attributes:
        limit: How often at all; None where there is no limit.
        remaining: How often still.
        reset_s: Whole seconds after which all of it is there again.
        retry_after_s: When to come back; None when allowed.
    """

    allowed: bool
    limit: int | None = None
    remaining: int = 0
    reset_s: int = 0
    retry_after_s: int | None = None


UNLIMITED = Verdict(allowed=True)


class SharedCounter(Protocol):
    """Counts for several workers."""

    async def hit(self, bucket: Bucket, key: str, rule: LimitRule) -> Count:
        """Count once more.

        Raises:
            CounterUnavailableError: It did not answer, or not in time.
        """
        ...

    async def aclose(self) -> None:
        """Give back what is held."""
        ...


class CounterUnavailableError(Exception):
    """The shared counter cannot be asked now; the text says why, without addresses or keys."""


def judge(count: Count, rule: LimitRule) -> Verdict:
    """What `count`, with the hit that is being judged, means under `rule`."""
    reset_s = max(1, math.ceil(count.reset_s))
    allowed = count.hits <= rule.limit
    return Verdict(
        allowed=allowed,
        limit=rule.limit,
        remaining=max(0, rule.limit - count.hits),
        reset_s=reset_s,
        retry_after_s=None if allowed else reset_s,
    )
