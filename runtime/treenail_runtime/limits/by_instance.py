"""Limits of one instance: what is used up there is used up nowhere else."""

from dataclasses import dataclass
from typing import Final, Protocol

from .counting import Verdict
from .rules import OF_INSTANCES, Bucket, LimitRule, LimitRules

FOR_ALL: Final = 10
"""How many times its limit an address gets at all instances together, where `ADDED_UP` holds."""

ADDED_UP: Final[frozenset[Bucket]] = frozenset({"login", "authorize", "token_ip"})
"""What they guard is shared by all instances: a thousand of them must not give a stranger a
thousand times as many guesses."""


class Limits(Protocol):
    """Whoever tells how often who may do what."""

    async def hit(self, bucket: Bucket, key: str) -> Verdict:
        """Count `key` once more and tell whether it stays within the limit; never fails."""
        ...


class Counter(Protocol):
    """Where it is counted; `Limiter` implements it."""

    async def hit(self, bucket: Bucket, key: str) -> Verdict:
        """As `Limits.hit`, for the whole server."""
        ...

    async def count(self, bucket: Bucket, key: str, rule: LimitRule | None) -> Verdict:
        """The same by another rule than the server's."""
        ...

    def add_up(self, bucket: Bucket, key: str, times: int) -> Verdict:
        """The same in this worker, by so many times the server's rule."""
        ...


@dataclass(frozen=True, slots=True)
class InstanceLimits:
    """The limits at one instance.

    Attributes:
        instance_id: Counts apart from all others.
        rules: In force there.
    """

    counter: Counter
    instance_id: str
    rules: LimitRules

    async def hit(self, bucket: Bucket, key: str) -> Verdict:
        """As `Limits.hit`; for the whole server where the bucket is not one of an instance."""
        if bucket not in OF_INSTANCES:
            return await self.counter.hit(bucket, key)
        verdict = await self.counter.count(
            bucket, f"{self.instance_id} {key}", self.rules.of(bucket)
        )
        if not verdict.allowed or bucket not in ADDED_UP:
            return verdict
        together = self.counter.add_up(bucket, key, FOR_ALL)
        return verdict if together.allowed else together
