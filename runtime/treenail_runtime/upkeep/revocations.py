"""Has providers forget tokens that nobody uses any more, until they have or it has lasted too long."""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import ObtainedTokens, OwedRevocation
from treenail_runtime.auth.records import Instance
from treenail_runtime.providers import ProviderError, ProviderUnavailable

from .rules import GIVE_UP_S, LONGEST_REVOCATION_PAUSE_S, REVOCATION_LEASE_S, pause_s

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST_ENDED: Final = 100
_AT_ONCE: Final = 8
_MOST_LEFT_OUT: Final = 100
_SOON_S: Final = 60


class OwedRevocations(Protocol):
    """Keeps what providers are to forget."""

    async def add(self, instance_id: str, service: str, tokens: ObtainedTokens) -> None:
        """Owe tokens that nobody will use."""
        ...

    async def leave(self, instance_id: str) -> None:
        """Tell the audit that tokens of an instance are left to their provider; never fails."""
        ...

    async def take_ended(self, limit: int, ending_all: Collection[str] = ()) -> int:
        """Owe the tokens of logins that have ended; how many there were, at most `limit`.

        Those of the issuers `ending_all` are let be while their person has another login.
        """
        ...

    async def claim(
        self,
        limit: int,
        seconds: int,
        *,
        without_issuers: Collection[str] = (),
        without_instances: Collection[str] = (),
    ) -> Sequence[OwedRevocation]:
        """What is due, for nobody else for so many seconds."""
        ...

    async def done(self, owed: OwedRevocation, outcome: str) -> None:
        """Erase it."""
        ...

    async def failed(self, owed_id: str, error: str, retry_s: int) -> None:
        """Let it be tried again after so many seconds."""
        ...


class Revoker(Protocol):
    """Talks to providers."""

    async def revoke(self, owed: OwedRevocation) -> bool:
        """Have the provider forget tokens; false when it takes none back.

        Raises:
            ProviderError: It has not, and may do so later.
            StoreUnavailableError: The database does not answer.
        """
        ...


@dataclass(slots=True)
class _LeftOut:
    """Who has failed in this pass: the others do not wait for them again."""

    issuers: set[str] = field(default_factory=set[str])
    instances: set[str] = field(default_factory=set[str])

    @property
    def is_full(self) -> bool:
        return len(self.instances) >= _MOST_LEFT_OUT

    def add(self, owed: OwedRevocation, error: ProviderError | StoreUnavailableError) -> None:
        if isinstance(error, ProviderUnavailable) and error.concerns == "provider":
            self.issuers.add(owed.issuer)
        else:
            self.instances.add(owed.instance_id)


class Revocations:
    """Works off what is owed.

    Args:
        rows: Where it is kept.
        revoker: Asks the providers.
        ending_all: Tells the issuers of which any token ends all logins of its person.
        chance: Where chance comes from, 0 to 1.
    """

    def __init__(
        self,
        rows: OwedRevocations,
        revoker: Revoker,
        *,
        ending_all: Callable[[], Collection[str]] = tuple,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._rows = rows
        self._revoker = revoker
        self._ending_all = ending_all
        self._chance = chance
        self._listeners: list[Callable[[], None]] = []

    def on_news(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when there is something to be worked off."""
        self._listeners.append(listener)

    def soon(self) -> None:
        """There is something to be worked off."""
        for listener in self._listeners:
            listener()

    async def forsake(self, instance: Instance, tokens: ObtainedTokens) -> None:
        """Have the provider forget tokens that nobody will use; never fails.

        What cannot be kept until it has done so, as without a database, it is asked at once, and
        once. Tokens that end all logins of their person are left: there may be others.
        """
        if tokens.ends_all:
            await self._rows.leave(instance.id)
            return
        try:
            await self._rows.add(instance.id, instance.connector, tokens)
        except (StoreUnavailableError, ValueError) as error:
            log.warning("tokens.not_owed", reason=str(error), instance=instance.id)
            await self._revoke_now(_unkept(instance, tokens))
        else:
            self.soon()

    async def work_off(self) -> int:
        """Have forgotten what is due now; how much that was.

        Providers that are away, and instances that are refused, are left to the next time once they
        have failed: nobody else waits for them.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        while await self._rows.take_ended(_MOST_ENDED, self._ending_all()) == _MOST_ENDED:
            pass
        count, left_out = 0, _LeftOut()
        while not left_out.is_full and (owed := await self._claimed(left_out)):
            count += len(owed)
            await asyncio.gather(*(self._settle(each, left_out) for each in owed))
        return count

    async def _claimed(self, left_out: _LeftOut) -> Sequence[OwedRevocation]:
        return await self._rows.claim(
            _AT_ONCE,
            REVOCATION_LEASE_S,
            without_issuers=left_out.issuers,
            without_instances=left_out.instances,
        )

    async def _settle(self, owed: OwedRevocation, left_out: _LeftOut) -> None:
        try:
            forgotten = await self._revoker.revoke(owed)
        except (ProviderError, StoreUnavailableError) as error:
            left_out.add(owed, error)
            await self._not_now(owed, error)
        else:
            await self._rows.done(owed, "revoked" if forgotten else "left")

    async def _revoke_now(self, owed: OwedRevocation) -> None:
        try:
            await self._revoker.revoke(owed)
        except (ProviderError, StoreUnavailableError) as error:
            log.warning("tokens.not_revoked", reason=str(error), instance=owed.instance_id)

    async def _not_now(
        self, owed: OwedRevocation, error: ProviderError | StoreUnavailableError
    ) -> None:
        log.warning("tokens.not_revoked", reason=str(error), instance=owed.instance_id)
        if owed.age_s >= GIVE_UP_S:
            await self._rows.done(owed, "left")
            return
        told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        after_s = pause_s(
            owed.attempts, told_s, self._chance(), longest_s=LONGEST_REVOCATION_PAUSE_S
        )
        await self._rows.failed(owed.id, str(error), after_s)
        # The rounds are far apart; a short outage is over before the next one.
        if after_s <= _SOON_S:
            asyncio.get_running_loop().call_later(after_s, self.soon)


def _unkept(instance: Instance, tokens: ObtainedTokens) -> OwedRevocation:
    return OwedRevocation(
        id="",
        instance_id=instance.id,
        service=instance.connector,
        issuer=tokens.issuer,
        access=tokens.access,
        refresh=tokens.refresh,
        client=tokens.client,
        attempts=1,
        age_s=0,
    )
