"""One HTTP exchange in httpx's types, without the work that httpx does for its own client.

Parsing the URL and re-reading the body took more CPU than sending the request
(docs/decisions/0003-http-client.md). Both still happen when somebody asks, so `httpx.MockTransport`
sees ordinary requests and may return ordinary responses.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import httpx

_TRACE: Final = "traceparent"


class OutgoingRequest(httpx.Request):
    """A request with a finished URL and body.

    Attributes:
        target: The URL, exactly as it goes on the wire; `url` is made from it when first asked for.
        body: None for no body.
        max_bytes: Largest answer to accept, decompressed.
        repeatable: Whether sending it twice is as good as once.
        is_carrying: Whether it tells the trace that it belongs to.
        maybe_received: Whether an earlier attempt to send it may have reached the upstream.
    """

    def __init__(
        self,
        method: str,
        target: str,
        headers: httpx.Headers,
        body: bytes | None = None,
        *,
        max_bytes: int,
        repeatable: bool = False,
    ) -> None:
        # Not httpx.Request.__init__: it would parse the URL.
        self.method = method
        self.headers = httpx.Headers(headers)
        self.extensions = {}
        self.stream = httpx.ByteStream(body or b"")
        self.target = target
        self.body = body
        self.max_bytes = max_bytes
        self.repeatable = repeatable
        self.maybe_received = False
        self.is_carrying = False

    def carry(self, traceparent: str) -> None:
        """Tell the trace, unless it is empty or the connector has its own header of that name."""
        if not traceparent:
            return
        if not self.is_carrying and _TRACE in self.headers:
            return
        self.headers[_TRACE] = traceparent
        self.is_carrying = True

    def __getattr__(self, name: str) -> Any:
        if name != "url":
            raise AttributeError(name)
        self.url = httpx.URL(self.target)
        return self.url

    def __repr__(self) -> str:
        # httpx shows the URL, which may hold an API key.
        return f"OutgoingRequest({self.method})"


class WholeResponse(httpx.Response):
    """A response whose `body` is there already, decompressed.

    Attributes:
        is_cut: Whether `body` is only a beginning; set by whoever hands it on all the same.
    """

    is_cut = False

    def __init__(
        self, status: int, headers: httpx.Headers | Sequence[tuple[bytes, bytes]], body: bytes
    ) -> None:
        super().__init__(status, headers=headers, stream=httpx.ByteStream(body))
        self.body = body


Fault: TypeAlias = Literal["cut short", "too large", "undecodable"]


class AnswerError(httpx.TransportError):
    """An answer whose head arrived but whose body is not to be had.

    Attributes:
        received: Its status and headers, with as much of the body as there is.
    """

    def __init__(self, fault: Fault, received: WholeResponse) -> None:
        super().__init__(f"the answer's body is {fault}")
        self.fault: Fault = fault
        self.received = received


class ExhaustedError(httpx.ConnectError):
    """No connection for want of our own file descriptors or memory; the upstream is not to blame."""


Outcome: TypeAlias = WholeResponse | httpx.RequestError
"""What became of one attempt."""


async def whole(response: httpx.Response, max_bytes: int) -> WholeResponse:
    """The response with its body.

    Raises:
        AnswerError: The body is larger than `max_bytes`.
    """
    if isinstance(response, WholeResponse):
        return response
    body = await response.aread()
    read = WholeResponse(response.status_code, response.headers, body[:max_bytes])
    if len(body) > max_bytes:
        raise AnswerError("too large", read)
    return read
