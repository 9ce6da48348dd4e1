"""Connector file text to a typed request that knows where each part of it stands."""

from .reading import ConnectorRequest, read_connector_file
from .schema import (
    AuthSection,
    Check,
    ConnectionInfo,
    ConnectorFile,
    Constrain,
    PageSection,
    Param,
    ResponseSection,
    ToolSection,
    json_schema,
)

__all__ = [
    "AuthSection",
    "Check",
    "ConnectionInfo",
    "ConnectorFile",
    "ConnectorRequest",
    "Constrain",
    "PageSection",
    "Param",
    "ResponseSection",
    "ToolSection",
    "json_schema",
    "read_connector_file",
]
