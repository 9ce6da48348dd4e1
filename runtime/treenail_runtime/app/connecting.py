"""From names to connectors, and to connections for those that are served without authorization."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from treenail_runtime.contract import (
    RESERVED_NAMES,
    Connector,
    NotConfigured,
    OAuthClientAuth,
)
from treenail_runtime.loading import (
    Connection,
    Found,
    connection_from_environment,
    find,
    load_connector,
    names_in,
    printable,
    variable_of,
)
from treenail_runtime.providers import (
    ProviderClient,
    client_from_environment,
    client_of_values,
    client_variables,
    led_to,
)
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.upstream import credentials_for
from treenail_runtime.upstream.ways import code_grant, is_ready, needed_grant, typed_fields

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """A connector, and the connection as which it is served.

    Attributes:
        connection: None where each caller brings its own, by authorization.
        client: As which the upstream's provider knows us, or the connection itself; None where
            there is none.
    """

    connector: Connector
    connection: Connection | None = None
    client: ProviderClient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of loading a connector.

    Attributes:
        offering: None when it cannot be served.
        problems: Complete lines: why not, or what is odd about it.
    """

    found: Found
    offering: Offering | None
    problems: tuple[str, ...]


def named(settings: Settings) -> Collection[str]:
    """All connectors that are, or may come, by name, also those that cannot be loaded."""
    return {*settings.connectors, *names_in(settings.connectors_dir)}


class Folder:
    """The connectors that the settings name, or all of the folder when they name none."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.directory = settings.connectors_dir
        self.is_named = bool(settings.connectors)
        self._settings = settings
        self._environment = environment

    def names(self) -> Sequence[str]:
        """Their names, in the order in which they are served."""
        if self.is_named:
            return tuple(dict.fromkeys(self._settings.connectors))
        return names_in(self.directory)

    def holds(self, name: str) -> bool:
        """Whether a module of that name lies there."""
        try:
            return (self.directory / f"{name}.py").is_file()
        except OSError:
            # Nobody may look, as behind a link: loading it tells why, and it is not gone.
            return True

    def load(self, name: str, beside: Collection[str]) -> Loaded:
        """Load one that is served `beside` others; never fails."""
        found = find(self.directory, name)
        if found.connector is None:
            return Loaded(found=found, offering=None, problems=found.problems)
        try:
            self._check(name, beside)
            connector = tried(found.connector, self._settings)
            offered = offering(self._settings, self._environment, connector)
        except ConfigurationError as error:
            return Loaded(found=found, offering=None, problems=error.problems)
        except Exception as error:
            # The boundary: what a connector declares is its own, and the others are served.
            log.exception("connector.unfit", connector=name)
            problem = f"{name}: it cannot be served: {type(error).__name__}: {error}"
            return Loaded(found=found, offering=None, problems=(printable(problem),))
        return Loaded(found=found, offering=offered, problems=found.problems)

    def _check(self, name: str, beside: Collection[str]) -> None:
        """See to it that it gets no credentials of others, and no path of the server."""
        settings = self._settings
        if settings.upstream_url is not None and set(beside) - {name}:
            raise ConfigurationError(
                "TREENAIL_UPSTREAM_URL: one URL would get the credentials of every connector; "
                "serve one connector with it"
            )
        if settings.provider_url is not None and set(beside) - {name}:
            raise ConfigurationError(
                "TREENAIL_PROVIDER_URL: one provider would get the clients of every connector; "
                "serve one connector with it"
            )
        prefixes = {settings.oauth_prefix, *settings.oauth_aliases} - {""}
        taken = RESERVED_NAMES | {prefix.split("/")[1] for prefix in prefixes}
        if not self.is_named and not settings.no_auth and name in taken:
            raise ConfigurationError(
                f"{name}: the server needs this name for a path; call the connector something else"
            )


def offering(settings: Settings, environment: Mapping[str, str], connector: Connector) -> Offering:
    """The connector as it is served: with a connection only where there is no authorization.

    Raises:
        ConfigurationError: The environment describes no connection.
    """
    if not settings.no_auth:
        return Offering(
            connector=connector, client=client_from_environment(connector.name, environment)
        )
    return connected(settings, environment, connector)


def without_client(offering: Offering) -> str | None:
    """Why nobody can log in at the connector's provider; None where somebody can, or nobody has to."""
    if offering.client is not None or code_grant(offering.connector.auth) is None:
        return None
    variable, _ = client_variables(offering.connector.name)
    return f"{variable} is not set: at the provider, only instances with a client of their own can log in"


def connected(settings: Settings, environment: Mapping[str, str], connector: Connector) -> Offering:
    """The connector with the connection that the environment describes.

    Raises:
        ConfigurationError: It describes none, or one that makes no credentials.
    """
    connection = connection_from_environment(
        connector, environment, upstream_url=settings.upstream_url
    )
    match needed_grant(connector.auth, connection.given, has_tokens=False):
        case OAuthClientAuth() as grant:
            client = client_of_values(grant, connection.given)
            client = client or client_from_environment(connector.name, environment)
            if client is None:
                variable, _ = client_variables(connector.name)
                raise ConfigurationError(f"{variable}: is not set (its client at its provider)")
            return Offering(connector=connector, connection=connection, client=client)
        case _:
            if code_grant(connector.auth) and not is_ready(connector.auth, connection.given):
                raise ConfigurationError(_needs_people(connector))
            _check_credentials(connector, connection)
            return Offering(connector=connector, connection=connection)


def _check_credentials(connector: Connector, connection: Connection) -> None:
    try:
        credentials_for(connector.auth, connection.values, connection.secrets)
    except NotConfigured as error:
        raise ConfigurationError(f"{connector.name}: {error.message}") from None


def _needs_people(connector: Connector) -> str:
    """Why it cannot be served without authorization, and what to do instead."""
    typed = typed_fields(connector.auth)
    others = [variable_of(connector, each) for each in connector.login if each.name in typed]
    instead = f", or set {' and '.join(others)}" if others else ""
    return (
        f"{connector.name}: people log in at its provider, for which there is no page without "
        f"authorization: serve it without --no-auth, and have the agent connect{instead}"
    )


def called_connector(settings: Settings, environment: Mapping[str, str], name: str) -> Offering:
    """The connector `name`, as the connection of the environment.

    Raises:
        ConfigurationError: It cannot be loaded, or there is no such connection.
    """
    connector = tried(load_connector(settings.connectors_dir, name), settings)
    return connected(settings, environment, connector)


def tried(connector: Connector, settings: Settings) -> Connector:
    """The connector, with its provider where the settings lead it."""
    if settings.provider_url is None:
        return connector
    return replace(connector, auth=led_to(connector.auth, settings.provider_url))
