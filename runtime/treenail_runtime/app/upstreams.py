"""The way to the upstreams: one transport for all, one circuit breaker for each server of a connector."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import httpx

from treenail_runtime.auth.records import Instance
from treenail_runtime.contract import Connector, NotConfigured, ToolContext
from treenail_runtime.loading import Connection
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.settings import ConfigurationError
from treenail_runtime.tracing import UNTRACED, Traces
from treenail_runtime.upstream import (
    AnswerCache,
    CircuitBreaker,
    CredentialSource,
    Owner,
    Refused,
    Reuse,
    Routes,
    UpstreamClient,
    credentials_for,
)

from .connecting import Offering

_REFUSED: Final = 400

_MOST_OWN: Final = 10_000
"""Instances with a server of their own whose circuit breakers one worker keeps."""


class Upstreams:
    """Opens connections to upstreams."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        measures: Measures = UNMEASURED,
        traces: Traces = UNTRACED,
        answers: AnswerCache | None = None,
    ) -> None:
        """Share `transport`, which belongs to the caller; tell the others of each request.

        Answers are held in `answers`, where connectors allow it; nowhere without it.
        """
        self.answers = answers or AnswerCache(0)
        self._failing: dict[str, str] = {}
        self._measures = _Watched(measures, self._answered)
        self._unwatched = measures
        self._traces = traces
        self.transport = transport
        self._breakers: dict[str, dict[str, CircuitBreaker]] = {}
        self._own_breakers: OrderedDict[str, dict[str, CircuitBreaker]] = OrderedDict()

    def context(
        self,
        connector: Connector,
        connection: Connection,
        refused: Refused | None = None,
        source: CredentialSource | None = None,
        reuse: Reuse | None = None,
        server_of: str | None = None,
    ) -> ToolContext:
        """The surroundings of every call as this connection.

        Args:
            connector: Whose tools are called.
            connection: As whom.
            refused: Told of each call that the upstream refuses.
            source: Of the credentials; None for those that the connection's values make.
            reuse: What the connection was answered before; None when the upstream has to be asked.
            server_of: The instance that alone has this server, whose health is nobody else's; None
                for a server of all.

        Raises:
            NotConfigured: The connection's values do not make credentials.
        """
        breakers = self._breakers_of(connector.name, server_of)
        routes = Routes(connection.server_url, breakers, is_override=connection.is_override)
        return ToolContext(
            connector=connector.name,
            connection=connection.values,
            upstream=UpstreamClient(
                connector=connector,
                routes=routes,
                source=source
                or credentials_for(connector.auth, connection.values, connection.secrets),
                transport=self.transport,
                refused=refused,
                measures=self._measures if server_of is None else self._unwatched,
                traces=self._traces,
                reuse=reuse,
            ),
            **({} if reuse is None else {"forget": reuse.forget}),
        )

    def reuse(
        self, connector: Connector, owner: Owner, tell: Callable[[], Awaitable[None]] | None = None
    ) -> Reuse | None:
        """What `owner` was answered before, as `Reuse` takes it; None where nothing is held."""
        if not (self.answers.is_on and connector.keeps_answers):
            return None
        return Reuse(self.answers, owner, tell)

    def check_failed(self, name: str, reason: str) -> None:
        """Remember that the connector's check failed, until its upstream answers well again."""
        self._failing[name] = f"its check failed when it was last tried: {reason}"

    def _breakers_of(self, name: str, server_of: str | None) -> dict[str, CircuitBreaker]:
        """By URL, of a connector's servers, or of the instance's that alone has them."""
        if server_of is None:
            return self._breakers.setdefault(name, {})
        breakers = self._own_breakers.setdefault(server_of, {})
        self._own_breakers.move_to_end(server_of)
        # Those that nobody has asked for the longest time have long been closed again.
        while len(self._own_breakers) > _MOST_OWN:
            self._own_breakers.popitem(last=False)
        return breakers

    def _answered(self, name: str, status: int | None) -> None:
        if status is not None and status < _REFUSED:
            self._failing.pop(name, None)

    def trouble(self, name: str) -> str | None:
        """Which of the connector's servers are left alone just now, or why its check failed.

        None when nothing is wrong.
        """
        return _left_alone(self._breakers.get(name, {})) or self._failing.get(name)

    def trouble_of(self, instance: Instance) -> str | None:
        """The same for one instance, which may have a server of its own."""
        if instance.own.server_url is None:
            return self.trouble(instance.connector)
        return _left_alone(self._own_breakers.get(instance.id, {}))


def _left_alone(breakers: Mapping[str, CircuitBreaker]) -> str | None:
    resting = sorted(url for url, breaker in breakers.items() if breaker.state == "open")
    return f"left alone after many failures: {', '.join(resting)}" if resting else None


class _Watched(Measures):
    """Passes on what it is told, and looks at it."""

    def __init__(self, measures: Measures, answered: Callable[[str, int | None], None]) -> None:
        self._measures = measures
        self._answered = answered

    def asked(self, connector: str, status: int | None, seconds: float) -> None:
        """A request went to an upstream."""
        self._answered(connector, status)
        self._measures.asked(connector, status, seconds)

    def opened(self, connector: str) -> None:
        """A circuit breaker opened."""
        self._measures.opened(connector)


def open_context(
    offering: Offering, upstreams: Upstreams, source: CredentialSource | None = None
) -> ToolContext:
    """The surroundings of every call as the offering's connection.

    Args:
        offering: What is called.
        upstreams: The way there.
        source: Of the credentials; None for those that the connection's values make.

    Raises:
        ConfigurationError: There is none, or its values do not make credentials.
    """
    name = offering.connector.name
    if offering.connection is None:
        raise ConfigurationError(f"{name}: there is no connection in the environment")
    try:
        reuse = upstreams.reuse(offering.connector, Owner("", name, ""))
        return upstreams.context(offering.connector, offering.connection, None, source, reuse)
    except NotConfigured as error:
        raise ConfigurationError(f"{name}: {error.message}") from None
