"""From a name to something that can be served: the connector's module and its connection."""

from .connections import Connection, connection_from_environment, server_url, variable_of
from .finding import Found, find, names_in, stamp
from .modules import ConnectorLoadError, load_connector, printable

__all__ = [
    "Connection",
    "ConnectorLoadError",
    "Found",
    "connection_from_environment",
    "find",
    "load_connector",
    "names_in",
    "printable",
    "server_url",
    "stamp",
    "variable_of",
]
