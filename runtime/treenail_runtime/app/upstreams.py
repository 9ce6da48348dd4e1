"""The way to the upstreams: one transport for all, one circuit breaker for each server of a connector."""

from collections.abc import Awaitable, Callable

import httpx

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
        self._measures = measures
        self._traces = traces
        self.transport = transport
        self._breakers: dict[str, dict[str, CircuitBreaker]] = {}

    def context(
        self,
        connector: Connector,
        connection: Connection,
        refused: Refused | None = None,
        source: CredentialSource | None = None,
        reuse: Reuse | None = None,
    ) -> ToolContext:
        """The surroundings of every call as this connection.

        Args:
            connector: Whose tools are called.
            connection: As whom.
            refused: Told of each call that the upstream refuses.
            source: Of the credentials; None for those that the connection's values make.
            reuse: What the connection was answered before; None when the upstream has to be asked.

        Raises:
            NotConfigured: The connection's values do not make credentials.
        """
        breakers = self._breakers.setdefault(connector.name, {})
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
                measures=self._measures,
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

    def trouble(self, name: str) -> str | None:
        """Which servers of the connector are left alone just now; None when none is."""
        resting = sorted(
            url for url, breaker in self._breakers.get(name, {}).items() if breaker.state == "open"
        )
        return f"left alone after many failures: {', '.join(resting)}" if resting else None


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
