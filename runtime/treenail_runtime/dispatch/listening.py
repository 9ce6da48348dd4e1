"""`subscriptions/listen` (MCP 2026-07-28): one POST whose answer is a stream of notifications.

First comes the acknowledgement, which names what will be told; then a notification for each change;
at an orderly end, the result. Each carries the id of the request, so clients can tell streams apart.
"""

from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import INVALID_REQUEST

from .callers import current_caller, let_go
from .envelope import Reply, error_reply
from .streams import Stream, Streams, TooManyStreamsError
from .strict_json import is_object, write_json

LISTEN: Final = "subscriptions/listen"
PING: Final = b": ping\r\n\r\n"
"""A comment, which clients skip (HTML, Server-sent events); proxies see that the stream is alive."""

_TOO_MANY: Final = -32_000
"""Of the range that JSON-RPC 2.0 leaves to servers."""

_LARGEST_BODY: Final = 16_384
_LONGEST_ID: Final = 256
_ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
_TOOLS_CHANGED: Final = "notifications/tools/list_changed"


def unfit(message: object, body: bytes) -> Reply | None:
    """The answer to a request for a stream that would hold too much memory as long as it lasts."""
    if len(body) <= _LONGEST_ID or not is_object(message) or message.get("method") != LISTEN:
        return None
    if len(write_json(message.get("id"))) > _LONGEST_ID:
        return error_reply(None, INVALID_REQUEST, "The id is too long for a stream", status=400)
    if len(body) > _LARGEST_BODY:
        text = f"A request for a stream may have {_LARGEST_BODY} bytes"
        return error_reply(None, INVALID_REQUEST, text, status=413)
    return None


class Listening:
    """The answer to one such request, as server-sent events, for `with`: closed at its end."""

    def __init__(self, stream: Stream, identifier: int | str, stamp: Mapping[str, object]) -> None:
        """Tell what `stream` says.

        Args:
            stream: Open already, so that it is one of those that may be open at a time.
            identifier: Of the request.
            stamp: `_meta` that each result of the server carries.
        """
        self._stream = stream
        self._identifier = identifier
        self._stamp = stamp
        self._meta: dict[str, object] = {SUBSCRIPTION_ID_META_KEY: identifier}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()

    async def frames(self) -> AsyncGenerator[bytes]:
        """The stream, from the acknowledgement to the result."""
        stream = self._stream
        heard = _told(stream).model_dump(by_alias=True, exclude_none=True)
        yield self._notification(_ACKNOWLEDGED, notifications=heard)
        while (word := await stream.next()) != "ended":
            yield PING if word == "quiet" else self._notification(_TOOLS_CHANGED)
        yield _event({"id": self._identifier, "result": self._result()})

    def _notification(self, method: str, **params: object) -> bytes:
        return _event({"method": method, "params": {**params, "_meta": self._meta}})

    def _result(self) -> dict[str, object]:
        return {"resultType": "complete", "_meta": {**self._stamp, **self._meta}}


def open_stream(streams: Streams, params: types.SubscriptionsListenRequestParams) -> Stream:
    """A stream for whoever is served, of what is wanted and can be told.

    Raises:
        MCPError: There are too many.
    """
    wants_tools = params.notifications.tools_list_changed is True
    try:
        stream = streams.open(current_caller(), wants_tools=wants_tools)
    except TooManyStreamsError as error:
        raise MCPError(_TOO_MANY, str(error)) from None
    let_go()
    return stream


class SdkListener:
    """The same for the SDK's own HTTP entry, which makes the frames."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def __call__(
        self, ctx: ServerRequestContext[Any], params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Serve one stream to its end."""
        identifier = ctx.request_id
        meta: types.RequestParamsMeta = {SUBSCRIPTION_ID_META_KEY: identifier}
        with open_stream(self._streams, params) as stream:
            await ctx.session.send_notification(
                types.SubscriptionsAcknowledgedNotification(
                    params=types.SubscriptionsAcknowledgedNotificationParams(
                        notifications=_told(stream), _meta=meta
                    )
                ),
                related_request_id=identifier,
            )
            changed = types.ToolListChangedNotification(params=types.NotificationParams(_meta=meta))
            while (word := await stream.next()) != "ended":
                if word == "changed":
                    await ctx.session.send_notification(changed, related_request_id=identifier)
        return types.SubscriptionsListenResult(_meta=meta)


def _told(stream: Stream) -> types.SubscriptionFilter:
    """What a stream's client will hear; the rest of what it wants, no connector has."""
    return types.SubscriptionFilter(tools_list_changed=stream.wants_tools or None)


def _event(message: dict[str, object]) -> bytes:
    return b"event: message\r\ndata: %b\r\n\r\n" % write_json({"jsonrpc": "2.0", **message})
