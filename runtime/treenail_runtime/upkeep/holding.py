"""Tokens at hand, in one process."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from treenail_runtime.auth.instances import UpstreamTokens
from treenail_runtime.clock import Stopwatch
from treenail_runtime.measures import CacheFigures, Measures

_MOST_HELD: Final = 10_000
"""Connections whose tokens one worker keeps at hand."""

_HELD_S: Final = 30.0
"""So long a token is used without looking whether another worker has a newer one."""


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens, and when they were read."""

    tokens: UpstreamTokens
    read_at: float

    def left_s(self, now: float) -> float | None:
        """For how long the access token is still good; None when nobody told."""
        left = self.tokens.left_s
        return None if left is None else left - (now - self.read_at)

    @property
    def life_s(self) -> float:
        """For how long it was given."""
        tokens = self.tokens
        if tokens.expires_at is None:
            return 0.0
        return (tokens.expires_at - tokens.refreshed_at).total_seconds()


class HeldTokens:
    """Those that were read a moment ago, by connection; the ones nobody used for longest go first.

    Args:
        measures: Told of each look.
        stopwatch: Where time comes from.
    """

    def __init__(self, measures: Measures, stopwatch: Stopwatch) -> None:
        self._measures = measures
        self._stopwatch = stopwatch
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._hits = 0
        self._misses = 0

    def known(self, connection_id: str) -> Held | None:
        """What is at hand; None when it has to be read."""
        held = self._held.get(connection_id)
        if held is None or self._stopwatch() - held.read_at > _HELD_S:
            return None
        self._held.move_to_end(connection_id)
        self._hits += 1
        self._measures.looked_up("tokens", hit=True)
        return held

    def missed(self) -> None:
        """Count that something has to be read."""
        self._misses += 1
        self._measures.looked_up("tokens", hit=False)

    def keep(self, tokens: UpstreamTokens) -> Held:
        """Have what was just read at hand."""
        held = Held(tokens, self._stopwatch())
        self._held[tokens.connection_id] = held
        self._held.move_to_end(tokens.connection_id)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return held

    def forget(self, connection_id: str) -> None:
        """Have it read again when it is needed next."""
        self._held.pop(connection_id, None)

    def forget_where(self, belongs: Callable[[str], bool]) -> int:
        """The same of all connections of the instances to whose ids that applies; how many."""
        held = [each for each, seen in self._held.items() if belongs(seen.tokens.instance_id)]
        for connection_id in held:
            self.forget(connection_id)
        return len(held)

    def forget_all(self) -> int:
        """Have everything read again; how much was held."""
        count = len(self._held)
        self._held.clear()
        return count

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return CacheFigures(
            name="tokens",
            entries=len(self._held),
            most=_MOST_HELD,
            hits=self._hits,
            misses=self._misses,
        )
