"""Believe what was found of a token for a moment, where the operator wants it so.

Off unless set: a token that was revoked would otherwise be taken for that much longer.
"""

from collections import OrderedDict
from typing import Final

from treenail_runtime.auth.bearer import PrincipalFacts
from treenail_runtime.auth.records import Digest
from treenail_runtime.clock import Stopwatch, monotonic

from .gates import Principals

_MOST: Final = 10_000


class CachedPrincipals:
    """`Principals` that asks `inner` once in `lifetime_s` for each token that is known."""

    def __init__(
        self, inner: Principals, lifetime_s: float, *, clock: Stopwatch = monotonic
    ) -> None:
        self._inner = inner
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._found: OrderedDict[Digest, tuple[float, PrincipalFacts]] = OrderedDict()

    async def find(self, token: Digest) -> PrincipalFacts | None:
        """What is, or was a moment ago, known of a token."""
        kept = self._found.get(token)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        facts = await self._inner.find(token)
        if facts is None:
            self._found.pop(token, None)
            return None
        self._found[token] = (self._clock() + self._lifetime_s, facts)
        self._found.move_to_end(token)
        if len(self._found) > _MOST:
            self._found.popitem(last=False)
        return facts

    async def note_use(self, facts: PrincipalFacts) -> None:
        """Remember that its grant is in use."""
        await self._inner.note_use(facts)
