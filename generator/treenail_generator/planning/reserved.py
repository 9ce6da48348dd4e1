"""Names that no connector may have."""

from typing import Final

from treenail_generator.connector_file import ConnectorRequest

from .faults import Faults

RESERVED_NAMES: Final = frozenset(
    {"default", "mcp", "well_known"}
    | {
        "authorize",
        "token",
        "register",
        "revoke",
        "introspect",
        "device",
        "par",
        "jwks",
        "userinfo",
    }
    | {"login", "logout", "consent", "callback", "oauth", "oauth2", "connect", "decision"}
    | {"admin", "api", "clients", "connections", "instances", "keys", "sessions", "users"}
    | {"health", "healthz", "livez", "readyz", "metrics", "version"}
    | {"static", "assets", "docs", "favicon", "robots"}
    | {"auth", "base", "database", "redis", "treenail"}
)
"""As in the contract, which the generator does not import; a test compares both."""


def tell_reserved_name(request: ConnectorRequest, faults: Faults) -> None:
    """Report a connector whose name would begin a path, or a variable, of the server."""
    name = request.file.name
    if name in RESERVED_NAMES:
        faults.add(
            request.at("name"),
            "reserved-name",
            f"{name!r} is the name of something that the server has already",
            hint="name the connector after its upstream",
        )
