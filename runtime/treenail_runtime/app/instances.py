"""The places at which connectors are served, and their names in OAuth."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from treenail_runtime.auth.instances import StoredInstance
from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.scopes import CALL, READ
from treenail_runtime.contract import RESERVED_NAMES, Connector
from treenail_runtime.settings import ConfigurationError, Settings

DEFAULT: Final = "default"
"""The instance at `/mcp`."""

_OPEN: Final = frozenset({"active", "reauth"})
"""In `reauth` whoever calls is told to connect again."""

_BUILT_IN: Final = {
    READ: "Look things up in {title}",
    CALL: "Look things up and make changes in {title}",
}


def base_url_of(settings: Settings) -> str:
    """Under which clients reach the server that has these settings."""
    return settings.base_url or f"http://127.0.0.1:{settings.port}"


def make_instances(
    connectors: Sequence[Connector], base_url: str, closed: Collection[str] = ()
) -> list[Instance]:
    """The default instance, which is the first connector's, then one for each connector.

    Those of connectors that are `closed` serve nobody.

    Raises:
        ConfigurationError: A connector is called like a path of the server.
    """
    problems = [
        f"{each.name}: the server needs this name for a path; call the connector something else"
        for each in connectors
        if each.name in RESERVED_NAMES
    ]
    if problems:
        raise ConfigurationError(*problems)
    return [
        replace(made, is_open=made.connector not in closed)
        for made in (
            _instance(DEFAULT, "", connectors[0], base_url),
            *(_instance(each.name, f"/{each.name}", each, base_url) for each in connectors),
        )
    ]


def make_prefixes(settings: Settings, instances: Sequence[Instance]) -> tuple[str, ...]:
    """The paths before the OAuth endpoints, each once, the one that discovery names first.

    Raises:
        ConfigurationError: A prefix begins like the path of a connector.
    """
    prefixes = tuple(dict.fromkeys((settings.oauth_prefix, *settings.oauth_aliases)))
    taken = {instance.base_path for instance in instances} - {""}
    problems = [
        f"TREENAIL_OAUTH_PREFIX, TREENAIL_OAUTH_ALIASES: {prefix} begins like the path of a "
        "connector; use another one"
        for prefix in prefixes
        if f"/{prefix.split('/')[1] if prefix else ''}" in taken
    ]
    if problems:
        raise ConfigurationError(*problems)
    return prefixes


def make_instance(
    stored: StoredInstance, connector: Connector, base_url: str, closed: Collection[str] = ()
) -> Instance:
    """The instance that a row tells of."""
    record = stored.record
    made = _instance(record.id, f"/{record.slug}", connector, base_url)
    return replace(
        made,
        title=record.title,
        is_open=record.status in _OPEN and connector.name not in closed,
        state=record.status,
        credentials=record.credentials,
        access_key=record.access_key,
        own=stored.settings,
        version=record.version,
    )


def _instance(identifier: str, base_path: str, connector: Connector, base_url: str) -> Instance:
    words = {name: text.format(title=connector.title) for name, text in _BUILT_IN.items()}
    return Instance(
        id=identifier,
        connector=connector.name,
        title=connector.title,
        issuer=f"{base_url}{base_path}",
        resource=f"{base_url}{base_path}/mcp",
        mcp_path=f"{base_path}/mcp",
        base_path=base_path,
        token_prefix=connector.token_prefix,
        scopes={**words, **connector.scopes},
        default_scopes=frozenset({CALL}),
    )
