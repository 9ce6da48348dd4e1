"""All that a generated module may import: the versioned meeting point of generator and runtime.

What changes here changes every committed connector, so
`CONTRACT_VERSION` counts the incompatible changes.
"""

from .answer import Answer, AsText, Nested, PageNumbers, Record, Redacted
from .attachments import Attachment, WithFiles
from .auth import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ChainAuth,
    NoAuth,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
)
from .bodies import (
    BinaryBody,
    Content,
    FormBody,
    FormField,
    JsonBody,
    MultipartBody,
    Part,
    TextBody,
)
from .connector import (
    CALL_SCOPE,
    CONTRACT_VERSION,
    READ_SCOPE,
    RESERVED_NAMES,
    RESERVED_SCOPES,
    Annotations,
    Connector,
    ErrorRules,
    Retries,
    Server,
    Tool,
)
from .context import ToolContext, Upstream, UpstreamAnswer
from .describing import described
from .errors import (
    InvalidArguments,
    NotConfigured,
    ToolError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from .exact import Definitions, JsonSchema
from .files import File, FileRules
from .formats import Format
from .in_order import InOrder
from .login import Choices, CredentialCheck, LoginField, first_pages, read_choices
from .outputs import OutputSchema
from .paging import Paging
from .request import Endpoint, Request
from .types import WHOLE, ClosedInput, Date, DateTime, Input, JsonObject, OpaqueId
from .wire import (
    cookie,
    deep_object,
    form,
    json_text,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
    tab_delimited,
    urlencoded_text,
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
    "AsText",
    "Attachment",
    "Auth",
    "BasicAuth",
    "BearerAuth",
    "BinaryBody",
    "ChainAuth",
    "Choices",
    "ClosedInput",
    "Connector",
    "Content",
    "CredentialCheck",
    "Date",
    "DateTime",
    "Definitions",
    "Endpoint",
    "ErrorRules",
    "File",
    "FileRules",
    "FormBody",
    "FormField",
    "Format",
    "InOrder",
    "Input",
    "InvalidArguments",
    "JsonBody",
    "JsonObject",
    "JsonSchema",
    "LoginField",
    "MultipartBody",
    "Nested",
    "NoAuth",
    "NotConfigured",
    "OAuthClientAuth",
    "OAuthCodeAuth",
    "OAuthProvider",
    "OpaqueId",
    "OutputSchema",
    "PageNumbers",
    "Paging",
    "Part",
    "Record",
    "Redacted",
    "Request",
    "Retries",
    "Server",
    "TextBody",
    "Tool",
    "ToolContext",
    "ToolError",
    "Upstream",
    "UpstreamAnswer",
    "UpstreamMalformed",
    "UpstreamRefused",
    "UpstreamTimeout",
    "UpstreamUnavailable",
    "WithFiles",
    "cookie",
    "deep_object",
    "described",
    "first_pages",
    "form",
    "json_text",
    "label",
    "matrix",
    "pipe_delimited",
    "read_choices",
    "simple",
    "space_delimited",
    "tab_delimited",
    "urlencoded_text",
]
