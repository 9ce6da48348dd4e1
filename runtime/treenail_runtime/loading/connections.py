"""A connection from the environment: what a person would type into the login form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from treenail_runtime.contract import Connector, LoginField
from treenail_runtime.settings import ConfigurationError

_REGION: Final = "region"
"""The login field that chooses among the connector's servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Who calls the upstream, and where.

    Attributes:
        values: Login fields that tools may read; never a secret.
        secrets: The others; they make the credentials and are read by nothing else.
        server_url: Without a slash at the end.
    """

    values: Mapping[str, str]
    secrets: Mapping[str, SecretStr]
    server_url: str


def connection_from_environment(
    connector: Connector, environment: Mapping[str, str], *, upstream_url: str | None = None
) -> Connection:
    """The connection that `<CONNECTOR>_<FIELD>` variables describe, such as `PHOREST_EMAIL`.

    Args:
        connector: Its login fields say what is needed and what is allowed.
        environment: Variables by name.
        upstream_url: Takes the place of the connector's servers.

    Raises:
        ConfigurationError: With a line for each variable that is missing or not allowed; it names
            the variable and never shows its value.
    """
    problems: list[str] = []
    values: dict[str, str] = {}
    secrets: dict[str, SecretStr] = {}
    for field in connector.login:
        variable = variable_of(connector, field)
        value = environment.get(variable, "")
        problem = _problem(field, value)
        if problem:
            problems.append(f"{variable}: {problem}")
        elif value and field.secret:
            secrets[field.name] = SecretStr(value)
        elif value:
            values[field.name] = value
    region = values.get(_REGION, connector.default_server)
    server = connector.servers.get(region)
    if server is None and upstream_url is None:
        problems.append(f"{connector.name}: no server for region {region!r}")
    if problems:
        raise ConfigurationError(*problems)
    url = upstream_url or (server.url if server else "")
    return Connection(values=values, secrets=secrets, server_url=url.rstrip("/"))


def variable_of(connector: Connector, field: LoginField) -> str:
    """The name of the variable that holds `field`."""
    return re.sub(r"[^A-Z0-9]", "_", f"{connector.name}_{field.name}".upper())


def _problem(field: LoginField, value: str) -> str | None:
    if not value:
        return f"is not set ({field.label})" if field.required else None
    if field.options and value not in field.options:
        return f"must be one of {', '.join(sorted(field.options))} ({field.label})"
    if field.pattern is not None and not re.fullmatch(field.pattern, value):
        return f"does not match {field.pattern} ({field.label})"
    if any(character in value for character in "\r\n\0"):
        return f"holds a line break ({field.label})"
    return None
