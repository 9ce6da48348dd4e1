"""All settings, read once from the environment and the command line."""

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from .errors import ConfigurationError
from .groups import OAuthSettings, ServingSettings, StorageSettings

PREFIX: Final = "TREENAIL_"

PLAIN_NAMES: Final = {
    "AUTH_SECRET": "auth_secret",
    "AUTH_SECRETS": "auth_secrets",
    "AUTO_SEED_CLIENT_ID": "auto_seed_client_id",
    "AUTO_SEED_CLIENT_NAME": "auto_seed_client_name",
    "AUTO_SEED_CLIENT_SECRET": "auto_seed_client_secret",
    "AUTO_SEED_REDIRECT_URIS": "auto_seed_redirect_uris",
    "BASE_URL": "base_url",
    "CORS_ORIGINS": "cors_origins",
    "DATABASE_URL": "database_url",
    "ENABLE_CLEANUP_JOB": "cleanup",
    "MCP_ALLOWED_HOSTS": "allowed_hosts",
    "MCP_ALLOWED_ORIGINS": "allowed_origins",
    "PORT": "port",
    "REDIS_URL": "redis_url",
}
"""Variables that hosting platforms and earlier servers set; ours go before them."""


class Settings(ServingSettings, StorageSettings, OAuthSettings):
    """Every setting; the environment variable is the name in upper case behind `TREENAIL_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        # Otherwise an error message would print the values, secrets included.
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )


def read_settings(**chosen: Any) -> Settings:
    """The settings of this process; `chosen` (the command line) goes before the environment.

    Raises:
        ConfigurationError: With one line per problem, naming the variable and never its value.
    """
    variables = environment()
    plain = _plain(variables)
    given = {name: value for name, value in chosen.items() if value is not None}
    problems = [*_unknown_variables(variables)]
    values: dict[str, Any] = {name: value for name, (_, value) in plain.items()}
    try:
        settings = Settings(**{**values, **given})
    except ValidationError as error:
        problems += [
            f"{_variable(problem['loc'], plain)}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigurationError(*problems) from None
    if problems:
        raise ConfigurationError(*problems)
    return settings


def _plain(variables: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Variable and value by setting, of the plain names that our own names do not go before."""
    found = {
        setting: (name, variables[name])
        for name, setting in PLAIN_NAMES.items()
        if variables.get(name) and not variables.get(PREFIX + setting.upper())
    }
    minutes = variables.get("CLEANUP_INTERVAL_MINUTES", "")
    if minutes.isdecimal():
        found.setdefault("cleanup_seconds", ("CLEANUP_INTERVAL_MINUTES", str(int(minutes) * 60)))
    if variables.get("NODE_ENV") == "production":
        found.setdefault("production", ("NODE_ENV", "true"))
    return found


def _variable(place: tuple[int | str, ...], plain: Mapping[str, tuple[str, str]]) -> str:
    name = str(place[0]) if place else ""
    return plain[name][0] if name in plain else f"{PREFIX}{'.'.join(map(str, place)).upper()}"


def _unknown_variables(variables: Mapping[str, str]) -> Iterable[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(variables):
        # Empty counts as unset, here as for the settings themselves.
        if name.upper().startswith(PREFIX) and name.upper() not in known and variables[name]:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            yield f"{name}: no such setting; the nearest is {near[0]}"


def environment() -> Mapping[str, str]:
    """The environment of this process, for what is not a setting: a connection's credentials."""
    return dict(os.environ)
