"""A connection from the environment: what a person would type into the login form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from pydantic import SecretStr

from treenail_runtime.auth.login import LARGEST_VALUE, Fault, fault_of
from treenail_runtime.contract import Connector, LoginField, NotConfigured
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
        is_override: Whether it takes the place of every server that the connector names.
    """

    values: Mapping[str, str]
    secrets: Mapping[str, SecretStr]
    server_url: str
    is_override: bool = False

    @property
    def given(self) -> Mapping[str, str]:
        """All login fields."""
        return {**self.values, **{name: it.get_secret_value() for name, it in self.secrets.items()}}


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
    url = ""
    try:
        url = server_url(connector, values, upstream_url)
    except NotConfigured as error:
        problems.append(f"{connector.name}: {error.message}")
    if problems:
        raise ConfigurationError(*problems)
    return Connection(
        values=values, secrets=secrets, server_url=url, is_override=upstream_url is not None
    )


def server_url(
    connector: Connector, values: Mapping[str, str], upstream_url: str | None = None
) -> str:
    """The URL of the connection's server, without a slash at the end; empty without an upstream.

    Args:
        connector: Its servers are chosen from.
        values: The login field `region` chooses.
        upstream_url: Takes the place of them all.

    Raises:
        NotConfigured: There is no server for the region.
    """
    region = values.get(_REGION, connector.default_server)
    server = connector.servers.get(region)
    if upstream_url is None and server is None and connector.servers:
        raise NotConfigured(f"no server for region {region!r}", advice="Connect again.")
    return (upstream_url or (server.url if server else "")).rstrip("/")


def variable_of(connector: Connector, field: LoginField) -> str:
    """The name of the variable that holds `field`."""
    return re.sub(r"[^A-Z0-9]", "_", f"{connector.name}_{field.name}".upper())


def _problem(field: LoginField, value: str) -> str | None:
    # Nobody has asked the upstream what there is to choose from: any value is taken.
    fault = fault_of(replace(field, choices=None), value)
    if fault is None:
        return None
    return f"{_words(field, fault)} ({field.label})"


def _words(field: LoginField, fault: Fault) -> str:
    match fault:
        case "missing" | "needed":
            return "is not set"
        case "long":
            return f"is longer than {LARGEST_VALUE} bytes"
        case "unlisted":
            return f"must be one of {', '.join(sorted(field.options))}"
        case "mismatch":
            return f"does not match {field.pattern}"
        case "control":
            return "holds a line break"
        case _:
            assert_never(fault)
