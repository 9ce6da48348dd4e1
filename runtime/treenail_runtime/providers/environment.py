"""Our client at a connector's provider, from the environment."""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from treenail_runtime.settings import ConfigurationError

from .provider import ProviderClient

_VISIBLE: Final = re.compile(r"[\x20-\x7e]{1,2048}")
"""RFC 6749 A.1 and A.2."""


def client_variables(connector: str) -> tuple[str, str]:
    """The names of the variables that hold id and secret of our client at its provider."""
    prefix = re.sub(r"[^A-Z0-9]", "_", connector.upper())
    return f"{prefix}_OAUTH_CLIENT_ID", f"{prefix}_OAUTH_CLIENT_SECRET"


def client_from_environment(
    connector: str, environment: Mapping[str, str]
) -> ProviderClient | None:
    """The client that `<CONNECTOR>_OAUTH_CLIENT_ID` and `<CONNECTOR>_OAUTH_CLIENT_SECRET` describe.

    None when neither is set. Without a secret it is a public client.

    Args:
        connector: Its name.
        environment: Variables by name.

    Raises:
        ConfigurationError: A secret without an id, or a value that no request can carry; it names
            the variable and never shows its value.
    """
    names = client_variables(connector)
    client_id, secret = (environment.get(name, "") for name in names)
    problems = [
        f"{name}: holds a character that is not plain ASCII, or too many"
        for name, value in zip(names, (client_id, secret), strict=True)
        if value and not _VISIBLE.fullmatch(value)
    ]
    if secret and not client_id:
        problems.append(f"{names[0]}: is not set, but {names[1]} is")
    if problems:
        raise ConfigurationError(*problems)
    return ProviderClient(client_id, SecretStr(secret) if secret else None) if client_id else None
