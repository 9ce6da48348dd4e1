"""Leaves providers alone for a while that have failed too often."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import ceil
from typing import Final, Literal, TypeAlias, TypeVar

import structlog

from treenail_runtime.providers import ProviderError, ProviderRefused, ProviderUnavailable
from treenail_runtime.upkeep import ProviderAway
from treenail_runtime.upstream import CircuitBreaker

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_Answer = TypeVar("_Answer")

CLIENT_REFUSED: Final = frozenset({"invalid_client", "unauthorized_client"})
"""Errors that are about our client (RFC 6749 5.2)."""

_FAILURES: Final = 5
"""In a row, after which a provider is left alone for a while."""

COOL_DOWN_S: Final = 15.0

_Kind: TypeAlias = Literal["provider", "instance"]
_NOBODY: Final = frozenset[_Kind]()
_INSTANCE: Final = frozenset[_Kind]({"instance"})


class _LeftAlone(ProviderUnavailable):
    """It was not asked: the circuit is open."""


class ProviderCircuits:
    """Circuit breakers: of each provider, and of each instance, whose client may be refused."""

    def __init__(self) -> None:
        self._breakers: dict[tuple[str, str], CircuitBreaker] = {}

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
        breakers = self._breakers_of(provider, instance)
        _check_closed(breakers.values())
        for breaker in breakers.values():
            breaker.admit()
        try:
            answer = await ask()
        except ProviderError as error:
            at_fault = _at_fault(error)
            self._note(breakers, {kind: kind not in at_fault for kind in breakers})
            raise
        self._note(breakers, dict.fromkeys(breakers, True))
        return answer

    async def looked_up(
        self, provider: str, instance: str, look: Callable[[], Awaitable[_Answer]]
    ) -> _Answer:
        """The same for what the provider is asked about only now and then.

        That it succeeds says nothing about the provider, so that it closes no circuit.

        Raises:
            ProviderError: As `look`, or at once.
        """
        breakers = self._breakers_of(provider, instance)
        _check_closed(breakers.values())
        try:
            return await look()
        except ProviderUnavailable:
            self._note(breakers, {"provider": False})
            raise

    def _breakers_of(self, provider: str, instance: str | None) -> dict[_Kind, CircuitBreaker]:
        named: dict[_Kind, str | None] = {"provider": provider, "instance": instance}
        return {kind: self._breaker(kind, name) for kind, name in named.items() if name is not None}

    def _note(
        self, breakers: Mapping[_Kind, CircuitBreaker], is_well: Mapping[_Kind, bool]
    ) -> None:
        for kind, well in is_well.items():
            if well:
                breakers[kind].succeeded()
            elif breakers[kind].failed():
                log.warning("provider.circuit_opened", circuit=kind)

    def _breaker(self, kind: str, name: str) -> CircuitBreaker:
        return self._breakers.setdefault(
            (kind, name), CircuitBreaker(failures=_FAILURES, cool_down_s=COOL_DOWN_S)
        )


def _check_closed(breakers: Iterable[CircuitBreaker]) -> None:
    wait_s = max(breaker.wait_s for breaker in breakers)
    if wait_s > 0:
        raise _LeftAlone("it has failed too often", wait_s)


def _at_fault(error: ProviderError) -> frozenset[_Kind]:
    """Whose circuit an attempt counts against."""
    match error:
        case ProviderRefused(error=code):
            return _INSTANCE if code in CLIENT_REFUSED else _NOBODY
        case ProviderUnavailable(concerns="provider"):
            return frozenset({"provider", "instance"})
        case ProviderUnavailable(concerns="keys"):
            return _NOBODY
        case _:
            return _INSTANCE


def away(error: ProviderError) -> ProviderAway:
    """That there is no token this time."""
    told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
    return ProviderAway(str(error), ceil(told_s or 0), asked=not isinstance(error, _LeftAlone))
