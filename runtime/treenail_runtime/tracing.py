"""What a server's traces are made of: told where something begins and ends, kept by whoever wants to.

Names and attributes are OpenTelemetry's (semantic conventions 1.40: HTTP, MCP, generative AI).
"""

from collections.abc import Container, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self

GrantType = Literal["refresh_token", "client_credentials"]


class Span:
    """Something that takes time; this one forgets what it is told. Nothing here may wait or fail.

    Attributes:
        facts: What log lines of the same request carry, to be found by.
        traceparent: The header that lets a request of ours belong to the same trace (W3C Trace
            Context); empty when none is to be sent.
    """

    facts: Mapping[str, str] = {}
    traceparent: str = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; an exception that passes through is told by its type."""

    def answered(self, status: int) -> None:
        """There is an HTTP answer."""

    def failed(self, error: str, outcome: str = "") -> None:
        """It came to nothing: a class of errors, and the kind of a tool's failure."""


NO_SPAN: Final = Span()


class Traces:
    """Is told what begins, and forgets it. Nothing here may wait or fail."""

    def request(
        self, connector: str, method: str, route: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> Span:
        """A request came to an MCP endpoint; `headers` may say which trace it belongs to."""
        _ = connector, method, route, headers
        return NO_SPAN

    def message(
        self, method: str, params: Mapping[str, Any] | None, version: str, tools: Container[str]
    ) -> Span:
        """An MCP request is answered; its `_meta` may say which trace it belongs to.

        Args:
            method: As the client wrote it.
            params: The same; only the name of a tool is kept of them.
            version: Of the protocol.
            tools: Names that are known.
        """
        _ = method, params, version, tools
        return NO_SPAN

    def asking(self, connector: str, method: str, path: str, server_url: str, attempt: int) -> Span:
        """A request goes to an upstream; `path` is the document's template."""
        _ = connector, method, path, server_url, attempt
        return NO_SPAN

    def refreshing(self, instance_id: str, grant_type: GrantType) -> Span:
        """A provider is asked for tokens."""
        _ = instance_id, grant_type
        return NO_SPAN


UNTRACED: Final = Traces()
