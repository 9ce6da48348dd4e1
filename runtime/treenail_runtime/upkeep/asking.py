"""One refresh: the provider is asked, and what it gives is kept whatever happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import ObtainedTokens, UpstreamTokens
from treenail_runtime.clock import Stopwatch
from treenail_runtime.measures import Measures
from treenail_runtime.tracing import Traces

from .holding import HeldTokens
from .outcomes import ProviderAway, ReauthNeeded
from .ports import Refresher, TokenStore
from .rules import pause_s

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_Result = TypeVar("_Result")

_PAUSE_S: Final = 0.5
_STUBBORN_S: Final = 120.0
"""So long new tokens are offered to a database that does not answer."""


class Asking:
    """Has providers give new tokens for those whose lease the caller holds.

    Args:
        store: Where they are kept.
        refresher: Asks the providers.
        held: Forgets what an attempt has changed.
        measures: Told of refreshes.
        traces: The same.
        asking_s: How long a provider may take.
        stopwatch: Where time comes from.
        chance: Where chance comes from, 0 to 1.
    """

    def __init__(
        self,
        store: TokenStore,
        refresher: Refresher,
        held: HeldTokens,
        *,
        measures: Measures,
        traces: Traces,
        asking_s: float,
        stopwatch: Stopwatch,
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._refresher = refresher
        self._held = held
        self._measures = measures
        self._traces = traces
        self._asking_s = asking_s
        self._stopwatch = stopwatch
        self._chance = chance

    async def ask(self, old: UpstreamTokens, attempt: str) -> None:
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
            self._held.forget(old.connection_id)
            if await self._store.mark_reauth(old.connection_id, old.version, attempt=attempt):
                log.warning("tokens.reauth", reason=str(error), **facts)
                raise
            log.info("tokens.overtaken", **facts)
            return
        except ProviderAway as error:
            await self._note_failure(old, attempt, error)
            return
        self._measures.refreshed("refreshed")
        version = await self._kept(
            old, lambda: self._store.replace(old.connection_id, old.version, obtained)
        )
        if version is None:
            # Somebody logged in again meanwhile, and theirs are newer; or the login has ended.
            is_unused = await self._kept(old, lambda: self._store.owe_unused(old, obtained))
            log.info("tokens.overtaken", unused=is_unused, **facts)
        else:
            log.info("tokens.refreshed", version=version, **facts)

    async def _obtained(self, old: UpstreamTokens) -> ObtainedTokens:
        try:
            async with asyncio.timeout(self._asking_s):
                with self._traces.refreshing(old.instance_id, "refresh_token"):
                    return await self._refresher.refresh(old)
        except TimeoutError:
            raise ProviderAway("no answer in time", 0) from None

    async def _note_failure(self, old: UpstreamTokens, attempt: str, error: ProviderAway) -> None:
        self._measures.refreshed("failed")
        self._held.forget(old.connection_id)
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
            raise type(error)(str(error), after_s) from error

    async def _kept(self, old: UpstreamTokens, keep: Callable[[], Awaitable[_Result]]) -> _Result:
        """Have the store take what came of `old`, however often that has to be tried.

        A provider that rotates refresh tokens has forgotten the old one: without the new one the
        login would be lost. And of new ones that nobody uses, nobody else knows.
        """
        until = self._stopwatch() + _STUBBORN_S
        while True:
            try:
                return await keep()
            except StoreUnavailableError:
                log.warning("tokens.not_stored", connection=old.connection_id)
                if self._stopwatch() >= until:
                    raise
            await asyncio.sleep(_PAUSE_S)
