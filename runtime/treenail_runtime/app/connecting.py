"""From names to connectors, and to connections for those that are served without authorization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from treenail_runtime.contract import Connector
from treenail_runtime.loading import Connection, connection_from_environment, load_connector
from treenail_runtime.providers import ProviderClient, client_from_environment, led_to
from treenail_runtime.settings import ConfigurationError, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """A connector, and the connection as which it is served.

    Attributes:
        connection: None where each caller brings its own, by authorization.
        client: As which the upstream's provider knows us; None where there is none.
    """

    connector: Connector
    connection: Connection | None = None
    client: ProviderClient | None = None


def served_connectors(settings: Settings, environment: Mapping[str, str]) -> list[Offering]:
    """What `treenail serve` serves: with connections only where there is no authorization.

    Raises:
        ConfigurationError: With the problems of all connectors at once.
    """
    if settings.no_auth:
        return offerings(settings, environment)
    return [
        Offering(connector=each, client=client_from_environment(each.name, environment))
        for each in load_connectors(settings)
    ]


def load_connectors(settings: Settings) -> list[Connector]:
    """What the settings name.

    Raises:
        ConfigurationError: With the problems of all connectors at once.
    """
    problems: list[str] = []
    found: list[Connector] = []
    chosen = _chosen(settings)
    if settings.upstream_url is not None and len(chosen) > 1:
        problems.append(
            "TREENAIL_UPSTREAM_URL: one URL would get the credentials of every connector; "
            "serve one connector with it"
        )
    if settings.provider_url is not None and len(chosen) > 1:
        problems.append(
            "TREENAIL_PROVIDER_URL: one provider would get the clients of every connector; "
            "serve one connector with it"
        )
    for name in chosen:
        try:
            found.append(tried(load_connector(settings.connectors_dir, name), settings))
        except ConfigurationError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationError(*problems)
    return found


def offerings(settings: Settings, environment: Mapping[str, str]) -> list[Offering]:
    """What the settings name, with connections from the environment.

    Raises:
        ConfigurationError: With the problems of all connectors at once.
    """
    problems: list[str] = []
    found: list[Offering] = []
    for connector in load_connectors(settings):
        try:
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


def tried(connector: Connector, settings: Settings) -> Connector:
    """The connector, with its provider where the settings lead it."""
    if settings.provider_url is None:
        return connector
    return replace(connector, auth=led_to(connector.auth, settings.provider_url))


def names_in(folder: Path) -> Sequence[str]:
    """The connectors of a folder, in the order of their names."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.endswith("_custom"))


def _chosen(settings: Settings) -> Sequence[str]:
    if settings.connectors:
        return tuple(dict.fromkeys(settings.connectors))
    there = names_in(settings.connectors_dir)
    if len(there) == 1:
        return there
    choice = f"name one or more of: {', '.join(there)}" if there else "there are none"
    raise ConfigurationError(f"{settings.connectors_dir}: which connectors? {choice}")
