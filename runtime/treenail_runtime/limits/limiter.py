"""The one question of the edge: may this one go on?"""

from typing import Final

import structlog

from treenail_runtime.auth.records import Instance
from treenail_runtime.clock import Stopwatch, monotonic

from .by_instance import InstanceLimits
from .counting import UNLIMITED, CounterUnavailableError, SharedCounter, Verdict, judge
from .memory import MemoryCounter
from .rules import Bucket, LimitRule, LimitRules, LimitRulesError

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PER_WORKER: Final[frozenset[Bucket]] = frozenset({"mcp", "mcp_grant", "mcp_instance", "static"})
"""Counted by each worker for itself: they lie in the path of every call, and a question to Redis
or the database would cost more than the call. With N workers, up to N times as much passes."""

PAUSE_SECONDS: Final = 1.0
"""How long a shared counter that failed is not asked, so that not every request waits for it."""

TOLD_SECONDS: Final = 60.0


class Limiter:
    """Counts hits of buckets by key.

    Every hit is also counted in this process. When the shared counter fails, that count decides:
    a worker that has seen five failed logins does not begin anew. Once that count alone is over
    the limit, nobody else is asked, so that a flood costs no writes.
    """

    def __init__(
        self,
        rules: LimitRules | None = None,
        shared: SharedCounter | None = None,
        *,
        clock: Stopwatch = monotonic,
    ) -> None:
        """Limit by `rules`.

        Args:
            rules: The defaults unless given.
            shared: For all workers, and across restarts; without it, this process counts alone.
            clock: Seconds that never go back.
        """
        self._rules = rules or LimitRules()
        self._shared = shared
        self._local = MemoryCounter(clock)
        self._clock = clock
        self._ask_again_at = self._tell_again_at = 0.0

    async def hit(self, bucket: Bucket, key: str) -> Verdict:
        """Count `key` once more and tell whether it stays within the limit; never fails."""
        return await self.count(bucket, key, self._rules.of(bucket))

    async def count(self, bucket: Bucket, key: str, rule: LimitRule | None) -> Verdict:
        """As `hit`, by `rule`; None for no limit."""
        if rule is None:
            return UNLIMITED
        count = self._local.hit(bucket, key, rule)
        shared = self._askable(bucket)
        if shared is not None and count.hits <= rule.limit:
            try:
                count = await shared.hit(bucket, key, rule)
            except CounterUnavailableError as error:
                self._failed(error)
        return judge(count, rule)

    def add_up(self, bucket: Bucket, key: str, times: int) -> Verdict:
        """As `hit`, in this worker, by so many times the rule, and apart from what `hit` counts."""
        rule = self._rules.of(bucket)
        if rule is None:
            return UNLIMITED
        widened = LimitRule(rule.limit * times, rule.window_s)
        return judge(self._local.hit(bucket, f"* {key}", widened), widened)

    def at(self, instance: Instance) -> InstanceLimits:
        """The limits at `instance`: its own, and the server's where it has none."""
        try:
            rules = self._rules.of_instance(instance.own.limits)
        except LimitRulesError as error:
            # They were good when they were set, by another version of this server.
            log.warning("limits.unreadable", instance=instance.id, reason=str(error))
            rules = self._rules
        return InstanceLimits(self, instance.id, rules)

    async def aclose(self) -> None:
        """Give back connections."""
        if self._shared is not None:
            await self._shared.aclose()

    def _askable(self, bucket: Bucket) -> SharedCounter | None:
        if bucket in PER_WORKER or self._clock() < self._ask_again_at:
            return None
        return self._shared

    def _failed(self, error: CounterUnavailableError) -> None:
        now = self._clock()
        self._ask_again_at = now + PAUSE_SECONDS
        if now >= self._tell_again_at:
            self._tell_again_at = now + TOLD_SECONDS
            log.warning("limits.shared_unavailable", reason=str(error), counting="per worker")
