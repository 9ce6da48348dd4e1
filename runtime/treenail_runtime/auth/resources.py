"""Which `resource` a client means (RFC 8707), compared as text."""

import re
from typing import Final

from .errors import OAuthError

# No URL class: each of them repairs something (dots, backslashes, tabs, escapes), and what it
# repairs would match without being the resource.
_PARTS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^?#]*)")


def is_resource(sent: str, resource: str) -> bool:
    """Whether `sent` names `resource`, the canonical URL of an MCP endpoint.

    Upper case in scheme and host, and one slash at the end, are tolerated (MCP authorization,
    Canonical Server URI). Everything else has to be equal.
    """
    # Outside of ASCII there are letters whose lower case is an ASCII letter, such as U+212A.
    parts = _PARTS.fullmatch(sent) if sent.isascii() else None
    return parts is not None and parts[1].lower() + parts[2].removesuffix("/") == resource


def choose_resource(sent: str | None, resource: str) -> str:
    """The resource that an authorization is for: always the canonical form.

    Args:
        sent: The `resource` parameter; None means the only one that there is here.
        resource: The instance's.

    Raises:
        OAuthError: `invalid_target` (RFC 8707 2): another one.
    """
    if sent is not None and not is_resource(sent, resource):
        raise foreign_resource()
    return resource


def foreign_resource() -> OAuthError:
    """The refusal of a resource that is not served here."""
    return OAuthError("invalid_target", "the resource is not served here", "foreign resource")
