"""Made-up credentials, so that the demo needs none and cannot reach anybody's account."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from treenail_runtime.contract import Connector, LoginField
from treenail_runtime.loading.connections import variable_of
from treenail_runtime.settings import PLAIN_NAMES, PREFIX

_MADE_UP: Final = {"email": "robin@example.test", "password": "made-up-password", "text": "demo"}


def demo_environment(connector: Connector, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without the person's own credentials, and without settings."""
    own = {variable_of(connector, field) for field in connector.login}
    return {
        name: value
        for name, value in environment.items()
        if name not in own and not name.startswith(PREFIX) and name not in PLAIN_NAMES
    }


def storage_environment(folder: Path) -> dict[str, str]:
    """A database of the demo's own, and a key that nobody keeps."""
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "AUTH_SECRETS": f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }


def made_up_login(connector: Connector) -> dict[str, str]:
    """What to type into the login form: what is required, and all credentials."""
    wanted = (field for field in connector.login if field.required or field.secret)
    return {field.name: _made_up(field) for field in wanted}


def _made_up(field: LoginField) -> str:
    return next(iter(field.options)) if field.options else _MADE_UP[field.kind]
