"""All that a generated module may import: the versioned meeting point of generator and runtime.

What changes here changes every committed connector, so
`CONTRACT_VERSION` counts the incompatible changes.
"""

from .answer import Answer, Nested, PageNumbers, Record, Redacted
from .connector import (
    CALL_SCOPE,
    CONTRACT_VERSION,
    READ_SCOPE,
    RESERVED_NAMES,
    RESERVED_SCOPES,
    Annotations,
    ApiKeyAuth,
    BasicAuth,
    BearerAuth,
    Connector,
    ErrorRules,
    NoAuth,
    Retries,
    Server,
    Tool,
)
from .context import ToolContext, Upstream, UpstreamAnswer
from .errors import (
    InvalidArguments,
    NotConfigured,
    ToolError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from .login import Choices, CredentialCheck, LoginField, first_pages, read_choices
from .request import Endpoint, Request
from .types import WHOLE, Date, DateTime, Input, JsonObject, JsonSchema, OpaqueId
from .wire import (
    deep_object,
    form,
    json_text,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
)

__all__ = [
    "CALL_SCOPE",
    "CONTRACT_VERSION",
    "READ_SCOPE",
    "RESERVED_NAMES",
    "RESERVED_SCOPES",
    "WHOLE",
    "Annotations",
    "Answer",
    "ApiKeyAuth",
    "BasicAuth",
    "BearerAuth",
    "Choices",
    "Connector",
    "CredentialCheck",
    "Date",
    "DateTime",
    "Endpoint",
    "ErrorRules",
    "Input",
    "InvalidArguments",
    "JsonObject",
    "JsonSchema",
    "LoginField",
    "Nested",
    "NoAuth",
    "NotConfigured",
    "OpaqueId",
    "PageNumbers",
    "Record",
    "Redacted",
    "Request",
    "Retries",
    "Server",
    "Tool",
    "ToolContext",
    "ToolError",
    "Upstream",
    "UpstreamAnswer",
    "UpstreamMalformed",
    "UpstreamRefused",
    "UpstreamTimeout",
    "UpstreamUnavailable",
    "deep_object",
    "first_pages",
    "form",
    "json_text",
    "label",
    "matrix",
    "pipe_delimited",
    "read_choices",
    "simple",
    "space_delimited",
]
