"""Leaves providers alone for a while that have failed too often."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from math import ceil
from typing import Final, TypeVar

import structlog

from treenail_runtime.measures import UNMEASURED, Circuit, Measures
from treenail_runtime.providers import ProviderError, ProviderRefused, ProviderUnavailable
from treenail_runtime.upkeep import CLIENT_REFUSED, ProviderAway
from treenail_runtime.upstream import CircuitBreaker

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_Answer = TypeVar("_Answer")

_FAILURES: Final = 5
"""In a row, after which a provider is left alone for a while."""

COOL_DOWN_S: Final = 15.0

_NOBODY: Final = frozenset[Circuit]()
_PROVIDER: Final = frozenset[Circuit]({"provider"})
_INSTANCE: Final = frozenset[Circuit]({"instance"})
_BOTH: Final = _PROVIDER | _INSTANCE


class _LeftAlone(ProviderUnavailable):
    """It was not asked: the circuit is open."""


class ProviderCircuits:
    """Circuit breakers: of each provider, and of each instance, whose client may be refused.

    Those of instances are kept while something is wrong with them, and no longer.
    """

    def __init__(self, measures: Measures = UNMEASURED) -> None:
        """Tell `measures` of each that opens."""
        self._measures = measures
        self._breakers: dict[tuple[Circuit, str], CircuitBreaker] = {}

    async def asked(
        self, provider: str, instance: str | None, ask: Callable[[], Awaitable[_Answer]]
    ) -> _Answer:
        """What `ask` brings, unless the provider or the instance is left alone just now.

        The provider's circuit is that of all instances, so that only what concerns all of them
        opens it: what one client gets, or one browser brings, does not.

        Args:
            provider: The connector's name.
            instance: Its id. None for a client that a person gave: others have others.
            ask: Asks the provider for tokens.

        Raises:
            ProviderError: As `ask`, or at once.
        """
        named = _named(provider, instance)
        breakers = self._kept(named)
        _check_closed(breakers)
        for breaker in breakers:
            breaker.admit()
        try:
            answer = await ask()
        except ProviderError as error:
            self._note(named, at_fault=_at_fault(error), cleared=_cleared(error))
            raise
        self._note(named, cleared=_BOTH)
        return answer

    async def exchanged(
        self, provider: str, instance: str, exchange: Callable[[], Awaitable[_Answer]]
    ) -> _Answer:
        """The same for what a browser brings, which its visitor writes at will.

        No failure opens a circuit, whatever it says: a firewall before the provider may answer 503.

        Raises:
            ProviderError: As `exchange`, or at once.
        """
        named = _named(provider, instance)
        _check_closed(self._kept(named))
        answer = await exchange()
        self._note(named, cleared=_BOTH)
        return answer

    async def looked_up(
        self, provider: str, instance: str, look: Callable[[], Awaitable[_Answer]]
    ) -> _Answer:
        """The same for what the provider is asked about only now and then.

        That it succeeds says nothing about the provider, so that it closes no circuit.

        Raises:
            ProviderError: As `look`, or at once.
        """
        _check_closed(self._kept(_named(provider, instance)))
        try:
            return await look()
        except ProviderUnavailable:
            self._note({"provider": provider}, at_fault=_PROVIDER)
            raise

    def _kept(self, named: Mapping[Circuit, str]) -> Sequence[CircuitBreaker]:
        return [self._breakers[each] for each in named.items() if each in self._breakers]

    def _note(
        self,
        named: Mapping[Circuit, str],
        *,
        at_fault: Set[Circuit] = _NOBODY,
        cleared: Set[Circuit] = _NOBODY,
    ) -> None:
        for kind, name in named.items():
            if kind in cleared:
                self._breakers.pop((kind, name), None)
            elif kind in at_fault and self._breaker(kind, name).failed():
                log.warning("provider.circuit_opened", circuit=kind, of=name)
                self._measures.provider_left_alone(named["provider"], kind)

    def _breaker(self, kind: Circuit, name: str) -> CircuitBreaker:
        return self._breakers.setdefault(
            (kind, name), CircuitBreaker(failures=_FAILURES, cool_down_s=COOL_DOWN_S)
        )


def _named(provider: str, instance: str | None) -> dict[Circuit, str]:
    of_all: dict[Circuit, str] = {"provider": provider}
    return of_all if instance is None else {**of_all, "instance": instance}


def _check_closed(breakers: Iterable[CircuitBreaker]) -> None:
    wait_s = max((breaker.wait_s for breaker in breakers), default=0.0)
    if wait_s > 0:
        raise _LeftAlone("it has failed too often", wait_s)


def _at_fault(error: ProviderError) -> frozenset[Circuit]:
    """Whose circuit an attempt counts against."""
    match error:
        case ProviderRefused(error=code):
            return _INSTANCE if code in CLIENT_REFUSED else _NOBODY
        case ProviderUnavailable(concerns="provider"):
            return _BOTH
        case ProviderUnavailable(concerns="keys" | "grant"):
            # The connection itself makes pauses.
            return _NOBODY
        case _:
            return _INSTANCE


def _cleared(error: ProviderError) -> Set[Circuit]:
    """Whose circuit it closes: an answer shows that the provider is there."""
    if isinstance(error, ProviderUnavailable) and error.concerns == "grant":
        # Whether the provider takes the instance's client, it does not say.
        return _PROVIDER
    return _BOTH - _at_fault(error)


def away(error: ProviderError) -> ProviderAway:
    """That there is no token this time."""
    told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
    return ProviderAway(str(error), ceil(told_s or 0), asked=not isinstance(error, _LeftAlone))
