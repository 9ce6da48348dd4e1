"""Connector file text to a typed request that knows where each part of it stands."""

from .auth import AuthSection
from .login import Check, LoginEntry, OptionsFrom
from .params import Constrain, Param
from .reading import ConnectorRequest, read_connector_file, understood_request
from .response import PageSection, PaginationSection, ResponseSection
from .schema import (
    ConnectionInfo,
    ConnectorFile,
    Defaults,
    TypeDescriber,
    json_schema,
)
from .tools import NESTED_BODY, BodySection, ToolSection

__all__ = [
    "NESTED_BODY",
    "AuthSection",
    "BodySection",
    "Check",
    "ConnectionInfo",
    "ConnectorFile",
    "ConnectorRequest",
    "Constrain",
    "Defaults",
    "LoginEntry",
    "OptionsFrom",
    "PageSection",
    "PaginationSection",
    "Param",
    "ResponseSection",
    "ToolSection",
    "TypeDescriber",
    "json_schema",
    "read_connector_file",
    "understood_request",
]
