"""Leaves providers alone for a while that have failed too often."""

from collections.abc import Awaitable, Callable
from math import ceil
from typing import Final, TypeVar

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

        Args:
            provider: The connector's name.
            instance: Its id. None for a client that a person gave: others have others.
            ask: Asks the provider.

        Raises:
            ProviderError: As `ask`, or at once.
        """
        of_provider = self._breaker("provider", provider)
        of_instance = None if instance is None else self._breaker("instance", instance)
        breakers = [each for each in (of_provider, of_instance) if each is not None]
        wait_s = max(breaker.wait_s for breaker in breakers)
        if wait_s > 0:
            raise _LeftAlone("it has failed too often", wait_s)
        for breaker in breakers:
            breaker.admit()
        try:
            answer = await ask()
        except ProviderRefused as error:
            of_provider.succeeded()
            if of_instance is not None and error.error in CLIENT_REFUSED:
                of_instance.failed()
            elif of_instance is not None:
                of_instance.succeeded()
            raise
        except ProviderError:
            opened = [breaker.failed() for breaker in breakers]
            if True in opened:
                log.warning("provider.circuit_opened", provider=provider, instance=instance)
            raise
        for breaker in breakers:
            breaker.succeeded()
        return answer

    def _breaker(self, kind: str, name: str) -> CircuitBreaker:
        return self._breakers.setdefault(
            (kind, name), CircuitBreaker(failures=_FAILURES, cool_down_s=COOL_DOWN_S)
        )


def away(error: ProviderError) -> ProviderAway:
    """That there is no token this time."""
    told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
    return ProviderAway(str(error), ceil(told_s or 0), asked=not isinstance(error, _LeftAlone))
