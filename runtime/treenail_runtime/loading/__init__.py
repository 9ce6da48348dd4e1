"""From a name to something that can be served: the connector's module and its connection."""

from .connections import Connection, connection_from_environment, server_url
from .modules import ConnectorLoadError, load_connector

__all__ = [
    "Connection",
    "ConnectorLoadError",
    "connection_from_environment",
    "load_connector",
    "server_url",
]
