"""One request, one JSON answer: what the MCP SDK wants to know of such a transport."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import MessageMetadata
from mcp.shared.transport_context import TransportContext

_TRANSPORT: Final = TransportContext(kind="streamable-http", can_send_request=False)


@dataclass(slots=True)
class Exchange:
    """An SDK `DispatchContext` without a way back: JSON carries the answer and nothing else."""

    request_id: int | str
    message_metadata: MessageMetadata = None
    transport: TransportContext = _TRANSPORT
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = False

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,  # noqa: ARG002  # the SDK's interface
        opts: CallOptions | None = None,  # noqa: ARG002  # as above
    ) -> dict[str, Any]:
        """Refuse: the client could not answer."""
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Drop it: notifications are advisory."""

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Drop it, as above."""
