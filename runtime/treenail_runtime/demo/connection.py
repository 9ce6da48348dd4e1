"""Made-up credentials, so that the demo needs none and cannot reach anybody's account."""

from collections.abc import Mapping
from typing import Final

from treenail_runtime.contract import Connector, LoginField
from treenail_runtime.loading.connections import variable_of
from treenail_runtime.settings import PREFIX

_MADE_UP: Final = {"email": "robin@example.test", "password": "made-up-password", "text": "demo"}


def demo_environment(connector: Connector, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with a made-up connection in place of the person's own, and without settings.

    Only what is required is set: ids of real records, like a default branch, are not known yet.
    """
    own = {variable_of(connector, field) for field in connector.login}
    kept = {
        name: value
        for name, value in environment.items()
        if name not in own and not name.startswith(PREFIX)
    }
    return kept | {
        variable_of(connector, field): _made_up(field)
        for field in connector.login
        if field.required
    }


def _made_up(field: LoginField) -> str:
    return next(iter(field.options)) if field.options else _MADE_UP[field.kind]
