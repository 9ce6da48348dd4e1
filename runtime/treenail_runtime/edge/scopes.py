"""Which scope a request needs, and the challenge when its token has less (MCP, Step-Up)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_types import INVALID_REQUEST

from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.scopes import allows, covers
from treenail_runtime.contract import Connector
from treenail_runtime.dispatch.envelope import Reply, error_reply
from treenail_runtime.dispatch.strict_json import is_object

from .asgi import Header
from .gates import challenge

_CALL: Final = "tools/call"


@dataclass(frozen=True, slots=True)
class ToolScopes:
    """The scope that each tool of an instance needs.

    Attributes:
        instance: Whose.
        document_url: Told in the challenge.
        needed: By tool.
    """

    instance: Instance
    document_url: str
    needed: Mapping[str, str]

    @classmethod
    def of(cls, connector: Connector, instance: Instance, document_url: str) -> "ToolScopes":
        """Those that `connector` declares."""
        needed = {tool.name: tool.required_scope for tool in connector.tools}
        return cls(instance, document_url, needed)

    def missing(self, granted: frozenset[str], tool: str | None) -> str | None:
        """The scope that `tool` needs beyond `granted`; None also for an unknown tool."""
        needed = self.needed.get(tool or "")
        return None if needed is None or allows(granted, needed) else needed

    def covered(self, granted: frozenset[str]) -> bool:
        """Whether `granted` suffices for every tool."""
        return covers(granted, frozenset(self.needed.values()))

    def challenge(self, missing: str, granted: frozenset[str]) -> Header:
        """All scopes that a new token should have, in one challenge (RFC 6750 3.1)."""
        wanted = " ".join(sorted({missing, *granted} & self.instance.scopes.keys()))
        return challenge(self.instance, self.document_url, error="insufficient_scope", scope=wanted)


def called_tool(message: Any) -> str | None:
    """The tool that a JSON-RPC message calls, if it calls one.

    Its body tells, not its `Mcp-Name` header, which can be written in two ways.
    """
    if not is_object(message) or message.get("method") != _CALL:
        return None
    params: Any = message.get("params")
    name: Any = params.get("name") if is_object(params) else None
    return name if isinstance(name, str) else None


def insufficient(missing: str) -> Reply:
    """The answer beside the challenge."""
    return error_reply(
        None, INVALID_REQUEST, f"Insufficient scope: this tool needs {missing}", status=403
    )
