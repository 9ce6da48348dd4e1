"""Made-up credentials, so that the demo needs none and cannot reach anybody's account."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from treenail_runtime.contract import Connector, LoginField, OAuthProvider
from treenail_runtime.loading.connections import variable_of
from treenail_runtime.providers import client_variables, led_to
from treenail_runtime.settings import PLAIN_NAMES, PREFIX
from treenail_runtime.upstream.ways import code_grant, is_optional, typed_fields

_MADE_UP: Final = {"email": "robin@example.test", "password": "made-up-password", "text": "demo"}
_LOOPBACK: Final = "http://127.0.0.1"

_AT_PROVIDER: Final[Mapping[str, str]] = {"username": "robin", "password": _MADE_UP["password"]}
"""What the made-up provider is told."""


def demo_environment(connector: Connector, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without the person's own credentials, and without settings."""
    own = {variable_of(connector, field) for field in connector.login}
    own.update(client_variables(connector.name))
    return {
        name: value
        for name, value in environment.items()
        if name not in own and not name.startswith(PREFIX) and name not in PLAIN_NAMES
    }


def declared_provider(connector: Connector) -> OAuthProvider | None:
    """The provider at which people log in, with the URLs of its preset; None for none."""
    grant = code_grant(led_to(connector.auth, _LOOPBACK))
    return grant and grant.provider


def storage_environment(folder: Path) -> dict[str, str]:
    """A database of the demo's own, and a key that nobody keeps."""
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "AUTH_SECRETS": f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }


def made_up_login(connector: Connector) -> dict[str, str]:
    """What to type: what the login form requires and all credentials, or those of the provider."""
    typed: frozenset[str] = frozenset()
    there: Mapping[str, str] = {}
    if declared_provider(connector) is not None:
        there = _AT_PROVIDER
        if is_optional(connector.auth):
            # What a person who goes to the provider can do without.
            typed = typed_fields(connector.auth)
    wanted = (field for field in connector.login if field.required or field.secret)
    return {field.name: _made_up(field) for field in wanted if field.name not in typed} | there


def _made_up(field: LoginField) -> str:
    return next(iter(field.options)) if field.options else _MADE_UP[field.kind]
