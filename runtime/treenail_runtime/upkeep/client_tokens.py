"""Tokens that a provider grants to a client itself: held in memory, and asked for again.

Each worker asks for its own; nothing is lost when it ends, since any number may be asked for.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import SecretStr

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.measures import UNMEASURED, CacheFigures, Measures
from treenail_runtime.tracing import UNTRACED, Traces
from treenail_runtime.upstream import Credentials

from .outcomes import UpkeepError
from .ports import IsRefused
from .rules import EARLY_S, RENEWALS, URGENT_S
from .seldom import Seldom
from .source import WithToken, told

Ask: TypeAlias = Callable[[], Awaitable[ObtainedTokens]]
"""Asks the provider for a token; raises an `UpkeepError` when there is none."""

_MOST: Final = 4096


@dataclass(frozen=True, slots=True)
class _Held:
    access: SecretStr
    until: float


class ClientTokens:
    """One token for each key; whoever needs the same one waits for the same question."""

    def __init__(
        self,
        stopwatch: Stopwatch = monotonic,
        *,
        measures: Measures = UNMEASURED,
        traces: Traces = UNTRACED,
    ) -> None:
        self._traces = traces
        self._stopwatch = stopwatch
        self._measures = measures
        self._hits = 0
        self._misses = 0
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._asking: dict[str, asyncio.Task[SecretStr]] = {}
        self._renewals = Seldom(RENEWALS, stopwatch)

    async def token(self, key: str, ask: Ask) -> SecretStr:
        """The token of `key`.

        Args:
            key: Whose: the id of an instance, and after a space which of its tokens.
            ask: Gets another one.

        Raises:
            UpkeepError: As `ask`.
        """
        known = self._known(key)
        if known is None:
            return await self._asked(key, ask)
        self._looked_up(hit=True)
        return known

    async def renewed(self, key: str, ask: Ask, is_refused: IsRefused) -> SecretStr | None:
        """Another token of `key` than the one that the upstream refused.

        Returns:
            None when there is no other: several were refused a moment ago, and what the upstream
            refuses is something else.

        Raises:
            UpkeepError: As `ask`.
        """
        known = self._known(key)
        if known is not None:
            if not is_refused(known):
                self._looked_up(hit=True)
                return known
            if key not in self._asking:
                return await self._asked_seldom(key, ask)
        return await self._asked(key, ask)

    async def _asked_seldom(self, key: str, ask: Ask) -> SecretStr | None:
        if not self._renewals.allows(key):
            return None
        try:
            return await self._asked(key, ask)
        except UpkeepError:
            # With no other token tried, the refusal proves nothing against the login.
            self._renewals.take_back(key)
            raise

    def _known(self, key: str) -> SecretStr | None:
        held = self._held.get(key)
        if held is None or self._stopwatch() >= held.until:
            return None
        self._held.move_to_end(key)
        return held.access

    async def _asked(self, key: str, ask: Ask) -> SecretStr:
        self._looked_up(hit=False)
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._ask(key, ask))
            self._asking[key] = asking
            asking.add_done_callback(lambda task: self._ended(key, task))
        return await asyncio.shield(asking)

    def forget_where(self, belongs: Callable[[str], bool]) -> int:
        """Ask again for the tokens of the instances to whose ids that applies; how many."""
        self._asking = {key: each for key, each in self._asking.items() if not belongs(_whose(key))}
        held = [key for key in self._held if belongs(_whose(key))]
        for key in held:
            del self._held[key]
        return len(held)

    def forget_all(self) -> int:
        """Ask for every token again; how many were held."""
        count = len(self._held)
        self._held.clear()
        self._asking.clear()
        return count

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return CacheFigures(
            name="client_tokens",
            entries=len(self._held),
            most=_MOST,
            hits=self._hits,
            misses=self._misses,
        )

    def _looked_up(self, *, hit: bool) -> None:
        self._hits += hit
        self._misses += not hit
        self._measures.looked_up("client_tokens", hit=hit)

    def _ended(self, key: str, task: "asyncio.Task[SecretStr]") -> None:
        if self._asking.get(key) is task:
            del self._asking[key]

    async def _ask(self, key: str, ask: Ask) -> SecretStr:
        with self._traces.refreshing(_whose(key), "client_credentials"):
            tokens = await ask()
        if self._asking.get(key) is not asyncio.current_task():
            # It was to be forgotten while the provider was asked, as for an older client.
            return tokens.access
        told_s = tokens.expires_in_s
        lasts_s = EARLY_S if told_s is None else told_s - min(URGENT_S, told_s / 20)
        self._held[key] = _Held(tokens.access, self._stopwatch() + lasts_s)
        self._held.move_to_end(key)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return tokens.access


def _whose(key: str) -> str:
    """The instance: a key begins with its id."""
    return key.partition(" ")[0]


class ClientTokenSource:
    """The `CredentialSource` of a connection whose token the provider grants to a client.

    Args:
        tokens: Holds them.
        key: Whose.
        ask: Gets another one.
        with_token: Makes the credentials.
    """

    def __init__(self, tokens: ClientTokens, key: str, ask: Ask, with_token: WithToken) -> None:
        self._tokens = tokens
        self._key = key
        self._ask = ask
        self._with_token = with_token

    async def prepare(self) -> None:
        """Have a token ready.

        Raises:
            UpkeepError: There is none.
        """
        await self._tokens.token(self._key, self._ask)

    async def current(self) -> Credentials:
        """Those with the token to send now.

        Raises:
            ToolError: There is none.
        """
        try:
            return self._with_token(await self._tokens.token(self._key, self._ask))
        except UpkeepError as error:
            raise told(error) from None

    async def renewed(self, refused: Credentials) -> Credentials | None:
        """Those with another token than the upstream refused; None when there is no other.

        Raises:
            ToolError: There is none this time.
        """
        try:
            access = await self._tokens.renewed(
                self._key, self._ask, lambda access: self._with_token(access) == refused
            )
        except UpkeepError as error:
            raise told(error) from None
        if access is None:
            return None
        credentials = self._with_token(access)
        return None if credentials == refused else credentials
