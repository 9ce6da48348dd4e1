"""From names to offerings: connectors, each with a connection that is ready to be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from treenail_runtime.contract import Connector, ToolContext, ToolError
from treenail_runtime.loading import Connection, connection_from_environment, load_connector
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.upstream import CircuitBreaker, UpstreamClient, credentials_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """A connector, and the connection as which it is served."""

    connector: Connector
    connection: Connection


def offerings(settings: Settings, environment: Mapping[str, str]) -> list[Offering]:
    """What the settings name, with connections from the environment.

    Raises:
        ConfigurationError: With the problems of all connectors at once.
    """
    problems: list[str] = []
    found: list[Offering] = []
    chosen = _chosen(settings)
    if settings.upstream_url is not None and len(chosen) > 1:
        problems.append(
            "TREENAIL_UPSTREAM_URL: one URL would get the credentials of every connector; "
            "serve one connector with it"
        )
    for name in chosen:
        try:
            connector = load_connector(settings.connectors_dir, name)
            connection = connection_from_environment(
                connector, environment, upstream_url=settings.upstream_url
            )
        except ConfigurationError as error:
            problems.extend(error.problems)
        else:
            found.append(Offering(connector=connector, connection=connection))
    if problems:
        raise ConfigurationError(*problems)
    return found


def open_context(
    offering: Offering, transport: httpx.AsyncBaseTransport, breaker: CircuitBreaker
) -> ToolContext:
    """The surroundings of every call as this connection.

    Raises:
        ConfigurationError: The connection's values do not make credentials.
    """
    connector, connection = offering.connector, offering.connection
    try:
        credentials = credentials_for(connector.auth, connection.values, connection.secrets)
    except ToolError as error:
        raise ConfigurationError(f"{connector.name}: {error.message}") from None
    return ToolContext(
        connector=connector.name,
        connection=connection.values,
        upstream=UpstreamClient(
            connector=connector,
            server_url=connection.server_url,
            credentials=credentials,
            transport=transport,
            breaker=breaker,
        ),
    )


def _chosen(settings: Settings) -> Sequence[str]:
    if settings.connectors:
        return tuple(dict.fromkeys(settings.connectors))
    there = sorted(
        path.stem
        for path in settings.connectors_dir.glob("*.py")
        if not path.stem.endswith("_custom")
    )
    if len(there) == 1:
        return there
    choice = f"name one or more of: {', '.join(there)}" if there else "there are none"
    raise ConfigurationError(f"{settings.connectors_dir}: which connectors? {choice}")
