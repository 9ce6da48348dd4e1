"""The upstream's access tokens, ready for use: read, refreshed once, and shared.

PostgreSQL knows the newest token. One worker at a time holds the lease of a connection and asks
the provider; whoever needs the token meanwhile waits for the row to change. What comes is put in
place of the version it was made from, and of no other.
"""

import asyncio
import random
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import ObtainedTokens, Served, UpstreamTokens
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.measures import UNMEASURED, CacheFigures, Measures
from treenail_runtime.tracing import UNTRACED, Traces

from .outcomes import ProviderAway, ReauthNeeded
from .rules import REFUSALS, REFUSALS_WITHIN_S, Waiting, moment, pause_s

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_HELD: Final = 10_000
"""Connections whose tokens one worker keeps at hand."""

_HELD_S: Final = 30.0
"""So long a token is used without looking whether another worker has a newer one."""

_LOOK_S: Final = 0.1
_WAITING: Final = Waiting()

_ELSEWHERE_S: Final = 60
"""When those ask again whose connector this server does not serve."""

_PAUSE_S: Final = 0.5
_STUBBORN_S: Final = 120.0
"""So long new tokens are offered to a database that does not answer."""


class TokenStore(Protocol):
    """Where tokens are kept."""

    async def get(self, connection_id: str) -> UpstreamTokens | None:
        """The newest; None when there are none, or no longer."""
        ...

    async def claim(
        self, connection_id: str, *, version: int, attempt: str, seconds: int
    ) -> UpstreamTokens | None:
        """Be the one that refreshes, for so long; None when somebody else is, or it is not yet time."""
        ...

    async def replace(self, connection_id: str, version: int, tokens: ObtainedTokens) -> int | None:
        """Put `tokens` in place of that version; None when it was another one by then."""
        ...

    async def owe_unused(self, old: UpstreamTokens, tokens: ObtainedTokens) -> bool:
        """Have the provider forget new tokens of a login that has ended; False when it has not."""
        ...

    async def failed(
        self,
        connection_id: str,
        version: int,
        error: str,
        retry_s: int,
        *,
        attempt: str,
        counts: bool = True,
    ) -> bool:
        """Note an attempt that failed; the next one is due after `retry_s` seconds.

        With `counts`, the pauses after it grow. False when the attempt has not the lease, or the
        version is not the newest, any more.
        """
        ...

    async def mark_reauth(self, connection_id: str, version: int, *, attempt: str) -> bool:
        """Have a person log in again; False in the same cases."""
        ...


class Refresher(Protocol):
    """Asks the provider of a connection."""

    def served(self) -> Sequence[Served]:
        """Whose tokens can be refreshed here."""
        ...

    async def serves(self, tokens: UpstreamTokens) -> bool:
        """Whether this server can; another one on the same database may.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        ...

    async def refresh(self, tokens: UpstreamTokens) -> ObtainedTokens:
        """New tokens.

        Raises:
            ReauthNeeded: The grant has ended.
            ProviderAway: There are none this time.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    tokens: UpstreamTokens
    read_at: float

    def left_s(self, now: float) -> float | None:
        left = self.tokens.left_s
        return None if left is None else left - (now - self.read_at)

    @property
    def life_s(self) -> float:
        tokens = self.tokens
        if tokens.expires_at is None:
            return 0.0
        return (tokens.expires_at - tokens.refreshed_at).total_seconds()


@dataclass(slots=True)
class KeeperCounts:
    """What a keeper has done since it was made."""

    hits: int = 0
    reads: int = 0
    refreshes: int = 0
    failures: int = 0


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
        self.counts = KeeperCounts()
        self._store = store
        self._refresher = refresher
        self._owner = owner
        self._measures = measures
        self._traces = traces
        self._waiting = waiting
        self._stopwatch = stopwatch
        self._chance = chance
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._refused: OrderedDict[str, tuple[float, int]] = OrderedDict()
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
        held = self._known(connection_id) or await self._read(connection_id)
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

    async def renewed(self, connection_id: str, issuer: str, version: int) -> UpstreamTokens | None:
        """Other tokens of `issuer` than those of `version`, which the upstream refused.

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
        if tokens.version != version:
            return tokens
        is_running = connection_id in self._running
        if tokens.refresh is None or not (is_running or self._is_due(connection_id)):
            return None
        return await self._refreshed(tokens)

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
        self._held.pop(connection_id, None)

    def forget_where(self, belongs: Callable[[str], bool]) -> int:
        """The same of all connections of the instances to whose ids that applies; how many."""
        held = [each for each, seen in self._held.items() if belongs(seen.tokens.instance_id)]
        for connection_id in held:
            self.forget(connection_id)
        return len(held)

    def forget_all(self) -> int:
        """Read everything again; how much was held."""
        count = len(self._held)
        self._held.clear()
        return count

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return CacheFigures(
            name="tokens",
            entries=len(self._held),
            most=MOST_HELD,
            hits=self.counts.hits,
            misses=self.counts.reads,
        )

    @property
    def served(self) -> Sequence[Served]:
        """Whose tokens it refreshes."""
        return self._refresher.served()

    @property
    def held(self) -> int:
        """Connections whose tokens are at hand."""
        return len(self._held)

    async def aclose(self) -> None:
        """Let refreshes that are running finish, and leave those that take long.

        A provider that rotates refresh tokens may have forgotten the old one by now.
        """
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=self._waiting.farewell_s)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _is_due(self, connection_id: str) -> bool:
        """Whether to refresh because of a refusal, which is noted."""
        now = self._stopwatch()
        # The oldest stand first, so that no more are kept than a minute brings.
        while self._refused and next(iter(self._refused.values()))[0] + REFUSALS_WITHIN_S <= now:
            self._refused.popitem(last=False)
        since, count = self._refused.get(connection_id, (now, 0))
        self._refused[connection_id] = since, count + 1
        return count < REFUSALS

    def _known(self, connection_id: str) -> _Held | None:
        held = self._held.get(connection_id)
        if held is None or self._stopwatch() - held.read_at > _HELD_S:
            return None
        self._held.move_to_end(connection_id)
        self.counts.hits += 1
        self._measures.looked_up("tokens", hit=True)
        return held

    async def _read(self, connection_id: str) -> _Held:
        self.counts.reads += 1
        self._measures.looked_up("tokens", hit=False)
        tokens = await self._store.get(connection_id)
        if tokens is None:
            self.forget(connection_id)
            raise ReauthNeeded("there are no tokens of the upstream")
        return self._keep(tokens)

    def _keep(self, tokens: UpstreamTokens) -> _Held:
        held = _Held(tokens, self._stopwatch())
        self._held[tokens.connection_id] = held
        self._held.move_to_end(tokens.connection_id)
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return held

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
                raise ProviderAway(
                    newest.last_error or "an attempt has just failed", newest.retry_after_s
                )
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
            if claimed is not None:
                await self._ask(claimed, attempt)
            elif self._stopwatch() >= until:
                raise ProviderAway("another worker has not finished", 1)
            else:
                await asyncio.sleep(_LOOK_S)

    async def _ask(self, old: UpstreamTokens, attempt: str) -> None:
        """Have the provider give new tokens, with the lease in hand.

        Whatever comes of it counts as long as the lease is this attempt's; after that somebody else
        decides.

        Raises:
            ReauthNeeded: The grant has ended.
            ProviderAway: There are none this time.
        """
        facts = {"connection": old.connection_id, "instance": old.instance_id}
        try:
            obtained = await self._obtained(old)
        except ReauthNeeded as error:
            self._measures.refreshed("reauth")
            self.forget(old.connection_id)
            if await self._store.mark_reauth(old.connection_id, old.version, attempt=attempt):
                log.warning("tokens.reauth", reason=str(error), **facts)
                raise
            log.info("tokens.overtaken", **facts)
            return
        except ProviderAway as error:
            await self._note_failure(old, attempt, error)
            return
        self.counts.refreshes += 1
        self._measures.refreshed("refreshed")
        version = await self._put(old, obtained)
        if version is None:
            # Somebody logged in again meanwhile, and theirs are newer; or the login has ended.
            is_unused = await self._store.owe_unused(old, obtained)
            log.info("tokens.overtaken", unused=is_unused, **facts)
        else:
            log.info("tokens.refreshed", version=version, **facts)

    async def _obtained(self, old: UpstreamTokens) -> ObtainedTokens:
        try:
            async with asyncio.timeout(self._waiting.asking_s):
                with self._traces.refreshing(old.instance_id, "refresh_token"):
                    return await self._refresher.refresh(old)
        except TimeoutError:
            raise ProviderAway("no answer in time", 0) from None

    async def _note_failure(self, old: UpstreamTokens, attempt: str, error: ProviderAway) -> None:
        self.counts.failures += 1
        self._measures.refreshed("failed")
        self.forget(old.connection_id)
        # Nobody was asked while the circuit was open: that makes no pause longer.
        attempts = old.attempts + 1 if error.asked else 1
        after_s = pause_s(attempts, error.retry_after_s, self._chance())
        facts = {"connection": old.connection_id, "instance": old.instance_id}
        log.warning("tokens.not_refreshed", reason=str(error), retry_after_s=after_s, **facts)
        is_noted = await self._store.failed(
            old.connection_id,
            old.version,
            str(error),
            after_s,
            attempt=attempt,
            counts=error.asked,
        )
        if is_noted:
            raise ProviderAway(str(error), after_s) from error

    async def _put(self, old: UpstreamTokens, obtained: ObtainedTokens) -> int | None:
        """Replace `old` in the store, however often that has to be tried.

        A provider that rotates refresh tokens has forgotten the old one: without the new one the
        login would be lost.
        """
        until = self._stopwatch() + _STUBBORN_S
        while True:
            try:
                return await self._store.replace(old.connection_id, old.version, obtained)
            except StoreUnavailableError:
                log.warning("tokens.not_stored", connection=old.connection_id)
                if self._stopwatch() >= until:
                    raise
            await asyncio.sleep(_PAUSE_S)


def _check_issuer(tokens: UpstreamTokens, issuer: str) -> None:
    if tokens.issuer != issuer:
        raise ReauthNeeded("the connector has another provider by now")
