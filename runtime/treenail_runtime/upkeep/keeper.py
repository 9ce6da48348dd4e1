"""The upstream's access tokens, ready for use: read, refreshed once, and shared.

PostgreSQL knows the newest token. One worker at a time holds the lease of a connection and asks
the provider; whoever needs the token meanwhile waits for the row to change. What comes is put in
place of the version it was made from, and of no other.
"""

import asyncio
import random
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import Served, UpstreamTokens
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.measures import UNMEASURED, CacheFigures, Measures
from treenail_runtime.parting import part
from treenail_runtime.tracing import UNTRACED, Traces

from .asking import Asking
from .holding import Held, HeldTokens
from .outcomes import ProviderAway, ReauthNeeded, failed_before
from .ports import IsRefused, Refresher, TokenStore
from .rules import RENEWALS, Waiting, moment
from .seldom import Seldom

_LOOK_S: Final = 0.1
_WAITING: Final = Waiting()

_ELSEWHERE_S: Final = 60
"""When those ask again whose connector this server does not serve."""


class TokenKeeper:
    """Gives out tokens that work.

    Args:
        store: Where they are kept.
        refresher: Asks the providers.
        owner: Names this worker in leases.
        measures: Told of refreshes.
        traces: The same.
        waiting: How long a refresh takes at most.
        stopwatch: Where time comes from.
        chance: Where chance comes from, 0 to 1.
    """

    def __init__(
        self,
        store: TokenStore,
        refresher: Refresher,
        *,
        owner: str,
        measures: Measures = UNMEASURED,
        traces: Traces = UNTRACED,
        waiting: Waiting = _WAITING,
        stopwatch: Stopwatch = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._refresher = refresher
        self._owner = owner
        self._waiting = waiting
        self._stopwatch = stopwatch
        self._chance = chance
        self._held = HeldTokens(measures, stopwatch)
        self._asking = Asking(
            store,
            refresher,
            self._held,
            measures=measures,
            traces=traces,
            asking_s=waiting.asking_s,
            stopwatch=stopwatch,
            chance=chance,
        )
        self._renewals = Seldom(RENEWALS, stopwatch)
        self._running: dict[str, asyncio.Task[UpstreamTokens]] = {}

    async def current(self, connection_id: str, issuer: str) -> UpstreamTokens:
        """The tokens to use now; refreshed first when theirs is nearly over.

        Args:
            connection_id: Whose.
            issuer: The provider that the connector declares now; the tokens of another one are kept
                and not given out.

        Raises:
            ReauthNeeded: There are none of that provider, and a person has to log in again.
            ProviderAway: There are none this time.
            StoreUnavailableError: The database does not answer.
        """
        held = self._held.known(connection_id) or await self._read(connection_id)
        if held.tokens.issuer != issuer:
            held = await self._read(connection_id)
        _check_issuer(held.tokens, issuer)
        match moment(held.left_s(self._stopwatch()), held.life_s, self._chance()):
            case "later":
                return held.tokens
            case "soon":
                if held.tokens.refresh is not None and not held.tokens.retry_after_s:
                    self._begin(held.tokens)
                return held.tokens
            case "now":
                return await self._refreshed(held.tokens)

    async def renewed(
        self, connection_id: str, issuer: str, is_refused: IsRefused
    ) -> UpstreamTokens | None:
        """Other tokens of `issuer` than those that the upstream refused.

        Returns:
            None when there are no others: these cannot be refreshed, or follow several that were
            refused a moment ago, and what the upstream refuses is something else.

        Raises:
            ReauthNeeded: A person has to log in again.
            ProviderAway: There are none this time.
            StoreUnavailableError: The database does not answer.
        """
        tokens = (await self._read(connection_id)).tokens
        _check_issuer(tokens, issuer)
        if not is_refused(tokens.access):
            return tokens
        if tokens.refresh is None:
            return None
        if connection_id in self._running:
            return await self._refreshed(tokens)
        if not self._renewals.allows(connection_id):
            return None
        try:
            return await self._refreshed(tokens)
        except (ProviderAway, StoreUnavailableError):
            # With no other token tried, the refusal proves nothing against the login.
            self._renewals.take_back(connection_id)
            raise

    async def refreshed(self, connection_id: str, version: int) -> UpstreamTokens:
        """Newer tokens than those of `version`, however good these are.

        Raises:
            ReauthNeeded: A person has to log in again.
            ProviderAway: There are none this time.
            StoreUnavailableError: The database does not answer.
        """
        tokens = (await self._read(connection_id)).tokens
        return tokens if tokens.version != version else await self._refreshed(tokens)

    def forget(self, connection_id: str) -> None:
        """Read the connection's tokens again when they are needed next."""
        self._held.forget(connection_id)

    def forget_where(self, belongs: Callable[[str], bool]) -> int:
        """Read all tokens again of the instances to whose ids that applies; how many were held."""
        return self._held.forget_where(belongs)

    def forget_all(self) -> int:
        """Read everything again; how much was held."""
        return self._held.forget_all()

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return self._held.figures()

    @property
    def served(self) -> Sequence[Served]:
        """Whose tokens it refreshes."""
        return self._refresher.served()

    async def aclose(self) -> None:
        """Let refreshes that are running finish, and leave those that take long.

        A provider that rotates refresh tokens may have forgotten the old one by now.
        """
        await part(self._running.values(), patience_s=self._waiting.farewell_s)

    async def _read(self, connection_id: str) -> Held:
        self._held.missed()
        tokens = await self._store.get(connection_id)
        if tokens is None:
            self._held.forget(connection_id)
            raise ReauthNeeded("there are no tokens of the upstream")
        return self._held.keep(tokens)

    async def _refreshed(self, old: UpstreamTokens) -> UpstreamTokens:
        # A caller that goes away must not stop what others wait for.
        running = self._begin(old)
        done, _ = await asyncio.wait({running}, timeout=self._waiting.patience_s)
        if not done:
            raise ProviderAway("the refresh has not finished", 1)
        if running.cancelled():
            raise ProviderAway("the server ends", 1)
        return running.result()

    def _begin(self, old: UpstreamTokens) -> "asyncio.Task[UpstreamTokens]":
        running = self._running.get(old.connection_id)
        if running is None:
            running = asyncio.create_task(self._refresh(old))
            self._running[old.connection_id] = running
            running.add_done_callback(lambda task: self._ended(old.connection_id, task))
        return running

    def _ended(self, connection_id: str, task: "asyncio.Task[UpstreamTokens]") -> None:
        self._running.pop(connection_id, None)
        # Nobody may be waiting for a refresh in the background; its failure is in the log.
        if not task.cancelled():
            task.exception()

    async def _refresh(self, old: UpstreamTokens) -> UpstreamTokens:
        """The tokens that follow `old`, made here or by another worker."""
        until = self._stopwatch() + self._waiting.patience_s
        while True:
            newest = (await self._read(old.connection_id)).tokens
            if newest.version != old.version:
                return newest
            if newest.retry_after_s:
                raise failed_before(newest.last_error, newest.retry_after_s)
            if not await self._refresher.serves(newest):
                raise ProviderAway("its connector is not served here", _ELSEWHERE_S, asked=False)
            # Each its own: what comes late of one must not count for another.
            attempt = f"{self._owner}-{secrets.token_hex(8)}"
            claimed = await self._store.claim(
                newest.connection_id,
                version=newest.version,
                attempt=attempt,
                seconds=self._waiting.lease_s,
            )
            if claimed is None:
                if self._stopwatch() >= until:
                    raise ProviderAway("another worker has not finished", 1)
                await asyncio.sleep(_LOOK_S)
            elif not newest.is_claimed or await self._is_abandoned(claimed):
                await self._asking.ask(claimed, attempt)

    async def _is_abandoned(self, claimed: UpstreamTokens) -> bool:
        """Whether nothing comes any more of an attempt whose lease was over.

        Its refresh token may have been shown, and a provider that rotates ends the grant when that
        happens again.
        """
        await asyncio.sleep(self._waiting.courtesy_s)
        return (await self._read(claimed.connection_id)).tokens.version == claimed.version


def _check_issuer(tokens: UpstreamTokens, issuer: str) -> None:
    if tokens.issuer != issuer:
        raise ReauthNeeded("the connector has another provider by now")
